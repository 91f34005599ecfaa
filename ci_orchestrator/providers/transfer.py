"""Artifacts on their way: from a provider into a directory, and into the directory that a pipeline's step carries.

Each is there whole or not at all. A download goes to a file first and is unpacked from there (see `archives`), so that
memory does not grow with it. It is compared with the provider's digest, and each of its files with what `stage`
wrote down on the other side.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ci_orchestrator.clock import Clock, SystemClock
from ci_orchestrator.errors import ProviderError, UnreachableError, UserError
from ci_orchestrator.providers.archives import PIECE, BrokenArchiveError, HostileArchiveError, Limits, unpack
from ci_orchestrator.providers.online import Artifact, Host, Resuming
from ci_orchestrator.providers.shell import BUNDLES

TRIES = 3
"""How often a download is begun or gone on with. Each request of it has the patience of `providers.http` besides."""
PAUSE = 1.0
"""Seconds before the second try, twice as many before the third."""
CARRIED = Path(BUNDLES)
"""The directory, relative to the project's, that rendered pipelines keep as artifacts by a step of the provider."""
SIDECAR = "artifact.json"
"""What `stage` adds to a directory: its version, name, times, and the digests of its files."""
VERSION = 1
_LARGEST_SIDECAR = 32 << 20


class DamagedError(Exception):
    """What came is not what was kept, and how so."""


def fetch(
    host: Host, artifact: Artifact, target: Path, *, limits: Limits | None = None, clock: Clock | None = None
) -> None:
    """Make `target`, which is not there yet or is empty, the directory that was kept as `artifact`.

    What is cut or damaged on its way is fetched again, from where it was cut where the host can. Raises `ProviderError`
    when it does not come whole, and for an archive that would do harm or is over the limits; `UserError` when the files
    cannot be written. `target` is then as it was.
    """
    limits = limits or Limits()
    clock = clock or SystemClock()
    if artifact.size > limits.download:
        raise _hostile(host, artifact, f"it has {artifact.size:,} bytes, and {limits.download:,} are taken at most")
    with _beside(target) as scratch:
        for tried in range(1, TRIES + 1):
            try:
                _download(host, artifact, scratch / "download", limits, clock)
                _unpack_whole(artifact, scratch, limits)
                break
            except HostileArchiveError as why:
                raise _hostile(host, artifact, str(why)) from None
            except (BrokenArchiveError, DamagedError) as why:
                if tried == TRIES:
                    raise ProviderError(
                        f"the artifact {artifact.name!r} of {host.name} came damaged {TRIES} times: {why}",
                        fix="run the job that made it again; nothing of it was kept here",
                    ) from None
                clock.sleep(PAUSE * 2 ** (tried - 1))
        (scratch / "files").rename(target)


def stage(name: str, directory: Path, place: Path = CARRIED, *, retain: float = 0.0, now: float = 0.0) -> Path:
    """Leave a copy of `directory` as `name` in `place`, for the pipeline's own step to carry; return where.

    It has a `SIDECAR` with the digests of its files; `now` and `now + retain` (Unix seconds) are the times in it. A
    directory that is there already, as bundles are, stays as it is. What `place` has under the name is replaced. Raises
    `UserError` for a link or a device, for a name that is no name of a directory, and when it cannot be written.
    """
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise UserError(f"{name!r} is no name of an artifact", fix="use a name without slashes")
    target = place / name
    if target.exists() and target.resolve() == directory.resolve():
        return target
    with _beside(target, replace=True) as scratch:
        files = {path: _copied(directory / path, scratch / "files" / path) for path in _regular_files(directory)}
        (scratch / "files").mkdir(exist_ok=True)
        sidecar = {
            "version": VERSION,
            "name": name,
            "created": now,
            "expires": now + retain if retain else 0.0,
            "files": files,
        }
        (scratch / "files" / SIDECAR).write_text(json.dumps(sidecar, indent=1, sort_keys=True) + "\n", "utf-8")
        if target.exists():
            target.rename(scratch / "replaced")
        (scratch / "files").rename(target)
    return target


def _download(host: Host, artifact: Artifact, path: Path, limits: Limits, clock: Clock) -> None:
    """The archive as it is sent, in `path`. Raises `DamagedError` unless it has the digest that the host tells."""
    with path.open("w+b") as out:
        for tried in range(1, TRIES + 1):
            begun = out.tell()
            try:
                _receive(host, artifact, out, limits)
                break
            except ProviderError as error:
                cut = isinstance(error, UnreachableError) or out.tell() > begun
                if not cut or tried == TRIES:
                    raise
                if not isinstance(host, Resuming):
                    out.seek(0)
                    out.truncate()
            clock.sleep(PAUSE * 2 ** (tried - 1))
        if artifact.digest:
            out.seek(0)
            found = f"sha256:{hashlib.file_digest(out, 'sha256').hexdigest()}"
            if found != artifact.digest.lower():
                raise DamagedError(f"its digest is {found}, and {host.name} says {artifact.digest}")


def _receive(host: Host, artifact: Artifact, out: BinaryIO, limits: Limits) -> None:
    start = out.tell()
    pieces = host.download_from(artifact, start) if start and isinstance(host, Resuming) else host.download(artifact)
    for piece in pieces:
        if out.tell() + len(piece) > limits.download:
            raise HostileArchiveError(f"it is longer than {limits.download:,} bytes, the most that is taken")
        out.write(piece)


def _unpack_whole(artifact: Artifact, scratch: Path, limits: Limits) -> None:
    files = scratch / "files"
    if files.exists():
        shutil.rmtree(files)
    files.mkdir()
    unpack(scratch / "download", files, limits, around=artifact.name)
    for path, digest in sorted(_told(files / SIDECAR).items()):
        if _digest(files / path) != digest:
            raise DamagedError(f"its file {path!r} is missing, or not what was kept")


def _told(sidecar: Path) -> Mapping[str, str]:
    """The digests that the other side wrote down; none where it did not, or where somebody else has such a file."""
    if not sidecar.is_file() or sidecar.stat().st_size > _LARGEST_SIDECAR:
        return {}
    try:
        found = json.loads(sidecar.read_bytes())
    except (ValueError, RecursionError):
        return {}
    files = found.get("files") if isinstance(found, dict) and found.get("version") == VERSION else None
    if not isinstance(files, dict):
        return {}
    inside = (path for path in files if not path.startswith("/") and ".." not in path.split("/") and "\0" not in path)
    return {path: files[path] for path in inside if isinstance(files[path], str)}


def _regular_files(directory: Path) -> Iterator[str]:
    """Paths of all files below it, sorted. Raises `UserError` for what cannot be kept."""
    found: list[str] = []
    for where, names, files in os.walk(directory, onerror=_raise):
        for name in (*names, *files):
            path = Path(where, name)
            mode = path.lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise UserError(f"{path}: a link or a device cannot be kept as an artifact", fix="keep a copy of it")
            if stat.S_ISREG(mode):
                found.append(path.relative_to(directory).as_posix())
    return (path for path in sorted(found) if path != SIDECAR)


def _raise(error: OSError) -> None:
    raise error


def _copied(source: Path, target: Path) -> str:
    """The digest of a file, which is now at `target`, too."""
    target.parent.mkdir(parents=True, exist_ok=True)
    seen = hashlib.sha256()
    with source.open("rb") as file, target.open("xb") as out:
        while piece := file.read(PIECE):
            seen.update(piece)
            out.write(piece)
    return f"sha256:{seen.hexdigest()}"


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


@contextmanager
def _beside(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """A scratch directory on the same disk, gone afterwards. Raises `UserError` where nothing can be written."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not replace and target.exists() and any(target.iterdir()):
            raise UserError(f"{target} has files already", fix="name a directory that is not there yet")
        with tempfile.TemporaryDirectory(prefix=".part-", dir=target.parent) as scratch:
            yield Path(scratch)
    except OSError as error:
        raise UserError(f"{target}: cannot be written: {error.strerror or error}", fix="is there room?") from error


def _hostile(host: Host, artifact: Artifact, why: str) -> ProviderError:
    return ProviderError(
        f"the artifact {artifact.name!r} of {host.name} is refused: {why}",
        fix="nothing of it was kept; if it is one of your own jobs', keep less in it, or raise the limit",
    )
