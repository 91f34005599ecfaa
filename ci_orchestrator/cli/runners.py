"""``runners``: the runners that the provider reports, and whether the plan's jobs would find one."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict

from ci_orchestrator.api.inventory import ClassChecked, Inventory, idle, take_inventory
from ci_orchestrator.api.project import Project
from ci_orchestrator.cli.output import Output, printable
from ci_orchestrator.cli.plan import add_plan
from ci_orchestrator.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``ci-orchestrator runners --help``."""
    add_plan(parser)
    parser.description = f"{parser.description} Exits with 2 when jobs of a runner class would wait for ever."
    parser.add_argument(
        "--host",
        default="",
        metavar="KIND=URL",
        help="the provider to ask, such as gitlab=https://gitlab.example.com/group/name "
        "(default: as the build or the git remote tells)",
    )


def run(args: argparse.Namespace) -> ExitCode:
    """Ask, and print one line a runner and a runner class."""
    output: Output = args.output
    found = take_inventory(Project.at(args.plan), os.environ, host=args.host)
    if output.json_wanted:
        output.json({**asdict(found), "exit_code": int(found.exit_code)})
    else:
        _print(output, found)
    return found.exit_code


def _print(output: Output, found: Inventory) -> None:
    for one in found.runners:
        where = f" in {one.group}" if one.group else ""
        output.print(printable(f"{one.state:<8} {one.name}{where}: {', '.join(one.labels) or 'no labels'}"))
    output.print(f"{len(found.runners)} runners at {found.provider}, {idle(found.runners)} idle")
    for each in found.classes:
        output.print(printable(f"runner class {each.name}: {_said(each)}"))


def _said(one: ClassChecked) -> str:
    asked = ", ".join(one.labels)
    if one.unchecked:
        return one.unchecked
    if one.fitting:
        return f"{len(one.fitting)} runners have {asked}, {idle(one.fitting)} of them idle"
    if not one.lacking:
        return f"no runner has all of {asked}"
    near = dict(one.near)
    meant = [f"{label} (did you mean {near[label]}?)" if label in near else label for label in one.lacking]
    return f"no runner has {', '.join(meant)}"
