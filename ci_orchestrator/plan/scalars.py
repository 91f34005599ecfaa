"""Values that a plan writes as text: durations, priorities, commands, and paths that stay inside the project."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise

from ci_orchestrator.capabilities.units import RefusedError, shown

_UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_NUMBER = r"([0-9]{1,9}(?:\.[0-9]{1,6})?)"
DURATION_PATTERN = "^(?=.)" + "".join(f"(?:{_NUMBER}{unit})?" for unit in _UNITS) + "$"
LONGEST = 3650 * 86_400.0
_DURATION = re.compile(DURATION_PATTERN)

PRIORITIES = {"low": -10, "normal": 0, "high": 10}

PLACEHOLDER = "{tests}"
_SHELL = frozenset({"|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1"})

# The same values as JSON Schema, for editors. What a pattern cannot say (a duration of zero) only the parser refuses.
DURATION_SCHEMA: dict[str, object] = {
    "title": "duration",
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST},
        {"type": "string", "pattern": DURATION_PATTERN},
    ],
}
PRIORITY_SCHEMA: dict[str, object] = {
    "title": "priority",
    "anyOf": [{"enum": list(PRIORITIES)}, {"type": "integer", "minimum": -100, "maximum": 100}],
}
COMMAND_SCHEMA: dict[str, object] = {
    "title": "command",
    "anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
}
RUN_COMMAND_SCHEMA: dict[str, object] = {
    "title": "command",
    "anyOf": [
        {"type": "string", "pattern": r"\{tests\}"},
        {
            "type": "array",
            "items": {"type": "string"},
            "contains": {"const": PLACEHOLDER},
            "maxContains": 1,
            "minItems": 2,
        },
    ],
}

# No escape (`..`), no absolute path, nothing that a tool could take for an option, no control characters.
PATH_PATTERN = r"^(?![/~-])(?!.*\\)(?!(?:.*/)?\.\.(?:/|$))[^\u0000-\u001f\u007f]+$"
_PATH = re.compile(PATH_PATTERN)


def parse_duration(value: object) -> float:
    """Seconds of ``30m``, ``1h30m``, ``2d``, ``200ms``; a bare number is seconds. More than zero, at most ten years."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value) if abs(value) <= LONGEST else LONGEST + 1
    else:
        seconds = _written_duration(value)
    if not 0 < seconds <= LONGEST:  # also refuses NaN
        raise RefusedError(f"{shown(value)} is not between 1ms and 3650d", "write a duration such as 60s, 30m or 1h30m")
    return seconds


def _written_duration(value: object) -> float:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise RefusedError(
            f"{shown(value)} is not a duration", "write a number and a unit, such as 60s, 30m, 1h30m or 2d"
        )
    parts = zip(match.groups(), _UNITS.values(), strict=True)
    return sum(float(number) * factor for number, factor in parts if number) / 1000


def format_duration(seconds: float) -> str:
    """The shortest text of a duration, to the millisecond: what `parse_duration` reads back."""
    left = round(seconds * 1000)
    text = ""
    for unit, factor in _UNITS.items():
        count, left = divmod(left, factor)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def parse_priority(value: object) -> int:
    """A priority from -100 to 100, or its word: low is -10, normal 0, high 10."""
    if isinstance(value, str) and value in PRIORITIES:
        return PRIORITIES[value]
    if isinstance(value, int) and not isinstance(value, bool) and -100 <= value <= 100:
        return value
    raise RefusedError(
        f"{shown(value)} is not a priority", "write low, normal, high, or a whole number from -100 to 100"
    )


def parse_command(value: object) -> tuple[str, ...]:
    """The argument list of a command: a list as it is, a string split as a shell splits words. No shell ever runs."""
    if isinstance(value, str):
        words = _split(value)
    elif isinstance(value, (list, tuple)) and all(isinstance(word, str) for word in value):
        words = tuple(value)
    else:
        raise RefusedError(f"{shown(value)} is not a command", "write one line, or a list of strings")
    if not words or not words[0]:
        raise RefusedError("the command is empty", "name a program, such as ./list.sh")
    if any("\0" in word for word in words):
        raise RefusedError("a command cannot contain the character NUL", "remove it")
    return words


def _split(line: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(line))
    except ValueError as error:
        raise RefusedError(f"{shown(line)} cannot be split into words: {error}", "close the quotation") from None
    operators = _SHELL.intersection(words)
    if operators:
        raise RefusedError(
            f"{shown(line)} uses {shown(min(operators))}, but no shell runs it",
            "move it into a script, or write a list of arguments if it is meant literally",
        )
    return words


def check_placeholder(words: tuple[str, ...]) -> tuple[str, ...]:
    """A run command takes its tests where `{tests}` stands, as arguments of their own."""
    if words.count(PLACEHOLDER) != 1:
        raise RefusedError(
            f"the command must contain the argument {PLACEHOLDER} exactly once",
            f"write {PLACEHOLDER} where the test ids belong, such as ./run.sh {PLACEHOLDER}",
        )
    if words[0] == PLACEHOLDER:
        raise RefusedError("a test id cannot be the program", f"begin with a program, such as ./run.sh {PLACEHOLDER}")
    return words


def check_path(path: str) -> str:
    """`path`, when it is relative and stays inside the project."""
    if _PATH.fullmatch(path) is None:
        raise RefusedError(
            f"{shown(path)} is not a path inside the project",
            "write it relative to the project, with '/', without '..', and not beginning with '-' or '~'",
        )
    return path


def parse_shards(value: object) -> object:
    """The mapping that `shards` is short for: a number is a count, `auto` leaves the choice open."""
    if value == "auto":
        return {}
    if isinstance(value, int) and not isinstance(value, bool):
        return {"count": value}
    if isinstance(value, str):
        raise RefusedError(
            f"{shown(value)} is not a number of shards", "write a number, auto, or {target: 8m, max: 20}"
        )
    return value


def check_stages(percents: tuple[int, ...]) -> tuple[int, ...]:
    """Percentages of a suite that grow up to all of it; none for a suite that runs at once."""
    if percents and (percents[-1] != 100 or any(a >= b for a, b in pairwise(percents))):
        raise RefusedError(f"{shown(list(percents))} does not grow to 100", "write it like [10, 25, 50, 75, 100]")
    return percents
