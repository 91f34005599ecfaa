"""``report``: merge bundles and result files, prove that nothing is missing, compare, judge, write the report."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ci_orchestrator.api import wire
from ci_orchestrator.api.against import Against
from ci_orchestrator.api.delivery import Delivery, deliver
from ci_orchestrator.api.links import with_links
from ci_orchestrator.api.project import Project
from ci_orchestrator.cli.output import Output, printable
from ci_orchestrator.cli.plan import add_plan
from ci_orchestrator.cli.run import print_report
from ci_orchestrator.errors import ExitCode, UserError, worst


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``ci-orchestrator report --help``."""
    add_plan(parser)
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="bundles, directories with bundles or result files, or files about tests, coverage or benchmarks "
        "(default: with --lock what `run --job` left of it here, else the last run here)",
    )
    parser.add_argument("--lock", type=Path, metavar="FILE", help="hold the results against this lock")
    parser.add_argument("--base", type=Path, metavar="FILE", help="results.json of the build to compare with")
    parser.add_argument("--diff", type=Path, metavar="FILE", help="the change, as `git diff BASE...HEAD` writes it")
    parser.add_argument("--gate", action="store_true", help="the plan's final gates decide the exit code")
    parser.add_argument(
        "--check",
        action="append",
        default=[],
        metavar="NAME=STATUS",
        help="how another check of the build ended, such as lint=success; repeat it for several",
    )
    parser.add_argument(
        "--link",
        action="append",
        default=[],
        metavar="KIND=URL",
        help="where things can be opened: source ({path} and {line} stand in it), build, report, artifacts or images",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the report goes")
    online = parser.add_argument_group("in a build of a provider")
    online.add_argument(
        "--publish",
        action="store_true",
        help="collect the build's bundles (without PATH), and tell the forge: a status, results, one comment",
    )
    when = online.add_mutually_exclusive_group()
    when.add_argument(
        "--only-on-change",
        dest="when",
        action="store_const",
        const="changed",
        help="comment only when something changed against the base, or is not green",
    )
    when.add_argument(
        "--on-failure",
        dest="when",
        action="store_const",
        const="failure",
        help="comment only when something is not green; a comment that is there is brought up to date in any case",
    )
    online.add_argument(
        "--forge",
        default="",
        metavar="KIND=URL",
        help="the repository where the change lives, such as github=https://github.example.com/owner/name "
        "(default: as the build or the git remote tells)",
    )
    online.add_argument("--host", default="", metavar="KIND=URL", help="where the build ran, in the same way")
    online.add_argument(
        "--build", default="", metavar="ID", help="the build to collect from and to tell of (default: this one)"
    )
    online.add_argument(
        "--memory",
        default="",
        metavar="PLACE",
        help="where the history is kept between builds: a folder, branch:NAME, s3://… or postgres://…",
    )


def run(args: argparse.Namespace) -> ExitCode:
    """Report; exits by the results, or with --gate by the final gates."""
    _check(args)
    output: Output = args.output
    against = Against.of(base=args.base, diff=args.diff, checks=args.check, gate=args.gate)
    project = Project.at(args.plan)
    ci = wire.this_ci(os.environ, project.root, output.err if output.json_wanted else output.out)
    delivered = deliver(
        project,
        args.paths,
        Delivery(
            publish=args.publish,
            when=args.when,
            forge=args.forge,
            host=args.host,
            build=args.build,
            memory=args.memory,
        ),
        os.environ,
        lock_file=args.lock,
        out=args.out,
        against=against,
        links=with_links(ci.links, args.link),
        ci=ci,
    )
    code = print_report(output, delivered.reported)
    for line in delivered.posted.said:
        output.note(printable(line))
    for line in delivered.posted.refused:
        output.note(f"refused: {printable(line)}")
    for line in delivered.took:
        output.note(line)
    return worst([code, delivered.posted.exit_code])


def _check(args: argparse.Namespace) -> None:
    """Options that mean nothing without --publish."""
    when = {"changed": "--only-on-change", "failure": "--on-failure"}
    given = [option for option in ("--forge", "--host", "--build") if getattr(args, option.removeprefix("--"))]
    given += [when[args.when]] if args.when else []
    if given and not args.publish:
        fix = f"add --publish, or leave {'it' if len(given) == 1 else 'them'} out"
        raise UserError(f"without --publish nothing is asked or told, and {', '.join(given)} does nothing", fix=fix)
