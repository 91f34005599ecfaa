"""What Azure would evaluate: ``${{ }}`` when it reads the file, ``$(…)`` when an agent starts a step; and conditions.

An agent replaces ``$(name)`` in inputs and in variables of a step by a variable of the pipeline, then by one of its own
environment; a secret, or the access token, would be put in. No text of a plan may ask for that.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from ci_orchestrator.errors import PlanError
from ci_orchestrator.providers.shell import commands

_LINE = 100
"""Characters of a condition that stay on one line."""
_TEMPLATE = "${{"
_MACRO = "$("
_RUNTIME = "$["


def text(value: str) -> str:
    """A plan's text without a macro, where Azure evaluates ``${{ }}`` alone: it comes out as it is."""
    return value.replace(_TEMPLATE, "${{ '${{' }}")


def plain(value: str, what: str) -> str:
    """A plan's text where nothing can keep Azure from evaluating it. Raises `PlanError` if it would."""
    if found := next((sign for sign in (_MACRO, _TEMPLATE, _RUNTIME) if sign in value), None):
        raise PlanError(f"{what} has {found!r}, which Azure Pipelines would evaluate", fix="write it without that")
    return value


def has_macro(value: str) -> bool:
    """Whether an agent would look for a variable's name in it."""
    return _MACRO in value


def script(lines: Sequence[Sequence[str]]) -> list[str]:
    """Commands, quoted for the shell, without anything that Azure would evaluate before the shell sees it.

    `shlex.join` puts single quotes around every ``$``, so a quote can be closed and opened again in the middle.
    """
    return [_apart(line) for line in commands(lines)]


def exports(values: Mapping[str, str]) -> list[str]:
    """Lines of shell that set variables which a step's ``env`` cannot: their values have macros."""
    return [f"export {name}={_apart(shlex.quote(value))}" for name, value in values.items() if has_macro(value)]


def unset_missing(secrets: Mapping[str, str]) -> list[str]:
    """Lines of shell, by name in the environment the variable that it is from: one that the run does not have, as in a
    fork's, is not the text ``$(VARIABLE)``.
    """
    return [
        f'if [ "${name}" = {_apart(shlex.quote(f"$({variable})"))} ]; then unset {name}; fi'
        for name, variable in secrets.items()
    ]


def every(parts: Sequence[str]) -> str:
    """The condition that all of these hold, one a line where a line is too short."""
    line = f"and({', '.join(parts)})"
    if len(line) <= _LINE:
        return line
    inside = ",\n".join(f"  {part}" for part in parts)
    return f"and(\n{inside}\n)"


def some(parts: Sequence[str]) -> str:
    """The condition that one of these holds, on one line."""
    return parts[0] if len(parts) == 1 else f"or({', '.join(parts)})"


def succeeded(jobs: Sequence[str]) -> str:
    """All of these jobs passed; a step of theirs may have had trouble, such as a publication."""
    names = ", ".join(f"'{job}'" for job in jobs)
    return f"succeeded({names})"


def output(job: str, step: str, name: str) -> str:
    """A variable that a step of another job has set."""
    return f"dependencies.{job}.outputs['{step}.{name}']"


def _apart(line: str) -> str:
    return line.replace(_TEMPLATE, "$''{{").replace(_MACRO, "$''(").replace(_RUNTIME, "$''[")
