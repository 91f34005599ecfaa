"""The bundle: what one attempt of one job leaves behind, in a directory that any provider can carry.

``dtf-<job>-<attempt>/`` holds `events.ndjson`, `results/`, `coverage/`, `artifacts/` and, once the job has ended,
`manifest.json` with the digests of the rest. A bundle without a manifest is one that was cut short: its events still count.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ci_orchestrator.errors import ResultsError, Where
from ci_orchestrator.results import events

EVENTS = "events.ndjson"
MANIFEST = "manifest.json"
SCHEMA = 1


class FileEntry(BaseModel):
    """One file of a bundle; `path` is relative to it, with forward slashes; `size` in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[str, Field(pattern=r"^[^/\\\x00][^\\\x00]*$")]
    size: Annotated[int, Field(ge=0)]
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What a finished bundle holds, and of which job of which lock it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA
    lock: str
    job: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    attempt: Annotated[int, Field(ge=1)]
    files: tuple[FileEntry, ...] = ()


def bundle_name(job: str, attempt: int) -> str:
    """The directory's name."""
    return f"dtf-{job}-{attempt}"


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
        self._file.write(events.encode(written).encode("utf-8", "backslashreplace") + b"\n")
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
                last = max(last, events.decode(line.decode("utf-8", "replace")).seq)
    if end != path.stat().st_size:
        os.truncate(path, end)
    return last


def read_events(bundle: Path) -> Iterator[events.Event | events.Unreadable]:
    """The events of a bundle, in order; what cannot be read is yielded as such."""
    path = bundle / EVENTS
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        yield from events.read(file)


def find_bundles(root: Path) -> tuple[Path, ...]:
    """The bundles in or below `root` (itself included), sorted by name."""
    if (root / EVENTS).is_file() or (root / MANIFEST).is_file():
        return (root,)
    found = {path.parent for name in (EVENTS, MANIFEST) for path in root.rglob(name) if path.is_file()}
    return tuple(sorted(found))


def seal_bundle(bundle: Path, *, lock: str, job: str, attempt: int) -> Manifest:
    """Write the manifest, atomically, over everything that the bundle holds."""
    files = tuple(
        FileEntry(path=path.relative_to(bundle).as_posix(), size=path.stat().st_size, digest=digest_file(path))
        for path in sorted(bundle.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.name != MANIFEST
    )
    manifest = Manifest(lock=lock, job=job, attempt=attempt, files=files)
    write_atomically(bundle / MANIFEST, (manifest.model_dump_json(indent=1) + "\n").encode())
    return manifest


def read_manifest(bundle: Path) -> Manifest | None:
    """The manifest, or None when the job never came to its end. Raises `ResultsError` when it is damaged."""
    path = bundle / MANIFEST
    if not path.exists():
        return None
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ResultsError(f"not a manifest: {place}: {first['msg']}", where=Where(str(path))) from None


def damaged(bundle: Path, manifest: Manifest) -> tuple[str, ...]:
    """Files that are missing or differ from the manifest, with the reason."""
    out = []
    for entry in manifest.files:
        path = bundle / entry.path
        if ".." in Path(entry.path).parts or not path.is_file():
            out.append(f"{entry.path}: missing")
        elif path.stat().st_size != entry.size or digest_file(path) != entry.digest:
            out.append(f"{entry.path}: differs from its digest")
    return tuple(out)


def digest_file(path: Path) -> str:
    """``sha256:…`` of a file, streamed."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, data: bytes) -> None:
    """Write a whole file or nothing: a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
