"""Every command in one table: what `--help` needs, and the module to import when the command is really used.

A command is one module of this package with ``add_arguments(parser)`` and ``run(args) -> ExitCode``. This table is
one of the two lazy doors of the product: listing the commands imports none of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command. `examples`: (what to type after ``ci-orchestrator``, what it does).

    `data`: it prints data, and so takes ``--json``; its module then finds `args.json`.
    """

    name: str
    help: str
    examples: tuple[tuple[str, str], ...]
    data: bool = True

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's own arguments (imports its module)."""
        self._attribute("add_arguments")(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Do it; returns the exit code (imports its module)."""
        code: int = self._attribute("run")(args)
        return code

    def _attribute(self, name: str) -> Callable[..., int]:
        found: Callable[..., int] = getattr(import_module(f"ci_orchestrator.cli.{self.name}"), name)
        return found


COMMANDS: tuple[Command, ...] = (
    Command(
        name="init",
        help="write a commented testplan.yaml for the project you stand in",
        examples=(
            ("init", "look at this project and write testplan.yaml"),
            ("init --provider gitlab", "write the plan, and the pipeline that runs it on GitLab"),
            ("init --template gpu --provider github", "begin with a starter plan: GPU and CPU runners"),
            ("init --demo demo", "write a small example project to play with"),
        ),
    ),
    Command(
        name="plan",
        help="show the jobs, their estimates, the gap to the lower bound, and why",
        examples=(
            ("plan", "discover the tests and show the plan"),
            ("plan --lock-out plan.lock.json", "write the decision down, for CI jobs to obey"),
            ("plan --provider github --out .github/workflows/tests.yml", "render the plan as a native pipeline"),
            ("plan --provider github --check", "fail when the committed pipeline is not the plan's"),
        ),
    ),
    Command(
        name="run",
        help="plan (or take a lock) and run everything on this machine",
        examples=(
            ("run --workers 4", "run all tests, four at a time"),
            ("run --lock plan.lock.json --job unit_1", "run exactly one job, as CI does"),
            ("run --resume", "go on after an interruption"),
        ),
    ),
    Command(
        name="gate",
        help="decide, between the stages of a canary, whether the next one may start",
        examples=(
            ("gate --stage kernels-10", "judge the stage by the bundles that its jobs left here"),
            ("gate --stage kernels-10 bundles --lock plan.lock.json", "the same, from anywhere"),
        ),
    ),
    Command(
        name="report",
        help="merge results, prove that none is missing, and write the report",
        examples=(
            ("report", "report on the last run"),
            ("report results/ --lock plan.lock.json --out report", "report on bundles that CI jobs left"),
        ),
    ),
    Command(
        name="runners",
        help="list the provider's runners, and say which of the plan's jobs would wait for ever",
        examples=(
            ("runners --host gitlab=https://gitlab.com/group/name", "ask GitLab, with the token of GITLAB_TOKEN"),
        ),
    ),
    Command(
        name="history",
        help="say what is remembered of earlier builds, and fetch it from where it is kept",
        examples=(
            ("history", "the newest builds that are known here"),
            ("history --memory branch:test-history", "fetch first what CI keeps on that branch"),
        ),
    ),
    Command(
        name="explain",
        help="say where a test or a job is, why there, and how it fared",
        examples=(("explain unit::tests/test_cart.py::test_total", "one test: its job, its history"),),
    ),
    Command(
        name="doctor",
        help="say what works on this machine, what is missing, and how to get it",
        examples=(("doctor", "check this machine and this project"),),
    ),
    Command(
        name="completion",
        help="print the completion script of a shell",
        examples=(("completion bash", "print it; the help says where to put it"),),
        data=False,
    ),
)

BY_NAME: dict[str, Command] = {command.name: command for command in COMMANDS}
