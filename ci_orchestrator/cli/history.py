"""``history``: what is remembered of earlier builds, after fetching it from where it is kept between builds."""

from __future__ import annotations

import argparse

from ci_orchestrator.api.project import Project
from ci_orchestrator.api.remembering import fetch_history
from ci_orchestrator.cli.output import Output, printable
from ci_orchestrator.cli.plan import add_plan
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.history.base import BuildSummary
from ci_orchestrator.report.wording import counted, moment

SHOWN = 10
"""Builds that are printed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``ci-orchestrator history --help``."""
    add_plan(parser)
    parser.add_argument(
        "--memory",
        default="",
        metavar="PLACE",
        help="fetch first what is kept there: a folder, branch:NAME, s3://… or postgresql://…",
    )


def run(args: argparse.Namespace) -> ExitCode:
    """Fetch, and print the newest builds; nothing to remember is no failure."""
    output: Output = args.output
    found = fetch_history(Project.at(args.plan), args.memory)
    for warning in found.warnings:
        output.note(f"warning: {printable(warning)}")
    if output.json_wanted:
        output.json({"fetched": found.fetched, "builds": [_fields(one) for one in found.builds]})
        return ExitCode.OK
    if not found.builds:
        output.print("no builds remembered")
        return ExitCode.OK
    output.table(
        [_row(one) for one in found.builds[:SHOWN]],
        header=("begun", "build", "branch", "revision", "tests", "failed", "not proven"),
        right=(4, 5, 6),
    )
    fetched = f", {found.fetched} of them fetched" if args.memory else ""
    output.print(f"{counted(len(found.builds), 'build')} remembered{fetched}")
    return ExitCode.OK


def _row(one: BuildSummary) -> tuple[str, ...]:
    bad = one.totals.failed + one.totals.errored
    texts = (moment(one.started), one.build, one.branch, one.revision[:10])
    return (*map(printable, texts), str(one.totals.tests), str(bad), str(one.totals.not_proven))


def _fields(one: BuildSummary) -> dict[str, object]:
    return {
        "build": one.build,
        "started": one.started,
        "branch": one.branch,
        "revision": one.revision,
        "complete": one.complete,
        "tests": one.totals.tests,
        "failed": one.totals.failed + one.totals.errored,
        "not_proven": one.totals.not_proven,
    }
