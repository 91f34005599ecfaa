"""``init``: write a first plan, or the example project."""

from __future__ import annotations

import argparse
from pathlib import Path

from ci_orchestrator.api.init import init, init_demo
from ci_orchestrator.api.rendering import providers
from ci_orchestrator.api.templates import CASES
from ci_orchestrator.cli.output import Output, printable
from ci_orchestrator.errors import ExitCode, UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `init` takes."""
    parser.add_argument("--force", action="store_true", help="overwrite what is there")
    parser.add_argument(
        "--provider", choices=providers(), metavar="NAME", help=f"also write its pipeline: {', '.join(providers())}"
    )
    parser.add_argument("--template", choices=sorted(CASES), metavar="CASE", help=f"a starter plan: {', '.join(CASES)}")
    parser.add_argument("--demo", metavar="DIR", help="instead, write the example project to DIR")


def run(args: argparse.Namespace) -> ExitCode:
    """Write, and say what was written."""
    output: Output = args.output
    if args.demo and (args.provider or args.template):
        raise UserError("--demo is a project of its own", fix="leave --provider and --template out")
    if args.demo:
        started = init_demo(Path(args.demo), force=args.force)
    else:
        started = init(Path(), force=args.force, case=args.template, provider=args.provider)
    if args.json:
        output.json(
            {
                "path": str(started.path),
                "suites": started.suites,
                "commented": started.commented,
                "pipeline": [str(path) for path in started.pipeline],
            }
        )
        return ExitCode.OK
    output.print(f"wrote {printable(str(started.path))}: {', '.join(started.suites)}")
    if started.commented:
        output.print(f"as comments: {', '.join(started.commented)}")
    for path in started.pipeline:
        output.print(f"wrote {printable(str(path))}")
    if started.pipeline and not args.template:
        output.note("a CI job installs nothing yet: say how it gets ready under `defaults: setup:`, then render again")
    there = f" -C {printable(args.demo)}" if args.demo else ""
    output.print(output.style(f"next: ci-orchestrator{there} plan", "dim"))
    return ExitCode.OK
