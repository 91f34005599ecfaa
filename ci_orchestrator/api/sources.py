"""What a report is made from: bundles by their manifest, other files by what they hold."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from stat import S_ISDIR

from ci_orchestrator.api import wire
from ci_orchestrator.api.bundles import Bundle, by_job, distinct, read_bundle, trees
from ci_orchestrator.api.opening import irregular
from ci_orchestrator.api.reading import FileRead, read_file, read_files
from ci_orchestrator.api.searching import Search
from ci_orchestrator.errors import ExitCode, ResultsError, UserError, Where
from ci_orchestrator.plan.globs import matches
from ci_orchestrator.plan.lock import Lock
from ci_orchestrator.providers.local.context import tracked_files
from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.coverage import FileCoverage
from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.formats.base import Kind, module_of
from ci_orchestrator.results.formats.begun import may_be_coverage
from ci_orchestrator.results.model import TestResult, make_id, split_id
from ci_orchestrator.results.paths import PathMap, is_absolute
from ci_orchestrator.run.artifacts import COVERAGE, DIRECTORY
from ci_orchestrator.run.bundle import MANIFEST, bundle_name, digest_file

SHOWN = 5


@dataclass(slots=True, kw_only=True)
class Sources:
    """Everything that was found. `damaged`: something that counts could not be read, so nothing can be certified.

    `coverage`: by the suite that measured it ("" when that is not known), with the paths that the tools wrote.
    `partial`, `benchmarks_partial`: why coverage and benchmarks are less than all. `root`: the project's directory.
    `second_hand`: some results are from a file that we wrote ourselves, of whatever run: they prove nothing of a lock.
    `trees`: what was tested, by git's name of it, and a bundle that says so.
    """

    fold: Fold = field(default_factory=Fold)
    results: list[TestResult] = field(default_factory=list)
    coverage: dict[str, list[FileCoverage]] = field(default_factory=dict)
    benchmarks: list[Benchmark] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    benchmarks_partial: list[str] = field(default_factory=list)
    root: Path = field(default_factory=Path)
    damaged: bool = False
    second_hand: bool = False
    trees: dict[str, str] = field(default_factory=dict)
    _digests: set[str] = field(default_factory=set)

    @property
    def empty(self) -> bool:
        """Whether nothing was found that a report could be about."""
        return not (self.fold.jobs or self.fold.gates or self.results or self.coverage or self.benchmarks)

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
        self.warnings.append(text)

    def add(self, told: FileRead, suite: str = "") -> None:
        """Take what a file told. `suite`: whose coverage it is, where that is known."""
        self.results += told.results
        if told.benchmarks and self._first_of_its_content(told.path):
            self.benchmarks += told.benchmarks
        if told.coverage:
            self.coverage.setdefault(suite, []).extend(told.coverage)
        self.warnings += [*told.warnings, *told.notes]
        if told.kind == "coverage":
            self.partial += told.warnings
        elif told.kind == "benchmarks":
            self.benchmarks_partial += told.warnings
        else:  # about tests, as far as anybody knows
            self.damaged = self.damaged or bool(told.warnings)
            if told.kind is None and may_be_coverage(told.path.name):
                self.partial += told.warnings

    def _place_results(self) -> None:
        """Tests in files that a tool named by where they lay on some machine get the paths of the project."""
        absolute = {path for one in self.results if is_absolute(path := one.path)}
        if not absolute:
            return
        places = PathMap({}, tracked_files(self.root), str(self.root)).learned(absolute)
        found = {path: place for path in absolute if (place := places.find(path))}
        self.results = [_placed(one, found) for one in self.results]

    def _first_of_its_content(self, path: Path) -> bool:
        """Whether no other file held the same bytes: a measurement that is given twice is one measurement."""
        digest = digest_file(path)
        known = digest in self._digests
        self._digests.add(digest)
        return not known

    def take_kept(self, bundles: Iterable[Path], lock: Lock | None, benchmarks: Sequence[str]) -> None:
        """The coverage and the benchmarks that bundles keep. `benchmarks`: globs of their artifacts, by the paths that
        these had in the project.
        """
        suites = {bundle_name(job.id, 0).rpartition("-")[0]: job.suite for job in lock.jobs} if lock else {}
        planned = lock.plan["suites"] if lock else {}
        for bundle in bundles:
            suite = suites.get(bundle.name.rpartition("-")[0], "")
            for path in _kept(bundle / COVERAGE):
                self._take_one(path, "coverage", suite)
            for path in _kept(bundle / DIRECTORY):
                inside = path.relative_to(bundle / DIRECTORY).as_posix().partition("/")[2]
                place = PurePosixPath(planned.get(suite, {}).get("cwd", "."), inside).as_posix()
                if any(matches(glob, place) for glob in benchmarks):
                    self._take_one(path, "benchmarks", "")

    def _take_one(self, path: Path, kind: Kind, suite: str) -> None:
        """A report of coverage or benchmarks from a bundle. What is wrong with it harms no test: it is said, no more.

        Results of tests in it are left alone: those of a bundle are its events.
        """
        try:
            told = read_file(path, named=True)
        except ResultsError as error:
            self.add(FileRead(path=path, kind=kind, warnings=[str(error)]), suite)
            return
        told.results = []
        self.add(replace(told, kind=kind), suite)

    def take_files(self, files: Mapping[Path, bool], lock: Lock | None) -> None:
        """Loose files, each with whether somebody named it. With a lock, a result in a file belongs to the planned test
        of the same path and name, if exactly one has them.
        """
        ignored: list[Path] = []
        ours: list[Path] = []
        for told in read_files(sorted(files.items()), width=wire.usable_cpus()):
            if told.ours and not files[told.path]:
                ours.append(told.path)
            elif told.kind is not None or told.warnings:
                self.add(told)
                if told.ours and lock is not None:
                    self._take_second_hand(told.path)
            else:
                ignored.append(told.path)
        self._place_results()
        if lock is not None and self.results:
            planned = _Planned(lock)
            self.results = [replace(one, id=planned.match(one.id)) for one in self.results]
        if ignored:
            self.warn(f"not results, passed over: {_some([file.name for file in ignored])}")
        if ours:
            self.warn(f"written by ci-orchestrator, passed over unless it is named: {_some(map(str, ours))}")

    def _take_second_hand(self, path: Path) -> None:
        self.damaged = self.second_hand = True
        self.warn(
            f"{path} was written by ci-orchestrator, of whatever run: with a lock only the bundles prove anything"
        )

    def take_doubt_of_trees(self) -> None:
        """Bundles of one lock can be of two revisions: the lock knows the names of tests, and not what is in them."""
        if len(self.trees) > 1:
            self.damaged = True
            told = (f"{name} of {tree[:10]}" for tree, name in sorted(self.trees.items(), key=lambda one: one[1]))
            self.warn(f"bundles are of different revisions of the source: {_some(told)}")

    def take_doubt_of_checkout(self, source: str, *, told: bool) -> None:
        """What is said of a revision must be of that revision. `source`: what is checked out. `told`: the forge will
        hear it, and then nothing is proven by results of another.
        """
        here = trees({source})
        if source and self.trees and not here.issuperset(self.trees):
            self.damaged = self.damaged or told
            which = f"{_some(sorted(tree[:10] for tree in self.trees))}, and {min(here)[:10]} is checked out"
            self.warn(f"the bundles are of another revision of the source: {which}")

    def take_doubts(self, search: Search) -> None:
        """What was come across and could not be searched, and what was not to be."""
        for path, why in sorted(search.closed.items()):
            said = f"{path} cannot be read: {why}: what is in it is missing here"
            self.damaged = True
            self.warn(said)
            self.partial.append(said)
            self.benchmarks_partial.append(said)
        if search.links:
            where = "links that lead to no file of the project or of the folder"
            self.warn(f"{where}, passed over unless they are named: {_some(map(str, search.links))}")
        if search.reports:
            self.warn(f"reports of ci-orchestrator, passed over: {_some(map(str, search.reports))}")


def gather(
    paths: Sequence[Path],
    lock: Lock | None,
    *,
    but: Path | None = None,
    root: Path,
    others: Mapping[Path, bool] | None = None,
    benchmarks: Sequence[str] = (),
) -> Sources:
    """Read all `paths`: directories are searched, files must be of a known format. `but`: our own output, never read.
    `root`: the project's directory.

    `others`: further files, which other steps of the build wrote (see `Sources.take_files`). `benchmarks`: globs of
    artifacts in bundles that hold benchmarks. Raises `UserError` for a path that is not there, `ResultsError` for a
    file or folder that was named and cannot be read or is of no known format.
    """
    sources = Sources(root=root)
    search = Search(project=root, out=but)
    files: dict[Path, bool] = dict(others or {})
    for path in paths:
        if _is_folder(path):
            search.add(path)
        else:
            files[path] = True
    for file in search.files:
        files.setdefault(file, False)
    sources.take_doubts(search)
    for tries in by_job(distinct(search.bundles)):
        _take_job(sources, tries, lock, benchmarks)
    sources.take_doubt_of_trees()
    sources.take_files(files, lock)
    return sources


def _is_folder(path: Path) -> bool:
    """Whether a path that was named is a folder that can be searched; else it is a file. Raises as `gather` does."""
    try:
        mode = path.stat().st_mode
        if S_ISDIR(mode):
            with os.scandir(path):
                return True
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{path} does not exist", fix="name a bundle, a directory or a result file") from None
    except OSError as error:
        raise ResultsError(f"cannot be read: {error.strerror}", where=Where(str(path))) from None
    if odd := irregular(mode):
        raise UserError(f"{path} is {odd}", fix="name a bundle, a directory or a result file")
    return False


def _some(names: Iterable[str]) -> str:
    """The first few of them."""
    every = list(names)
    return ", ".join(every[:SHOWN]) + (f" and {len(every) - SHOWN} more" if len(every) > SHOWN else "")


def _take_job(sources: Sources, tries: Sequence[Path], lock: Lock | None, benchmarks: Sequence[str]) -> None:
    """The tries of one job. What is damaged, or of another revision, costs nothing when a later one is whole: it ran
    what it could not believe to have passed, or its tests are missing.
    """
    read = [(bundle, read_bundle(bundle, lock)) for bundle in tries]
    whole = [one for _, one in read if one.ended and not one.foreign and not one.problems]
    last = max(whole, key=lambda one: one.attempt, default=None)
    for bundle, found in read:
        why = found.problems[0] if found.problems else ""
        if last is not None and found.sources and last.sources and trees(found.sources) != trees(last.sources):
            why = f"{found.name}: is of another revision of the source"
        if why and last is not None and not found.foreign and 0 < found.attempt < last.attempt:
            sources.warn(f"{why}: left out, for a later try of the job is whole")
        else:
            _take_bundle(sources, bundle, found, lock, benchmarks)


def _take_bundle(sources: Sources, bundle: Path, found: Bundle, lock: Lock | None, benchmarks: Sequence[str]) -> None:
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
    for tree in trees(found.sources):
        sources.trees.setdefault(tree, found.name)
    sources.take_kept([bundle], lock, benchmarks)


def _kept(directory: Path) -> list[Path]:
    """Regular files that a bundle keeps in one of its directories, sorted."""
    return sorted(path for path in directory.rglob("*") if path.is_file() and not path.is_symlink())


def _placed(one: TestResult, places: Mapping[str, str]) -> TestResult:
    suite, path, name = split_id(one.id)
    if path not in places:
        return one
    attempts = tuple(replace(attempt, file=places.get(attempt.file, attempt.file)) for attempt in one.attempts)
    return replace(one, id=make_id(suite, places[path], name), attempts=attempts)


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
