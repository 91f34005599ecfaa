"""What a report is made from: bundles by their manifest, other result files by what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ci_orchestrator.api.bundles import read_bundle
from ci_orchestrator.errors import ExitCode, ResultsError, UserError
from ci_orchestrator.plan.lock import Lock
from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.formats import HEAD, detect, read
from ci_orchestrator.results.formats.base import Case, ReadWarning, module_of, to_results
from ci_orchestrator.results.model import TestResult, split_id
from ci_orchestrator.run.bundle import MANIFEST, find_bundles

SHOWN = 5


@dataclass(slots=True, kw_only=True)
class Sources:
    """Everything that was found. `damaged`: something that counts could not be read, so nothing can be certified."""

    fold: Fold = field(default_factory=Fold)
    results: list[TestResult] = field(default_factory=list)
    warnings: tuple[str, ...] = ()
    damaged: bool = False

    @property
    def interrupted(self) -> bool:
        """The last attempt of some job was interrupted."""
        return ExitCode.INTERRUPTED in self._endings()

    @property
    def unfinished(self) -> bool:
        """The last attempt of some job did not come to its end."""
        return None in self._endings()

    def _endings(self) -> set[int | None]:
        """The exit codes of every job's last attempt."""
        latest = {job: state for (job, _), state in sorted(self.fold.jobs.items())}
        return {state.exit_code for state in latest.values()}

    def warn(self, text: str) -> None:
        """Say what could not be taken as it is."""
        self.warnings = (*self.warnings, text)


def gather(paths: Sequence[Path], lock: Lock | None, *, but: Path | None = None) -> Sources:
    """Read all `paths`: directories are searched, files must be results. `but`: our own output, never read.

    With a lock, a result in a file belongs to the planned test of the same path and name, if exactly one has them.
    Raises `UserError` for a path that is not there, `ResultsError` for a file that was named and is of no known format.
    """
    sources = Sources()
    bundles: dict[Path, None] = {}
    files: dict[Path, bool] = {}
    for path in paths:
        if path.is_dir():
            inside = find_bundles(path)
            bundles.update(dict.fromkeys(inside))
            files.update(dict.fromkeys(_loose(path, [*inside, *([but] if but else [])]), False))
        elif path.is_file():
            files[path] = True
        else:
            raise UserError(f"{path} does not exist", fix="name a bundle, a directory or a result file")
    for bundle in bundles:
        _take_bundle(sources, bundle, lock)
    ignored = [file for file, named in sorted(files.items()) if not _take_file(sources, file, named)]
    if lock is not None and sources.results:
        planned = _Planned(lock)
        sources.results = [replace(one, id=planned.match(one.id)) for one in sources.results]
    if ignored:
        shown = ", ".join(file.name for file in ignored[:SHOWN])
        more = f" and {len(ignored) - SHOWN} more" if len(ignored) > SHOWN else ""
        sources.warn(f"not results, passed over: {shown}{more}")
    return sources


def _loose(root: Path, ours: Sequence[Path]) -> Iterator[Path]:
    """Files below `root` that are hidden in nothing and in none of our directories."""
    own = {path.resolve() for path in ours}
    for path in root.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if path.is_file() and not path.is_symlink() and not hidden and own.isdisjoint(path.resolve().parents):
            yield path


def _take_bundle(sources: Sources, bundle: Path, lock: Lock | None) -> None:
    found = read_bundle(bundle, lock)
    if found.foreign:
        sources.damaged = True
        sources.warn(f"{found.name}: belongs to another lock ({found.foreign[:19]}…): left out")
        return
    if not found.ended and not (bundle / MANIFEST).exists():
        sources.warn(f"{found.name}: has no {MANIFEST}: its job did not come to an end")
    for problem in found.problems:
        sources.damaged = True
        sources.warn(problem)
    for event in found.log:
        sources.fold.add(event)


def _take_file(sources: Sources, path: Path, named: bool) -> bool:
    """Add a result file; False when it is none and was only come across."""
    try:
        with path.open("rb") as stream:
            if not named and detect(stream.read(HEAD)) is None:
                return False
            stream.seek(0)
            sources.results += _results(sources, stream, path)
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error.strerror}") from None
    return True


def _results(sources: Sources, stream: object, path: Path) -> list[TestResult]:
    cases: list[Case] = []
    for item in read(stream, str(path)):  # type: ignore[arg-type]
        if isinstance(item, Case):
            cases.append(item)
        elif isinstance(item, ReadWarning):
            sources.damaged = True
            sources.warn(str(item))
    return list(to_results(cases))


class _Planned:
    """Planned tests by what a result file may call them: ``path::name``, or ``module.Class::name``."""

    def __init__(self, lock: Lock) -> None:
        self._ids: dict[str, set[str]] = {}
        for test in lock.test_ids():
            _, path, name = split_id(test)
            classes, _, last = name.rpartition("::")
            dotted = ".".join([module_of(path), *classes.split("::")]).rstrip(".")
            for key in (f"{path}::{name}", f"{dotted}::{last}"):
                self._ids.setdefault(key, set()).add(test)

    def match(self, test: str) -> str:
        """The id of the planned test that a result names, or the result's own id."""
        found = self._ids.get(test.partition("::")[2], set())
        return next(iter(found)) if len(found) == 1 else test
