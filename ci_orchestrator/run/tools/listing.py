"""The ids of the command tool: what a list command may print, and how it becomes ``path::name`` and back.

One id a line, exactly as printed, without the end of the line; empty lines mean nothing. An id that contains ``::`` is
``path::name`` already. Any other has no path: it stands under ``-``, as in ``boot::-::smoke``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ci_orchestrator.errors import DiscoveryError

ID_LIMIT = 4_000
"""Characters of one id: an argument, a part of a file name and a line in every report."""

COUNT_LIMIT = 1_000_000

_NO_PATH = "-::"
_UNCLEAN = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_POINTER = 8
_HEADROOM = 4_096


def parse_list(output: bytes) -> tuple[str, ...]:
    """The tests that a list command printed, as ``path::name``, in its order.

    Raises `DiscoveryError`, with the line's number, for what cannot be an id, and for an id that comes twice.
    """
    seen: dict[str, int] = {}
    lines = (line.removesuffix(b"\r") for line in output.split(b"\n"))
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        test = to_test(_checked(line, number))
        if test in seen:
            raise DiscoveryError(
                f"line {number} of the list repeats the test of line {seen[test]}: {_shown(to_listed(test))}",
                fix="print every id once",
            )
        if len(seen) == COUNT_LIMIT:
            raise DiscoveryError(f"the list has more than {COUNT_LIMIT:,} tests", fix="divide the suite")
        seen[test] = number
    return tuple(seen)


def _checked(line: bytes, number: int) -> str:
    try:
        listed = line.decode("utf-8")
    except UnicodeDecodeError:
        raise DiscoveryError(f"line {number} of the list is not UTF-8", fix="print ids in UTF-8") from None
    if len(listed) > ID_LIMIT:
        raise DiscoveryError(f"line {number} of the list is over {ID_LIMIT} characters", fix="print one id a line")
    if _UNCLEAN.search(listed):
        raise DiscoveryError(
            f"line {number} of the list has a control character: {_shown(listed)}", fix="print ids without any"
        )
    if listed.startswith(_NO_PATH):
        raise DiscoveryError(
            f"line {number} of the list begins with `{_NO_PATH}`, which stands for a missing path: {_shown(listed)}",
            fix="rename the test",
        )
    return listed


def to_test(listed: str) -> str:
    """A listed id as ``path::name``."""
    return listed if "::" in listed else _NO_PATH + listed


def to_listed(test: str) -> str:
    """The id as it was listed: what the run command is handed, and what reports are compared with."""
    return test.removeprefix(_NO_PATH)


def _shown(text: str) -> str:
    return repr(text[:200])


def argument_room(fixed: Sequence[str], env: Mapping[str, str]) -> int:
    """Bytes of arguments that fit beside the command's own and its environment (execve(2), half of ARG_MAX)."""
    used = sum(_cost(text) for text in fixed) + sum(_cost(f"{key}={value}") for key, value in env.items())
    limit = os.sysconf("SC_ARG_MAX") // 2 if hasattr(os, "sysconf") else 30_000  # Windows: 32,767 characters
    return limit - used - _HEADROOM


def split_batches(tests: Iterable[str], room: int) -> Iterator[list[str]]:
    """`tests` in order, in as few runs as `room` bytes of arguments allow; never an empty one."""
    batch: list[str] = []
    left = room
    for test in tests:
        cost = _cost(to_listed(test))
        if batch and cost > left:
            yield batch
            batch, left = [], room
        batch.append(test)
        left -= cost
    if batch:
        yield batch


def _cost(argument: str) -> int:
    return len(argument.encode("utf-8", "surrogateescape")) + 1 + _POINTER
