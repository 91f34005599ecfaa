"""``report``: merge bundles and result files, prove that nothing is missing, write the report."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ci_orchestrator.api import wire
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.reporting import report_files
from ci_orchestrator.cli.output import Output
from ci_orchestrator.cli.plan import add_plan
from ci_orchestrator.cli.run import print_report
from ci_orchestrator.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``ci-orchestrator report --help``."""
    add_plan(parser)
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="bundles, directories with bundles or result files, or result files "
        "(default: with --lock what `run --job` left of it here, else the last run here)",
    )
    parser.add_argument("--lock", type=Path, metavar="FILE", help="hold the results against this lock")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the report goes")


def run(args: argparse.Namespace) -> ExitCode:
    """Report; exits by the results."""
    output: Output = args.output
    project = Project.at(args.plan)
    ci = wire.this_ci(os.environ, project.root, output.err if output.json_wanted else output.out)
    return print_report(output, report_files(project, args.paths, lock_file=args.lock, out=args.out, ci=ci))
