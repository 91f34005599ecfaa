"""``gate``: decide whether the stage after this one may start."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path

from ci_orchestrator.api import wire
from ci_orchestrator.api.gating import gate_stage
from ci_orchestrator.api.project import Project
from ci_orchestrator.cli.output import Output, printable
from ci_orchestrator.cli.plan import add_plan
from ci_orchestrator.errors import ExitCode, UserError
from ci_orchestrator.report.gates import sentence, symbol


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``ci-orchestrator gate --help``."""
    add_plan(parser)
    parser.add_argument("--stage", required=True, metavar="STAGE", help="the stage to judge, such as kernels-10")
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="bundles, or directories with bundles (default: what `run --job` left here)",
    )
    parser.add_argument(
        "--lock", type=Path, metavar="FILE", help="the lock that the jobs obeyed (default: the last here)"
    )
    parser.add_argument(
        "--attempt", type=int, metavar="N", help="which try of the gate this is (default: as the provider counts)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the gate's bundle goes")


def run(args: argparse.Namespace) -> ExitCode:
    """Decide; exits by the verdict."""
    if args.attempt is not None and args.attempt < 1:
        raise UserError("--attempt counts from 1", fix="--attempt 2 for the first re-run")
    output: Output = args.output
    project = Project.at(args.plan)
    gated = gate_stage(
        project,
        args.stage,
        args.paths,
        lock_file=args.lock,
        attempt=args.attempt,
        out=args.out,
        ci=wire.this_ci(os.environ, project.root, output.err if output.json_wanted else output.out),
    )
    for warning in gated.warnings:
        output.note(f"warning: {warning}")
    if output.json_wanted:
        decision = asdict(gated.decision)
        output.json({**decision, "exit_code": int(gated.exit_code), "bundle": str(gated.bundle)})
    else:
        output.print(printable(f"{symbol(gated.decision)} {sentence(gated.decision)}"))
        output.print(f"bundle {printable(str(output.near(gated.bundle)))}")
    return gated.exit_code
