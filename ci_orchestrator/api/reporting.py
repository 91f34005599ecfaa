"""The use case *report*: collect, merge, certify, remember, and write everything that people and programs read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ci_orchestrator import __version__
from ci_orchestrator.api import wire
from ci_orchestrator.api.bundles import bundles_of
from ci_orchestrator.api.findings import findings
from ci_orchestrator.api.project import BUNDLES, LOCK_FILE, Project, read_lock, writing
from ci_orchestrator.api.sources import Sources, gather
from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import ExitCode, MissingPartError, UserError, worst
from ci_orchestrator.history.base import BuildRecord, BuildSummary, HistoryError, observe
from ci_orchestrator.plan.lock import Lock
from ci_orchestrator.providers.base import Ci, Context
from ci_orchestrator.providers.local.context import read_context
from ci_orchestrator.report.charts import render_trend
from ci_orchestrator.report.html import render_html
from ci_orchestrator.report.report_json import stream_json
from ci_orchestrator.report.summary import render_summary
from ci_orchestrator.results.certificate import certify
from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.formats.junit_writer import write_junit
from ci_orchestrator.results.merge import merge, totals
from ci_orchestrator.results.model import Cause, TestResult
from ci_orchestrator.results.report import Certificate, GateSummary, Report, Span, TrendPoint
from ci_orchestrator.results.withholding import gate_summaries, withheld, withheld_results
from ci_orchestrator.run.bundle import atomically, find_bundles, write_atomically

TREND = 20
"""Builds that the trend shows."""
KEEP = 200
"""Builds that the history keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The report, and where its files are."""

    report: Report
    out: Path
    files: tuple[Path, ...]


def report_run(
    project: Project,
    lock: Lock,
    fold: Fold,
    *,
    root: Path,
    started: float,
    clock: Clock,
    interrupted: bool = False,
    warnings: Sequence[str] = (),
) -> Reported:
    """Report on a run of this machine whose events are all in `fold`, and remember it."""
    sources = Sources(fold=fold, warnings=tuple(warnings))
    return _publish(
        project,
        sources,
        lock,
        build=root.name,
        out=root / "report",
        otherwise=(started, clock.now()),
        interrupted=interrupted,
    )


def report_files(
    project: Project,
    paths: Sequence[Path] = (),
    *,
    lock_file: Path | None = None,
    out: Path | None = None,
    ci: Ci | None = None,
    clock: Clock | None = None,
) -> Reported:
    """Report on bundles and result files; without any path, on what single jobs of the lock left here (`run_job`), else
    again on the latest run here.

    Without a lock the report is uncertified. `ci`: the build that this is a job of; it is shown the summary and what
    went wrong.
    Raises `UserError` and `ResultsError` for what cannot be read.
    """
    clock = clock or wire.system_clock()
    build = ""
    lock = None if lock_file is None else read_lock(lock_file)
    if lock is not None and not paths:
        paths = bundles_of(lock, project.place / BUNDLES)
    if not paths:
        root = project.latest_run()
        paths, lock, out = find_bundles(root), lock or read_lock(root / LOCK_FILE), out or root / "report"
        build = root.name
    sources = gather(paths, lock, but=out)
    if not sources.fold.jobs and not sources.fold.gates and not sources.results:
        raise UserError("there is nothing to report on: no bundle and no result file", fix="name where they are")
    build = build or f"report-{_fingerprint(sources)}"
    out = out or project.state / "reports" / build
    reported = _publish(
        project,
        sources,
        lock,
        build=build,
        out=out,
        otherwise=(clock.now(), clock.now()),
        interrupted=sources.interrupted,
    )
    if ci is not None:
        with writing(out):
            ci.summarise(render_summary(reported.report))
            ci.point_out(tuple(findings(reported.report, lock)))
    return reported


def _publish(
    project: Project,
    sources: Sources,
    lock: Lock | None,
    *,
    build: str,
    out: Path,
    otherwise: tuple[float, float],
    interrupted: bool,
) -> Reported:
    context = read_context(project.root)
    report = _assemble(project, sources, lock, context, otherwise=otherwise, interrupted=interrupted)
    report = _remember(project, report, lock, build)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        return Reported(report=report, out=out, files=tuple(_write(report, out)))


def _assemble(
    project: Project,
    sources: Sources,
    lock: Lock | None,
    context: Context,
    *,
    otherwise: tuple[float, float],
    interrupted: bool,
) -> Report:
    fold = sources.fold
    started, ended = _span(fold, otherwise)
    reasons = withheld(lock, fold) if lock else {}
    gates = gate_summaries(fold, lock, reasons)
    certificate, results = _certified(sources, lock, reasons)
    names = {job.id: job.name for job in lock.jobs} if lock else {}
    estimates = {job.id: job.seconds for job in lock.jobs} if lock else {}
    # without a lock only the job itself can tell that it came to its end
    doubtful = sources.damaged or (lock is None and sources.unfinished)
    return Report(
        title=(lock.plan.get("name") if lock else None) or project.root.name,
        revision=context.revision,
        branch=context.branch,
        started=started,
        wall=max(0.0, ended - started),
        tool_version=__version__,
        totals=totals(results),
        results=results,
        certificate=certificate,
        jobs=fold.summaries(names, estimates),
        gates=gates,
        timeline=_timeline(fold.spans, started),
        warnings=sources.warnings,
        interrupted=interrupted,
        exit_code=exit_code(certificate, results, gates=gates, interrupted=interrupted, doubtful=doubtful),
    )


def _span(fold: Fold, otherwise: tuple[float, float]) -> tuple[float, float]:
    """From the first event of any job to the last: the same however often, and by whichever door, it is reported.

    A run that was resumed takes in the time that it lay still. `otherwise`: when no job began.
    """
    states = fold.jobs.values()
    if not states:
        return otherwise
    return min(one.started for one in states), max(one.ended for one in states)


def exit_code(
    certificate: Certificate,
    results: Iterable[TestResult],
    *,
    gates: Iterable[GateSummary] = (),
    interrupted: bool = False,
    doubtful: bool = False,
) -> ExitCode:
    """What results, their proof and the gates come to; `doubtful`: there is reason to think that something is missing.

    A test that was withheld is accounted for, but nothing is green that did not run.
    """
    found = tuple(results)
    counts = totals(found)
    held_back = any(one.last is not None and one.last.cause is Cause.WITHHELD for one in found)
    incomplete = certificate.certified and not certificate.complete
    applies = {
        ExitCode.INTERRUPTED: interrupted,
        ExitCode.TESTS_FAILED: counts.failed or counts.errored,
        ExitCode.NOT_PROVEN: counts.not_proven or held_back or incomplete or doubtful,
    }
    return worst([*(code for code, does in applies.items() if does), *(gate.exit_code for gate in gates)])


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


def _remember(project: Project, report: Report, lock: Lock | None, build: str) -> Report:
    """Put the build into the history, and the trend into the report. No history is a warning, never a failed build."""
    warnings = list(report.warnings)
    try:
        opened = wire.open_history(project.history_file)
    except UserError as error:
        return replace(report, warnings=(*warnings, f"no history: {error.what}"))
    if opened.warning:
        warnings.append(opened.warning)
    trend: tuple[TrendPoint, ...] = ()
    try:
        if report.results:
            opened.store.record(_record(report, lock, build))
            opened.store.forget(keep=KEEP)
        trend = tuple(_point(one) for one in reversed(opened.store.builds(last=TREND)))
    except HistoryError as error:
        warnings.append(f"no history: {error}")
    finally:
        opened.store.close()
    return replace(report, warnings=tuple(warnings), trend=trend)


def _record(report: Report, lock: Lock | None, build: str) -> BuildRecord:
    complete = report.certificate.complete and not report.interrupted
    return BuildRecord(
        build=build,
        started=report.started,
        revision=report.revision,
        branch=report.branch,
        wall=report.wall,
        complete=complete and (lock is None or {job.suite for job in lock.jobs} == set(lock.plan["suites"])),
        observations=[observe(result) for result in report.results],
    )


def _point(build: BuildSummary) -> TrendPoint:
    return TrendPoint(build=build.build, started=build.started, totals=build.totals, duration=build.duration)


def _write(report: Report, out: Path) -> Iterable[Path]:
    """The files, the page last: whoever sees it sees the rest."""
    try:
        yield _put(out / "trend.png", render_trend(report.trend, kind="png", title=report.title))
        yield _put(out / "trend.svg", render_trend(report.trend, kind="svg", title=report.title))
    except MissingPartError:
        pass  # an extra: the page has a trend of its own
    with atomically(out / "junit.xml") as file:
        write_junit(report.results, file)
    yield out / "junit.xml"
    with atomically(out / "results.json") as file:
        file.writelines(stream_json(report))
    yield out / "results.json"
    yield _put(out / "summary.md", render_summary(report).encode("utf-8", "replace"))
    yield _put(out / "report.html", render_html(report))


def _put(path: Path, data: bytes) -> Path:
    write_atomically(path, data)
    return path


def _fingerprint(sources: Sources) -> str:
    """Names a set of results by their content, so that reporting on it twice is remembered once."""
    digest = hashlib.sha256()
    for result in merge(sources.fold.results().values(), sources.results):
        digest.update(
            repr(
                (result.id, [(a.job, a.order, a.outcome.value, a.started, a.duration) for a in result.attempts])
            ).encode()
        )
    return digest.hexdigest()[:12]
