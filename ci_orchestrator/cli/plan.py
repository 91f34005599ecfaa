"""``plan``: the jobs, what they will take, how far that is from the best possible, and why; or a pipeline."""

from __future__ import annotations

import argparse
from pathlib import Path

from ci_orchestrator.api.planning import Planned, plan_project
from ci_orchestrator.api.project import Project, writing
from ci_orchestrator.api.rendering import (
    Target,
    all_pinned,
    check_rendered,
    emit_jobs,
    providers,
    render_project,
    write_rendered,
)
from ci_orchestrator.api.views import phase_view, plan_view
from ci_orchestrator.cli.output import Output, printable
from ci_orchestrator.errors import ExitCode, UserError
from ci_orchestrator.plan.expansion import stages_of
from ci_orchestrator.plan.fields import MOST_JOBS
from ci_orchestrator.plan.loading import PLAN_FILE
from ci_orchestrator.plan.lock import encode
from ci_orchestrator.plan.pipeline import Shape
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
    parser.add_argument(
        "--shards",
        action="append",
        default=[],
        type=_pin,
        metavar="STAGE=N",
        help="fix a stage's number of jobs, which a target time leaves open",
    )
    pipeline = parser.add_argument_group("pipelines")
    pipeline.add_argument(
        "--provider",
        choices=providers(),
        metavar="NAME",
        help=f"render a pipeline: {', '.join(providers())}",
    )
    pipeline.add_argument(
        "--shape",
        choices=[shape.value for shape in Shape],
        metavar="SHAPE",
        help="dynamic: its first job plans, with today's history (default); static: it fixes the jobs",
    )
    pipeline.add_argument("--out", type=Path, metavar="PATH", help="write the pipeline there (default: print it)")
    pipeline.add_argument("--force", action="store_true", help="overwrite a file that ci-orchestrator did not render")
    pipeline.add_argument("--check", action="store_true", help="fail when the pipeline at --out is not the plan's")
    pipeline.add_argument(
        "--emit", metavar="FILE", help="in a dynamic pipeline: plan, and hand the jobs to the provider (- prints them)"
    )


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Which plan."""
    parser.add_argument("--plan", default=PLAN_FILE, metavar="FILE", help=f"the test plan (default: {PLAN_FILE})")


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Which part of it."""
    parser.add_argument("--suite", action="append", default=[], metavar="NAME", help="only this suite and its needs")
    parser.add_argument("--group", action="append", default=[], metavar="NAME", help="only this group and its needs")


def run(args: argparse.Namespace) -> ExitCode:
    """Plan and print, or render and write."""
    _check(args)
    if args.check:
        return _check_pipeline(args)
    if args.provider and args.emit is None:
        return _render(args)
    return _plan(args)


def _plan(args: argparse.Namespace) -> ExitCode:
    output: Output = args.output
    project, pins = Project.at(args.plan), dict(args.shards)
    if pins:
        all_pinned(project.plan(), pins)
    planned = plan_project(project, suites=args.suite, groups=args.group, pins=pins, workers=args.workers)
    for warning in planned.warnings:
        output.note(f"warning: {warning}")
    _write_lock(args, planned)
    if args.emit is not None:
        _emit(output, planned, args.provider, args.emit)
    elif args.show == "lock":
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


def _pin(text: str) -> tuple[str, int]:
    """``unit=4`` as (unit, 4)."""
    stage, _, count = text.partition("=")
    digits = count.isascii() and count.isdigit() and len(count) <= len(str(MOST_JOBS))
    if not stage or not digits or not 1 <= int(count) <= MOST_JOBS:
        raise argparse.ArgumentTypeError(f"{text!r} is not like unit=4 (1 to {MOST_JOBS} jobs)")
    return stage, int(count)


def _check(args: argparse.Namespace) -> None:
    """Options that mean nothing without, or beside, another."""
    for option in ("shape", "out", "check", "emit", "force"):
        if getattr(args, option) not in (None, False) and not args.provider:
            raise UserError(f"--{option} is about a provider's pipeline", fix="add --provider NAME")
    if args.provider and (args.suite or args.group or args.show or args.json):
        raise UserError(
            "a pipeline is that of the whole plan", fix="leave out --suite, --group, --show and --json, or --provider"
        )
    emit = args.emit is not None
    alone = args.shape or (emit and args.out) or (args.check and (emit or args.shards or args.lock_out))
    if (args.check or emit) and alone:
        raise UserError(
            f"--{'check' if args.check else 'emit'} takes no other option that changes the pipeline",
            fix="leave the others out: --check reads shape and shards from the file, --emit is for a dynamic pipeline",
        )


def _check_pipeline(args: argparse.Namespace) -> ExitCode:
    output: Output = args.output
    for path in check_rendered(Project.at(args.plan), args.provider, args.out):
        output.print(f"{printable(str(path))} is the plan's")
    return ExitCode.OK


def _render(args: argparse.Namespace) -> ExitCode:
    output: Output = args.output
    project = Project.at(args.plan)
    target = Target(args.provider, Shape(args.shape or Shape.DYNAMIC), args.out)
    pins = dict(args.shards)
    if args.lock_out:
        _write_lock(args, plan_project(project, pins=pins, workers=args.workers))
    rendered = render_project(project, target, pins=pins, workers=args.workers)
    if args.out:
        for path in write_rendered(rendered, target, project, force=args.force):
            output.print(f"wrote {printable(str(path))}")
    elif len(rendered.files) == 1:
        output.print(rendered.files[rendered.main].removesuffix("\n"))
    else:
        raise UserError(
            f"this pipeline has {len(rendered.files)} files: {', '.join(sorted(rendered.files))}", fix="add --out PATH"
        )
    return ExitCode.OK


def _emit(output: Output, planned: Planned, provider: str, place: str) -> None:
    text = emit_jobs(planned, provider)
    if place == "-":
        output.print(text.removesuffix("\n"))
        return
    with writing(Path(place)):
        write_atomically(Path(place), text.encode("utf-8"))
    output.print(f"jobs written to {printable(place)}")


def _write_lock(args: argparse.Namespace, planned: Planned) -> None:
    if args.lock_out:
        with writing(args.lock_out):
            write_atomically(args.lock_out, encode(planned.lock))


def _print(output: Output, planned: Planned) -> None:
    lock = planned.lock
    rows = [
        (
            str(job.level),
            job.id,
            job.runner,
            str(len(job.tests)),
            seconds(job.seconds),
            ", ".join(
                [*(need.label.removeprefix("needs:") for need in job.needs), *([job.after] if job.after else [])]
            ),
        )
        for job in lock.jobs
    ]
    output.table(rows, header=("level", "job", "runner", "tests", "estimate", "needs"), right=(0, 3, 4))
    output.print()
    suite_of = {stage.name: suite.name for suite in planned.plan.suites.values() for stage in stages_of(suite)}
    for name, division in planned.schedule.shards.items():
        estimates = planned.schedule.estimates[suite_of[name]]
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
