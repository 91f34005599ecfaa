"""``run``: plan (or take a lock) and run everything here; or exactly one job of a lock, as a CI job does."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ci_orchestrator.api import wire
from ci_orchestrator.api.execution import Observer
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.reporting import Reported
from ci_orchestrator.api.running import JobRun, resume_project, run_job, run_project
from ci_orchestrator.cli.output import Output, inert, printable
from ci_orchestrator.cli.plan import add_plan, add_selection
from ci_orchestrator.cli.progress import Progress, progress_for
from ci_orchestrator.errors import ExitCode, UserError
from ci_orchestrator.plan.lock import Job, Lock
from ci_orchestrator.report.terminal import render_terminal
from ci_orchestrator.report.wording import counted
from ci_orchestrator.results import events
from ci_orchestrator.results.fold import Status
from ci_orchestrator.results.model import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``ci-orchestrator run --help``."""
    add_plan(parser)
    add_selection(parser)
    parser.add_argument("--workers", type=int, metavar="N", help="how many tests run at once (default: the CPUs)")
    parser.add_argument("--lock", type=Path, metavar="FILE", help="obey this lock instead of planning anew")
    parser.add_argument("--job", metavar="ID", help="with --lock: run exactly this job and leave its bundle")
    parser.add_argument(
        "--attempt",
        type=int,
        metavar="N",
        help="with --job: which try of the job this is (default: as the provider counts)",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="with --job: where the bundle goes")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the last run: run what has no result yet; with --job: run what did not pass in the bundles of "
        "its earlier tries that are there already",
    )
    parser.add_argument("--retry-dead", action="store_true", help="with --resume: give dead letters another try")


def run(args: argparse.Namespace) -> ExitCode:
    """Run, and print what came of it."""
    _check(args)
    output: Output = args.output
    project = Project.at(args.plan)
    watcher = Watcher(progress_for(output), resumed=args.resume)
    with _terminated_like_interrupted(), watcher:
        if args.job:
            done = run_job(
                project,
                args.lock,
                args.job,
                attempt=args.attempt or wire.this_ci(os.environ, project.root, output.out).attempt,
                workers=args.workers,
                resume=args.resume,
                out=args.out,
                observer=watcher,
            )
        elif args.resume:
            reported = resume_project(project, workers=args.workers, retry_dead=args.retry_dead, observer=watcher)
        else:
            reported = run_project(
                project,
                workers=args.workers,
                suites=args.suite,
                groups=args.group,
                lock_file=args.lock,
                observer=watcher,
            )
        watcher.ended(interrupted=done.exit_code is ExitCode.INTERRUPTED if args.job else reported.report.interrupted)
    return _print_job(output, done) if args.job else print_run(output, reported)


class Watcher(Observer):
    """Shows a run on a `Progress` display. `resumed`: it goes on from an earlier one."""

    def __init__(self, progress: Progress, *, resumed: bool = False) -> None:
        self._progress = progress
        self._resumed = resumed
        self._began = False

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.finish()

    def planned(self, lock: Lock, jobs: Sequence[Job]) -> None:
        """See `Observer`."""
        self._progress.start(sum(len(job.tests) for job in jobs), len(jobs), resumed=self._resumed)

    def happened(self, event: events.Event) -> None:
        """See `Observer`."""
        self._began |= isinstance(event, events.TestStarted)
        if isinstance(event, events.TestFinished) and event.outcome in (Outcome.FAILED, Outcome.ERRORED):
            self._progress.line(f"{event.outcome.upper()} {event.test}: {event.message}")
        elif isinstance(event, events.WorkerLost):
            how = event.signal or f"exit code {event.exit_code}"
            self._progress.line(f"worker {event.worker} lost ({how})" + (f" in {event.test}" if event.test else ""))
        elif isinstance(event, events.TestDead):
            self._progress.line(f"NOT PROVEN {event.test}: parked as a dead letter")
        elif isinstance(event, events.GateDecided):
            self._progress.line(f"GATE {event.stage}: {event.verdict.value}: {event.why}")

    def pulse(self, status: Status, running: Mapping[str, str]) -> None:
        """See `Observer`."""
        self._progress.update(status.done, status.failed, status.flaky, status.lost, list(running.values()))

    def ended(self, *, interrupted: bool) -> None:
        """All that there was to run has been run, or the user stopped it."""
        if self._resumed and not self._began and not interrupted:
            self._progress.line("nothing was left to run")


def print_run(output: Output, reported: Reported) -> ExitCode:
    """What came of a run that was made here; one that was interrupted can go on."""
    code = print_report(output, reported)
    if reported.report.interrupted and not output.json_wanted:
        output.print("to go on where it stopped: ci-orchestrator run --resume")
    return code


def print_report(output: Output, reported: Reported) -> ExitCode:
    """The summary (or the JSON) of a report; returns its exit code."""
    report = reported.report
    page = output.near(reported.out / "report.html")
    if output.json_wanted:
        totals = report.totals
        output.json(
            {
                "exit_code": int(report.exit_code),
                "complete": report.certificate.complete,
                "certified": report.certificate.certified,
                "interrupted": report.interrupted,
                "gates": {gate.stage: gate.verdict and gate.verdict.value for gate in report.gates},
                "final_gates": {gate.name: gate.verdict.value for gate in report.quality},
                "totals": {
                    name: getattr(totals, name)
                    for name in ("tests", "passed", "failed", "errored", "skipped", "not_proven", "flaky", "runs")
                },
                "missing": list(report.certificate.missing),
                "duplicate": list(report.certificate.duplicate),
                "unexpected": list(report.certificate.unexpected),
                "dead": list(report.certificate.dead),
                "warnings": list(report.warnings),
                "wall": report.wall,
                "report": str(reported.out),
            }
        )
    else:
        width = min(shutil.get_terminal_size((100, 24)).columns, 120)
        summary = render_terminal(report, width=width, colour=output.colored(output.out), location=str(page))
        output.print(inert(summary.removesuffix("\n")))
    return report.exit_code


def _print_job(output: Output, done: JobRun) -> ExitCode:
    totals = done.totals
    for warning in done.warnings:
        output.note(f"warning: {warning}")
    if output.json_wanted:
        counts = {one.value: sum(result.outcome is one for result in done.results) for one in Outcome}
        output.json({"bundle": str(done.bundle), "exit_code": int(done.exit_code), "outcomes": counts})
        return done.exit_code
    for result in done.results:
        if result.outcome not in (Outcome.PASSED, Outcome.SKIPPED):
            output.print(printable(f"{result.outcome.upper()} {result.id}: {result.reason or _message(result.last)}"))
    output.print(
        f"{counted(totals.tests, 'test')}: {totals.passed} passed, {totals.failed} failed, {totals.errored} errored, "
        f"{totals.skipped} skipped, {totals.not_proven} not proven"
    )
    output.print(f"bundle {printable(str(output.near(done.bundle)))}")
    return done.exit_code


def _message(attempt: object) -> str:
    return str(getattr(attempt, "message", ""))


def _check(args: argparse.Namespace) -> None:
    """Options that only make sense together."""
    if args.job and not args.lock:
        raise UserError("--job needs --lock FILE", fix="ci-orchestrator plan --lock-out plan.lock.json")
    if args.resume and not args.job and (args.lock or args.suite or args.group):
        raise UserError("--resume goes on with the last run as it was", fix="leave out --lock, --suite and --group")
    if args.lock and (args.suite or args.group):
        raise UserError("a lock says what to run", fix="leave out --suite and --group, or make a lock with them")
    if not args.job and (args.attempt is not None or args.out):
        raise UserError("--attempt and --out go with --job", fix="name the job, or leave them out")
    if args.attempt is not None and args.attempt < 1:
        raise UserError("--attempt counts from 1", fix="--attempt 2 for the first re-run")
    if args.retry_dead and (args.job or not args.resume):
        raise UserError(
            "--retry-dead goes with --resume, for a whole run", fix="ci-orchestrator run --resume --retry-dead"
        )


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """A CI system that cancels a job sends SIGTERM: stop as cleanly as for Ctrl-C."""

    def interrupt(_signum: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
