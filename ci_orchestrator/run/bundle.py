"""The bundle: what one attempt of one job leaves behind, in a directory that any provider can carry.

``dtf-<job>-<attempt>/`` holds `events.ndjson`, `results/`, `coverage/`, `artifacts/` and, once the job has ended,
`manifest.json` with the digests of the rest. A bundle without a manifest is one that was cut short: its events still
count.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Annotated, BinaryIO
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ci_orchestrator.errors import ResultsError, Where
from ci_orchestrator.results import events

EVENTS = "events.ndjson"
MANIFEST = "manifest.json"
PREFIX = "dtf-"
SCHEMA = 1


class FileEntry(BaseModel):
    """One file of a bundle; `size` in bytes.

    `path` is relative to the bundle, with forward slashes. Tests name their artifacts as they like, so bytes that are
    not UTF-8 are written as in a URL, and ``%`` too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[str, Field(pattern=r"^[^/\x00][^\x00]*$")]
    size: Annotated[int, Field(ge=0)]
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What a finished bundle holds, and of which job of which lock it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA
    lock: str
    job: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    attempt: Annotated[int, Field(ge=1, lt=1_000_000_000)]
    files: tuple[FileEntry, ...] = ()


def bundle_name(job: str, attempt: int) -> str:
    """The directory's name."""
    return f"{PREFIX}{job}-{attempt}"


class EventLog:
    """The event file of one bundle: appended to, flushed at every event, never rewritten.

    A torn last line, which a kill can leave, is cut off when the log is opened again.
    """

    def __init__(self, bundle: Path) -> None:
        bundle.mkdir(parents=True, exist_ok=True)
        path = bundle / EVENTS
        self._seq = _mend(path)
        self._file = path.open("ab", buffering=0)

    def append(self, event: events.Event) -> events.Event:
        """Write the event with the next sequence number; returns it as written."""
        self._seq += 1
        written = replace(event, seq=self._seq)
        # a lone surrogate becomes its own JSON escape
        line = events.encode(written).encode("utf-8", "backslashreplace") + b"\n"
        while line:  # a write can be short
            line = line[self._file.write(line) :]
        return written

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _mend(path: Path) -> int:
    """Cut off a torn last line; returns the last sequence number."""
    if not path.exists():
        return 0
    end = last = 0
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            with suppress(ValueError):
                last = max(last, events.decode(line).seq)
    if end != path.stat().st_size:
        os.truncate(path, end)
    return last


def read_events(bundle: Path) -> Iterator[events.Event | events.Unreadable]:
    """The events of a bundle, in order; what cannot be read is yielded as such."""
    path = bundle / EVENTS
    if not path.is_file():
        return
    with path.open("rb") as file:
        yield from events.read(file)


def find_bundles(root: Path) -> tuple[Path, ...]:
    """The bundles in or below `root` (itself included), by place, job and attempt. None lies inside another.

    Raises `ResultsError` when `root` cannot be read.
    """
    try:
        places = {root, *(path.parent for name in (EVENTS, MANIFEST) for path in root.rglob(name))}
        found = {place for place in places if is_bundle(place)}
    except OSError as error:
        raise ResultsError(f"cannot be read: {error.strerror}", where=Where(str(error.filename or root))) from None
    return tuple(sorted((one for one in found if found.isdisjoint(one.parents)), key=by_attempt))


def is_bundle(place: Path) -> bool:
    """Whether a directory is a bundle. Raises `OSError` when that cannot be seen.

    Other programs have a `manifest.json` too: without events, the directory's name must say that it is ours.
    """
    named = place.name.startswith(PREFIX)
    return (place / EVENTS).is_file() or (named and (place / MANIFEST).is_file())


def by_attempt(bundle: Path) -> tuple[Path, str, int, str]:
    """The order of bundles: attempt 10 of a job after attempt 9."""
    stem, _, attempt = bundle.name.rpartition("-")
    number = int(attempt) if attempt.isascii() and attempt.isdigit() and len(attempt) < 10 else 0
    return (bundle.parent, stem, number, bundle.name)


def seal_bundle(bundle: Path, *, lock: str, job: str, attempt: int) -> Manifest:
    """Write the manifest, atomically, over everything that the bundle holds."""
    files = tuple(
        FileEntry(path=_written(path.relative_to(bundle)), size=path.stat().st_size, digest=digest_file(path))
        for path in sorted(bundle.rglob("*"))
        if path.is_file() and not path.is_symlink() and path != bundle / MANIFEST
    )
    manifest = Manifest(lock=lock, job=job, attempt=attempt, files=files)
    write_atomically(bundle / MANIFEST, (manifest.model_dump_json(indent=1) + "\n").encode())
    return manifest


def read_manifest(bundle: Path) -> Manifest | None:
    """The manifest, or None when the job never came to its end. Raises `ResultsError` when it is damaged."""
    path = bundle / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ResultsError(f"not a manifest: {place}: {first['msg']}", where=Where(str(path))) from None
    if manifest.schema_version > SCHEMA:
        raise ResultsError(
            f"the manifest has schema {manifest.schema_version}, this ci-orchestrator reads up to {SCHEMA}",
            where=Where(str(path)),
            fix="use the version of ci-orchestrator that made it, or a newer one",
        )
    return manifest


def damaged(bundle: Path, manifest: Manifest) -> tuple[str, ...]:
    """Files that are missing or differ from the manifest, with the reason."""
    out = []
    for entry in manifest.files:
        name = Path(os.fsdecode(unquote_to_bytes(entry.path)))
        try:
            if name.is_absolute() or ".." in name.parts or not (bundle / name).is_file():
                out.append(f"{entry.path}: missing")
            elif (bundle / name).stat().st_size != entry.size or digest_file(bundle / name) != entry.digest:
                out.append(f"{entry.path}: differs from its digest")
        except (OSError, ValueError) as error:
            out.append(f"{entry.path}: cannot be read: {error}")
    return tuple(out)


def _written(name: PurePath) -> str:
    """A file's name as the manifest has it."""
    return re.sub(r"[%\udc80-\udcff]", lambda found: f"%{os.fsencode(found[0])[0]:02X}", name.as_posix())


def digest_file(path: Path) -> str:
    """``sha256:…`` of a file, streamed."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def atomically(path: Path) -> Iterator[BinaryIO]:
    """A file to write that appears whole or not at all: a reader never sees half of it."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a whole file or nothing."""
    with atomically(path) as file:
        file.write(data)
