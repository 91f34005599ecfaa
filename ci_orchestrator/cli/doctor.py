"""``doctor``: what works here, what is missing, and how to get it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from ci_orchestrator.api.checkup import Check, State
from ci_orchestrator.api.doctor import diagnose, verdict
from ci_orchestrator.cli.output import Output, printable
from ci_orchestrator.errors import ExitCode

_STYLES: Mapping[State, str] = {
    State.OK: "green",
    State.WARNING: "yellow",
    State.MISSING: "red",
    State.UNKNOWN: "cyan",
    State.LATER: "dim",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing of its own."""
    parser.description = (
        f"{parser.description} In a build, and in a clone of a repository at a provider, that is asked what the token "
        "may do; nothing is written. Exits with 2 while something that is required is missing."
    )


def run(args: argparse.Namespace) -> ExitCode:
    """Look, and print one line for each thing looked at."""
    output: Output = args.output
    checks = diagnose(Path())
    if args.json:
        output.json({"checks": [asdict(check) for check in checks], "exit_code": int(verdict(checks))})
    else:
        _print(output, checks)
    return verdict(checks)


def _print(output: Output, checks: Sequence[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        state = output.style(f"{check.state:<7}", _STYLES[check.state])
        output.print(f"{state}  {printable(f'{check.name:<{width}}  {check.found}')}")
        if check.remedy:
            output.print(output.style(printable(f"{'':<{width + 9}}  fix: {check.remedy}"), "dim"))
    counted = Counter(check.state for check in checks)
    output.print(", ".join(f"{counted[state]} {state}" for state in State if counted[state]))
