"""What GitHub would evaluate: its expressions, and how a plan's texts are kept from being one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from ci_orchestrator.plan.pipeline import refuse
from ci_orchestrator.providers.github.limits import LIMITS
from ci_orchestrator.providers.shell import commands

LINE = 90
"""Characters of a condition that stay on one line."""
_OPENS = "${{"


def text(value: str) -> str:
    """A plan's text where GitHub evaluates expressions: it comes out as it is."""
    return value.replace(_OPENS, "${{ '${{' }}")


def plain(value: str) -> str:
    """A plan's text where GitHub refuses expressions, such as a workflow's name: readable, and not one."""
    return value.replace(_OPENS, "$ {{")


def quoted(value: str) -> str:
    """A plan's text as a literal within an expression."""
    return "'" + value.replace("'", "''") + "'"


def script(lines: Sequence[Sequence[str]]) -> str:
    """Commands for ``run``, quoted for the shell, without anything that GitHub would evaluate before the shell sees it.

    `shlex.join` puts single quotes around every ``$``, so a quote can be closed and opened again in the middle.
    """
    return "\n".join(line.replace(_OPENS, "$''{{") for line in commands(lines)) + "\n"


def condition(parts: Sequence[str]) -> str:
    """All of `parts`, one a line where a line is too short. Raises `PlanError` when GitHub would not read that much."""
    line = " && ".join(parts)
    whole = line if len(line) <= LINE else "\n&& ".join(parts)
    if len(whole) > LIMITS["expression"]:
        refuse(
            LIMITS,
            "expression",
            len(whole),
            "a job waits for too many others",
            ("fewer suites under `needs`", "fewer `shards` of those", "several plans, each with a pipeline of its own"),
        )
    return whole


def hash_files(paths: Iterable[str]) -> str:
    """The expression that is a hash over the content of files. Raises `PlanError` when it is too long."""
    whole = f"hashFiles({', '.join(map(quoted, paths))})"
    if len(whole) > LIMITS["expression"]:
        refuse(
            LIMITS,
            "expression",
            len(whole),
            "a cache has too long a `key`",
            ("name fewer files", "name one file that changes with the others", "leave `key` empty"),
        )
    return whole


def compact(value: object) -> str:
    """JSON on one line, with nothing in it but ASCII."""
    return json.dumps(value, separators=(",", ":"))
