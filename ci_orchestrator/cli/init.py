"""``init``: write a first plan, or the example project."""

from __future__ import annotations

import argparse
from pathlib import Path

from ci_orchestrator.api.init import init, init_demo
from ci_orchestrator.cli.output import Output, printable
from ci_orchestrator.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `init` takes."""
    parser.add_argument("--force", action="store_true", help="overwrite what is there")
    parser.add_argument("--demo", metavar="DIR", help="instead, write the example project to DIR")


def run(args: argparse.Namespace) -> ExitCode:
    """Write, and say what was written."""
    output: Output = args.output
    started = init_demo(Path(args.demo), force=args.force) if args.demo else init(Path(), force=args.force)
    if args.json:
        output.json({"path": str(started.path), "suites": started.suites, "commented": started.commented})
        return ExitCode.OK
    output.print(f"wrote {printable(str(started.path))}: {', '.join(started.suites)}")
    if started.commented:
        output.print(f"as comments: {', '.join(started.commented)}")
    there = f" -C {printable(args.demo)}" if args.demo else ""
    output.print(output.style(f"next: ci-orchestrator{there} plan", "dim"))
    return ExitCode.OK
