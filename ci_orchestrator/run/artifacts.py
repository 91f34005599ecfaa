"""Files that a job keeps: found by glob, copied into its bundle, and removed when their time is over."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path, PurePosixPath

from ci_orchestrator.errors import UserError
from ci_orchestrator.masking import NO_MASK, Mask
from ci_orchestrator.run.redact import holds_secret

DIRECTORY = "artifacts"
COVERAGE = "coverage"
_NEVER = frozenset({".ci-orchestrator", ".git"})  # our own state (the bundle itself is there), and the repository's
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may keep: how many files, and how many bytes of them together."""

    files: int = 10_000
    size: int = 2 << 30


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the bundle, as `events.ArtifactStored` has it. `path` is relative to the bundle, `kind` its name."""

    path: str
    kind: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What was stored, and what was refused: (path, why)."""

    stored: tuple[Stored, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def collect(
    paths: Mapping[str, str],
    *,
    base: Path,
    project: Path,
    bundle: Path,
    limits: Limits | None = None,
    mask: Mask = NO_MASK,
) -> Kept:
    """Copy what the globs `paths` (by name) match below `base` to ``artifacts/<name>/…`` of `bundle`.

    Only regular files inside `project`: a link that leaves it, a device or a pipe is refused and told, and so is a file
    in which a secret stands (`mask`). Raises
    `UserError` for a glob that is absolute or climbs, and, before anything is copied, for more than `limits`.
    """
    limits = limits or Limits()
    root = project.resolve()
    chosen: list[tuple[str, str, Path]] = []
    refused: list[tuple[str, str]] = []
    size = 0
    for name, pattern in sorted(paths.items()):
        for relative, path in _matches(base, pattern):
            try:
                target = _target(path, root, mask)
            except _RefusedError as why:
                refused.append((relative, str(why)))
            else:
                chosen.append((name, relative, target))
                size += target.stat().st_size
            _check(len(chosen) + len(refused), size, limits)
    kept = (_copy(name, target, bundle, f"{DIRECTORY}/{name}/{relative}") for name, relative, target in chosen)
    return Kept(tuple(kept), tuple(refused))


def collect_coverage(report: str, *, base: Path, project: Path, bundle: Path, mask: Mask = NO_MASK) -> Kept:
    """Copy the file `report` below `base` to ``coverage/report/…`` of `bundle`, by the same rules. It may be absent.

    One that is there already stays: the run was resumed, and both tell of tests that the other does not.
    """
    path = base / report
    if not path.exists() and not path.is_symlink():
        return Kept()
    try:
        target = _target(path, project.resolve(), mask)
    except _RefusedError as why:
        return Kept(refused=((report, str(why)),))
    place = free_place(bundle / COVERAGE / "report").relative_to(bundle).as_posix()
    return Kept((_copy(COVERAGE, target, bundle, f"{place}/{PurePosixPath(report)}"),))


def free_place(directory: Path) -> Path:
    """`directory`, or if that is there already, the first of its name with ``-2``, ``-3``… that is not."""
    names = chain([directory.name], (f"{directory.name}-{number}" for number in count(2)))
    return next(place for name in names if not (place := directory.with_name(name)).exists())


def _matches(base: Path, pattern: str) -> Iterator[tuple[str, Path]]:
    """What a glob matches, sorted, without directories."""
    parts = PurePosixPath(pattern).parts
    if not parts or pattern.startswith("/") or ".." in parts or Path(pattern).is_absolute() or "\0" in pattern:
        raise UserError(
            f"the artifact glob {pattern!r} leaves the project",
            fix="write it relative to the suite's `cwd`, without `..`",
        )
    found = {path.relative_to(base).as_posix(): path for path in base.glob(pattern) if not path.is_dir()}
    for relative, path in sorted(found.items()):
        if _NEVER.isdisjoint(PurePosixPath(relative).parts):
            yield relative, path


class _RefusedError(Exception):
    """A file that is not taken, and why."""


def _target(path: Path, root: Path, mask: Mask) -> Path:
    """The file itself, all links followed. Raises `_RefusedError` when it is none that a job may keep."""
    try:
        target = path.resolve(strict=True)
        regular = stat.S_ISREG(target.lstat().st_mode)
    except OSError as error:
        raise _RefusedError(error.strerror) from None
    except RuntimeError:  # how pathlib tells a loop of links before Python 3.13
        raise _RefusedError("a loop of links") from None
    if not target.is_relative_to(root):
        raise _RefusedError("a link that leaves the project")
    if not regular:
        raise _RefusedError("not a regular file")
    if not os.access(target, os.R_OK):
        raise _RefusedError("not readable")
    if holds_secret(target, mask):
        raise _RefusedError("a secret stands in it")
    return target


def _check(files: int, size: int, limits: Limits) -> None:
    if files > limits.files or size > limits.size:
        raise UserError(
            f"the artifacts are more than a job may keep: {limits.files} files, {limits.size} bytes",
            fix="narrow the globs under `artifacts: paths:`",
        )


def _copy(kind: str, target: Path, bundle: Path, relative: str) -> Stored:
    """Copy one file and take its digest in one pass. A copy, not a link: what the bundle holds must not change."""
    place = bundle / relative
    place.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with target.open("rb") as source, place.open("wb") as copy:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            copy.write(chunk)
    return Stored(place.relative_to(bundle).as_posix(), kind, size, f"sha256:{digest.hexdigest()}")


def expire(bundles: Path, now: float, retain: float) -> tuple[str, ...]:
    """Remove the directories in `bundles` that nothing was written to for `retain` seconds; returns their names.

    `now`: Unix seconds. The newest directory always stays, and so does whatever is a link. Other runs may write and
    tidy up here at the same time: what is gone is no error, what cannot be removed stays.
    """
    if not bundles.is_dir():
        return ()
    ages = sorted(
        (_last_written(path), path.name) for path in bundles.iterdir() if path.is_dir() and not path.is_symlink()
    )
    old = sorted(name for written, name in ages[:-1] if now - written > retain)
    for name in old:
        shutil.rmtree(bundles / name, ignore_errors=True)
    return tuple(old)


def _last_written(directory: Path) -> float:
    """The latest change of the directory, of what is in it, and of what is in that: a run holds bundles of files."""
    near = [directory]
    for pattern in ("*", "*/*"):
        with suppress(OSError):
            near += directory.glob(pattern)
    times = [0.0]
    for path in near:
        with suppress(OSError):
            times.append(path.lstat().st_mtime)
    return max(times)
