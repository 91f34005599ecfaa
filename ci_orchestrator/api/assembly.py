"""How sources become a report: certify, merge, place the coverage, compare, and ask the history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ci_orchestrator import __version__
from ci_orchestrator.analysis.benchmarks import benchmarks_gone
from ci_orchestrator.analysis.coverage import coverage_change
from ci_orchestrator.analysis.flaky import flaky_tests
from ci_orchestrator.analysis.quality import judge
from ci_orchestrator.analysis.slower import slower, worth_asking
from ci_orchestrator.analysis.tables import run_pipeline
from ci_orchestrator.api.against import Against, compared, coverage_of
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.sources import Sources
from ci_orchestrator.errors import ExitCode, UserError, worst
from ci_orchestrator.history.base import Store
from ci_orchestrator.plan.gates import Gate, final_gates
from ci_orchestrator.plan.lock import Lock
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.providers.base import Context
from ci_orchestrator.providers.local.context import repository, tracked_files
from ci_orchestrator.report.wording import counted
from ci_orchestrator.results.benchmark import merge_benchmarks
from ci_orchestrator.results.certificate import certify
from ci_orchestrator.results.coverage import CoverageSummary, FileCoverage, merge_coverage, summarise_coverage
from ci_orchestrator.results.findings import Analysis, FlakyTest
from ci_orchestrator.results.merge import merge, totals
from ci_orchestrator.results.model import Cause, TestResult
from ci_orchestrator.results.paths import PathMap
from ci_orchestrator.results.quality import QualityGate, judges_failures
from ci_orchestrator.results.report import NO_LINKS, Certificate, GateSummary, Links, Report, Span, Table
from ci_orchestrator.results.withholding import gate_summaries, withheld, withheld_results

LAST = 50
"""Earlier builds by which tests are called flaky."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All that a report is made from. `otherwise`: when it began and ended, if no job says so (Unix seconds).

    `plan`: what it was asked to be, where that is known. `interrupted`: the run did not come to its end.
    """

    project: Project
    sources: Sources
    lock: Lock | None
    plan: Plan | None
    context: Context
    against: Against
    otherwise: tuple[float, float]
    links: Links = NO_LINKS
    interrupted: bool = False

    @property
    def source(self) -> str:
        """What was tested, as the history knows it: the revision; empty, which is unknown, when the working tree has
        changes of its own. Two such builds at one revision ran different code: they contradict each other in nothing.
        """
        return "" if self.context.dirty else self.context.revision

    def assemble(self) -> Report:
        """The report as far as this build alone, its base and its diff say; the history is asked later (`recall`).

        Raises `ResultsError` for a base or a diff that is none.
        """
        sources, lock, fold = self.sources, self.lock, self.sources.fold
        started, ended = _span(sources, self.otherwise)
        reasons = withheld(lock, fold) if lock else {}
        certificate, results = _certified(sources, lock, reasons)
        names = {job.id: job.name for job in lock.jobs} if lock else {}
        estimates = {job.id: job.seconds for job in lock.jobs} if lock else {}
        base = self.against.read_base()
        files = self._coverage()
        report = Report(
            title=(self.plan.name if self.plan else None) or self.project.root.name,
            revision=self.context.revision,
            branch=self.context.branch,
            started=started,
            wall=max(0.0, ended - started) if sources.fold.jobs else 0.0,  # files do not tell
            tool_version=__version__,
            totals=totals(results),
            results=results,
            certificate=certificate,
            jobs=fold.summaries(names, estimates),
            gates=gate_summaries(fold, lock, reasons),
            timeline=_timeline(fold.spans, started),
            coverage=self._summary(files),
            benchmarks=merge_benchmarks(sources.benchmarks),
            benchmarks_partial=tuple(sources.benchmarks_partial),
            tables=self._tables(results),
            links=self.links,
            warnings=tuple(sources.warnings),  # last: what was found on the way here is among them
            interrupted=self.interrupted,
        )
        analysis = compared(report, base)
        diff, covered = self.against.read_diff(self._within()) if self.against.diff else None, coverage_of(base)
        if files or diff is not None or covered is not None:  # also when the base alone was measured
            analysis = replace(analysis, coverage=coverage_change(files, covered, diff))
        if base is not None:
            gone = benchmarks_gone(report.benchmarks, base.benchmarks, diff.removed if diff else ())
            analysis = replace(analysis, benchmarks_gone=gone)
        return replace(report, analysis=analysis)

    def judge(self, report: Report) -> Report:
        """The report with what the final gates say, and the exit code that all of it comes to.

        They judge when they are asked to (`Against.gate`). One that lets failures pass is believed; nothing lets pass
        what is not proven. Without a final gate in the plan the default one judges: no failure, nothing not proven.
        """
        gates: Mapping[str, Gate] = final_gates(self.plan.gates) if self.plan else {}
        quality = judge(gates, report, self.against.checks) if self.against.gate else ()
        sources = self.sources
        # without a lock only the job itself can tell that it came to its end
        doubtful = sources.damaged or (self.lock is None and sources.unfinished)
        code = exit_code(
            report.certificate,
            report.results,
            gates=report.gates,
            quality=quality,
            interrupted=self.interrupted,
            doubtful=doubtful,
        )
        return replace(report, quality=quality, exit_code=code)

    def _within(self) -> str:
        root = self.project.root
        return root.relative_to(repository(root)).as_posix()

    def _coverage(self) -> tuple[FileCoverage, ...]:
        """All that was measured, by paths of the project."""
        told = self.sources.coverage
        if not told:
            return ()
        suites = self.plan.suites if self.plan else {}
        known = tracked_files(self.project.root)
        placed: list[FileCoverage] = []
        for name in sorted(told):
            suite = suites.get(name)
            prefixes = suite.coverage.map if suite and suite.coverage else _maps(self.plan)
            home = suite.cwd if suite else ""
            found = PathMap(prefixes, known, str(self.project.root), home=home).place(told[name])
            placed += found.files
            if found.outside:
                which = f"{counted(len(found.outside), 'file')}, such as {found.outside[0]}"
                self.sources.warn(f"coverage of what is not the project's was left out: {which}: see `coverage: map:`")
        return merge_coverage(placed)

    def _summary(self, files: Sequence[FileCoverage]) -> CoverageSummary | None:
        lacking = tuple(self._lacking())
        if not files and not lacking and not self.sources.partial:
            return None
        return summarise_coverage(files, (*self.sources.partial, *lacking))

    def _lacking(self) -> Iterator[str]:
        """Suites of which coverage was to be measured and is not, or not all."""
        if self.lock is None or self.plan is None:
            return
        ran = {job for job, _ in self.sources.fold.jobs}
        lost = {state.job for state in self.sources.fold.jobs.values() if state.lost}
        cut_off = {state.job for state in self.sources.fold.jobs.values() if state.cut_off or state.present}
        for name in sorted({job.suite for job in self.lock.jobs}):
            if self.plan.suites[name].coverage is None:
                continue
            jobs = {job.id for job in self.lock.jobs if job.suite == name and job.tests}
            if name not in self.sources.coverage:
                yield f"suite {name} left no coverage"
            elif jobs - ran:
                yield f"{len(jobs - ran)} of {len(jobs)} jobs of suite {name} left nothing"
            elif jobs & lost:
                yield f"a worker of suite {name} was lost, and what it had measured with it"
            elif jobs & cut_off:
                yield f"a run was ended before a worker of suite {name} could tell all that it had measured"

    def _tables(self, results: Sequence[TestResult]) -> tuple[Table, ...]:
        if self.plan is None:
            return ()
        owners = {name: suite.owner or "" for name, suite in self.plan.suites.items()}
        tables: list[Table] = []
        for name, stages in sorted(self.plan.results.pipelines.items()):
            try:
                tables.append(run_pipeline(name, stages, results, owners))
            except UserError as error:  # somebody else's stage: the report is worth more than its table
                self.sources.warn(str(error))
        return tuple(tables)


def recall(report: Report, store: Store, build: str, source: str) -> Report:
    """The report with what earlier builds say of its tests: which are flaky, which got slower.

    `source`: see `Material`. Raises `HistoryError`.
    """
    if not report.results:
        return report
    revisions = [one.revision for one in store.builds(last=LAST, but=build)]
    flaky = flaky_tests(report.results, store.patterns(last=LAST, but=build), revisions, source)
    late = slower(report.results, store.durations(worth_asking(report.results), last=20, but=build))
    return replace(report, analysis=replace(report.analysis, flaky=flaky, slower=late))


def without_history(report: Report) -> Analysis:
    """What can be said when nothing is remembered: which tests passed at a later attempt."""
    flaky = tuple(FlakyTest(test=one.id, retried=True, new=True) for one in report.results if one.flaky)
    return replace(report.analysis, flaky=flaky)


def exit_code(
    certificate: Certificate,
    results: Iterable[TestResult],
    *,
    gates: Iterable[GateSummary] = (),
    quality: Iterable[QualityGate] = (),
    interrupted: bool = False,
    doubtful: bool = False,
) -> ExitCode:
    """What results, their proof and the gates come to; `doubtful`: there is reason to think that something is missing.

    A test that was withheld is accounted for, but nothing is green that did not run. `quality`: final gates that were
    asked to decide; how many tests may fail is then theirs to say.
    """
    found = tuple(results)
    final = tuple(quality)
    counts = totals(found)
    held_back = any(one.last is not None and one.last.cause is Cause.WITHHELD for one in found)
    incomplete = certificate.certified and not certificate.complete
    applies = {
        ExitCode.INTERRUPTED: interrupted,
        ExitCode.TESTS_FAILED: not judges_failures(final) and (counts.failed or counts.errored),
        ExitCode.NOT_PROVEN: counts.not_proven or held_back or incomplete or doubtful,
    }
    codes = [code for code, does in applies.items() if does]
    return worst([*codes, *(gate.exit_code for gate in gates), *(gate.exit_code for gate in final)])


def _maps(plan: Plan | None) -> dict[str, str]:
    """The path maps of all suites, for files that belong to none."""
    maps: dict[str, str] = {}
    for suite in plan.suites.values() if plan else ():
        maps.update(suite.coverage.map if suite.coverage else {})
    return maps


def _span(sources: Sources, otherwise: tuple[float, float]) -> tuple[float, float]:
    """From the first event of any job to the last: the same however often, and by whichever door, it is reported.

    A run that was resumed takes in the time that it lay still. `otherwise`: when no job began.
    """
    states = sources.fold.jobs.values()
    if not states:
        return otherwise
    return min(one.started for one in states), max(one.ended for one in states)


def _certified(
    sources: Sources, lock: Lock | None, reasons: Mapping[str, str]
) -> tuple[Certificate, tuple[TestResult, ...]]:
    """The certificate, and the results of events and files together. `reasons`: job → why it was withheld."""
    if lock is None:
        return Certificate(certified=False), merge(sources.fold.results().values(), sources.results)
    extra = [*sources.results, *withheld_results(lock, reasons)]
    return certify(
        lock.test_ids(), sources.fold, lock=lock.digest, skipped=dict(lock.skipped_at_collection), extra=extra
    )


def _timeline(spans: Iterable[Span], started: float) -> tuple[Span, ...]:
    moved = (replace(span, start=span.start - started, end=span.end - started) for span in spans)
    return tuple(sorted(moved, key=lambda span: (span.worker, span.start, span.test)))
