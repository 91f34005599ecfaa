"""The use case *report*: collect, merge, certify, compare, remember, judge, and write what people and programs read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ci_orchestrator.api import wire
from ci_orchestrator.api.against import Against
from ci_orchestrator.api.assembly import Material, recall, without_history
from ci_orchestrator.api.bundles import bundles_of
from ci_orchestrator.api.collector import collector_at_rest
from ci_orchestrator.api.outputs import comment_options, write_outputs
from ci_orchestrator.api.project import BUNDLES, LOCK_FILE, Project, read_lock, writing
from ci_orchestrator.api.sources import Sources, gather
from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import ResultsError, UserError, Where
from ci_orchestrator.history.base import BuildRecord, BuildSummary, Each, HistoryError, observe
from ci_orchestrator.plan.lock import Lock, plan_of
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.plan.report_options import ReportOptions
from ci_orchestrator.providers.base import Context
from ci_orchestrator.providers.local.context import read_context, source_of
from ci_orchestrator.report.comment.options import CommentOptions
from ci_orchestrator.report.comment.overriding import template_problems
from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.report import Links, Report, TrendPoint
from ci_orchestrator.run.bundle import find_bundles

TREND = 20
"""Builds that the trend shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The report, the lock that it was held against, if any, and where its files are."""

    report: Report
    out: Path
    files: tuple[Path, ...]
    lock: Lock | None = None


@collector_at_rest()
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
    plan = plan_of(lock)
    sources = Sources(fold=fold, warnings=list(warnings), root=project.root)
    sources.take_kept(find_bundles(root), lock, plan.report.benchmarks)
    sources.take_files(_together(_others(project, plan)), lock)
    material = Material(
        project=project,
        sources=sources,
        lock=lock,
        plan=plan,
        context=read_context(project.root),
        against=Against(),
        otherwise=(started, clock.now()),
        interrupted=interrupted,
    )
    comment = comment_options(plan, project.root, "", sources.warn)
    return _publish(material, comment, build=root.name, out=root / "report", charts=False)


@collector_at_rest()
def report_files(
    project: Project,
    paths: Sequence[Path] | None = None,
    *,
    lock_file: Path | None = None,
    out: Path | None = None,
    against: Against | None = None,
    links: Links | None = None,
    shown_by: str = "",
    context: Context | None = None,
    elsewhere: bool = False,
    clock: Clock | None = None,
    warnings: Sequence[str] = (),
) -> Reported:
    """Report on bundles and result files; with None, on what single jobs of the lock left here (`run_job`), else again
    on the latest run here. With a lock and no results at all, nothing is proven.

    Without a lock the report is uncertified. `against`: what it is held against. `links`: where things can be opened.
    `shown_by`: the provider for which the comment is written. `context`: what was tested, by default what is checked
    out here. `elsewhere`: it is known that something else is checked out here. `warnings`: what went wrong on the way.
    Raises `UserError` and `ResultsError` for what cannot be read.
    """
    clock = clock or wire.system_clock()
    build = ""
    lock = None if lock_file is None else read_lock(lock_file)
    if paths is None:
        paths = bundles_of(lock, project.place / BUNDLES) if lock is not None else ()
        if not paths and (root := _latest_run(project, lock)):
            paths, lock, out = find_bundles(root), lock or read_lock(root / LOCK_FILE), out or root / "report"
            build = root.name
    plan = plan_of(lock) if lock else project.plan_if_any()
    others = _others(project, plan)
    sources = gather(
        paths,
        lock,
        but=out,
        root=project.root,
        others=_together(others),
        benchmarks=_options(plan).benchmarks,
    )
    for warning in warnings:
        sources.warn(warning)
    if not elsewhere:
        sources.take_doubt_of_checkout(source_of(project.root), told=context is not None)
    for glob in sorted(glob for glob, files in others.items() if not files):
        sources.warn(f"nothing matches {glob}, which the plan says other steps write")
    if sources.empty and lock is None:
        raise UserError("there is nothing to report on: no bundle and no result file", fix="name where they are")
    material = Material(
        project=project,
        sources=sources,
        lock=lock,
        plan=plan,
        context=context or read_context(project.root),
        against=against or Against(),
        otherwise=(clock.now(), clock.now()),
        links=links or Links(),
        interrupted=sources.interrupted,
    )
    comment = comment_options(plan, project.root, shown_by, sources.warn)
    return _publish(material, comment, build=build, out=out, charts=True)


def _latest_run(project: Project, lock: Lock | None) -> Path | None:
    """The latest run here; None when a lock is asked about and it was of another. Raises `UserError` for no run."""
    if lock is not None and not project.has_run:
        return None
    root = project.latest_run()
    return root if lock is None or read_lock(root / LOCK_FILE).digest == lock.digest else None


def _options(plan: Plan | None) -> ReportOptions:
    return plan.report if plan else ReportOptions()


def _others(project: Project, plan: Plan | None) -> dict[str, dict[Path, bool]]:
    """By glob of the plan, the files of the project that other steps of the build wrote: each must be readable."""
    options, root = _options(plan), project.root
    found: dict[str, dict[Path, bool]] = {}
    for glob in (*options.results, *options.benchmarks):
        try:
            inside = [path for path in root.glob(glob) if path.is_file() and path.resolve().is_relative_to(root)]
        except OSError as error:
            raise ResultsError(f"cannot be read: {error.strerror}", where=Where(str(error.filename))) from None
        found[glob] = dict.fromkeys(sorted(inside), True)
    return found


def _together(files: dict[str, dict[Path, bool]]) -> dict[Path, bool]:
    return {path: named for each in files.values() for path, named in each.items()}


def _publish(material: Material, comment: CommentOptions, *, build: str, out: Path | None, charts: bool) -> Reported:
    """`build`: its name in the history; empty: it is named by its content, and `out` by it."""
    project = material.project
    report = material.assemble()
    if material.sources.second_hand:
        report = replace(report, certificate=replace(report.certificate, certified=False))
    build = build or f"report-{_fingerprint(report)}"
    out = out or project.state / "reports" / build
    report = _remember(project, report, material, build, keep=_options(material.plan).history.keep)
    report = material.judge(report)
    report = replace(report, warnings=(*report.warnings, *template_problems(report, comment)))
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        files = tuple(write_outputs(report, out, comment, charts=charts))
    return Reported(report=report, out=out, files=files, lock=material.lock)


def _remember(project: Project, report: Report, material: Material, build: str, *, keep: int) -> Report:
    """Ask the history, then put the build into it, but for a fork's, which is not believed later: what is here may be
    carried on. No history is a warning, never a failed build.
    """
    warnings = list(report.warnings)
    report = replace(report, analysis=without_history(report))
    try:
        opened = wire.open_history(project.history_file)
    except UserError as error:
        return replace(report, warnings=(*warnings, f"no history: {error.what}"))
    if opened.warning:
        warnings.append(opened.warning)
    trend: tuple[TrendPoint, ...] = ()
    try:
        report = recall(report, opened.store, build, material.source)
        if report.results and not material.context.fork:
            opened.store.record(_record(report, material, build))
            opened.store.forget(keep=keep)
        trend = tuple(_point(one) for one in reversed(opened.store.builds(last=TREND)))
    except HistoryError as error:
        warnings.append(f"no history: {error}")
    finally:
        opened.store.close()
    return replace(report, warnings=tuple(warnings), trend=trend)


def _record(report: Report, material: Material, build: str) -> BuildRecord:
    lock = material.lock
    complete = report.certificate.complete and not report.interrupted
    return BuildRecord(
        build=build,
        started=report.started,
        revision=material.source,
        branch=report.branch,
        wall=report.wall,
        complete=complete and (lock is None or {job.suite for job in lock.jobs} == set(lock.plan["suites"])),
        coverage=report.coverage.lines.share if report.coverage else None,
        observations=Each(observe, report.results),
    )


def _point(build: BuildSummary) -> TrendPoint:
    return TrendPoint(
        build=build.build,
        started=build.started,
        totals=build.totals,
        duration=build.duration,
        coverage=build.coverage,
    )


def _fingerprint(report: Report) -> str:
    """Names a set of results by their content, so that reporting on it twice is remembered once."""
    digest = hashlib.sha256()
    for one in report.results:
        told = [(tried.job, tried.order, tried.outcome.value, tried.started, tried.duration) for tried in one.attempts]
        digest.update(repr((one.id, told)).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()[:12]
