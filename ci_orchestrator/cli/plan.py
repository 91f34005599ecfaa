"""``plan``: the jobs, what they will take, how far that is from the best possible, and why."""

from __future__ import annotations

import argparse
from pathlib import Path

from ci_orchestrator.api.planning import Planned, plan_project
from ci_orchestrator.api.project import PLAN_FILE, Project, writing
from ci_orchestrator.api.views import phase_view, plan_view
from ci_orchestrator.cli.output import Output, printable
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.plan.lock import encode
from ci_orchestrator.report.wording import counted, seconds
from ci_orchestrator.run.bundle import write_atomically
from ci_orchestrator.translate.phases import PHASES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``ci-orchestrator plan --help``."""
    add_plan(parser)
    add_selection(parser)
    parser.add_argument("--workers", type=int, metavar="N", help="processes that collect at once (default: the CPUs)")
    parser.add_argument("--show", choices=PHASES, metavar="PHASE", help=f"print one phase as JSON: {', '.join(PHASES)}")
    parser.add_argument("--lock-out", type=Path, metavar="FILE", help="write the lock there")


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Which plan."""
    parser.add_argument("--plan", default=PLAN_FILE, metavar="FILE", help=f"the test plan (default: {PLAN_FILE})")


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Which part of it."""
    parser.add_argument("--suite", action="append", default=[], metavar="NAME", help="only this suite and its needs")
    parser.add_argument("--group", action="append", default=[], metavar="NAME", help="only this group and its needs")


def run(args: argparse.Namespace) -> ExitCode:
    """Plan and print."""
    output: Output = args.output
    planned = plan_project(Project.at(args.plan), suites=args.suite, groups=args.group, workers=args.workers)
    for warning in planned.warnings:
        output.note(f"warning: {warning}")
    if args.lock_out:
        with writing(args.lock_out):
            write_atomically(args.lock_out, encode(planned.lock))
    if args.show == "lock":
        output.print(encode(planned.lock).decode().removesuffix("\n"))
    elif args.show:
        output.json(phase_view(planned, args.show))
    elif args.json:
        output.json(plan_view(planned))
    else:
        _print(output, planned)
        if args.lock_out:
            output.print(f"lock written to {printable(str(args.lock_out))}")
    return ExitCode.OK


def _print(output: Output, planned: Planned) -> None:
    lock = planned.lock
    rows = [
        (
            str(job.level),
            job.id,
            job.runner,
            str(len(job.tests)),
            seconds(job.seconds),
            ", ".join(need.label.removeprefix("needs:") for need in job.needs),
        )
        for job in lock.jobs
    ]
    output.table(rows, header=("level", "job", "runner", "tests", "estimate", "needs"), right=(0, 3, 4))
    output.print()
    for name, division in planned.schedule.shards.items():
        estimates = planned.schedule.estimates[name]
        known = ", ".join(f"{number} by {source}" for source, number in estimates.counts.items() if number)
        output.print(
            f"{output.style(name, 'bold')}: {division.why or 'no tests'}; longest {seconds(division.makespan)}, "
            f"lower bound {seconds(division.lower_bound)}, gap {division.gap:.1%}"
        )
        sure = f" ({estimates.confidence:.0%} of the time rests on tests' own history)" if known else ""
        output.print(output.style(f"  estimates: {known or 'none'}{sure}", "dim"))
        for file in division.split:
            output.print(output.style(f"  split: {printable(file)} is longer than a fair share", "dim"))
    total, path = planned.schedule.critical_path
    output.print(f"critical path: {' → '.join(path) or 'none'} ({seconds(total)} with start-up)")
    skipped = lock.skipped_at_collection
    if skipped:
        output.print(f"skipped at collection: {counted(len(skipped), 'module')}")
    output.print(output.style(f"lock {lock.digest}", "dim"))
