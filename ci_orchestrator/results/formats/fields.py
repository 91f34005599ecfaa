"""What a JSON object from outside holds under a name, in the type that its reader expects, or that type's nothing.

Tools differ in what they leave out, and files are hostile: no reader of JSON formats looks into an object by itself.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

from ci_orchestrator.results.formats.text import cut, cut_name, cut_text, visible
from ci_orchestrator.results.model import LONGEST

_ESCAPES = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\\\))")


def plain(text: str) -> str:
    """`text` without colours and other commands to a terminal; what XML cannot carry is made visible."""
    return visible(_ESCAPES.sub("", text) if "\x1b" in text else text)


def string(holder: object, key: str) -> str:
    """The text under `key`, as `plain`, whole."""
    found = holder.get(key) if isinstance(holder, dict) else None
    return plain(found) if isinstance(found, str) else ""


def name(holder: object, key: str) -> str:
    """The text under `key` as a part of a test's name: bounded. Tools also name tests by a number."""
    found = holder.get(key) if isinstance(holder, dict) else None
    if isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)
    return cut_name(string(holder, key))


def number(holder: object, key: str) -> float | None:
    """The finite number under `key`."""
    found = holder.get(key) if isinstance(holder, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        value = float(found)
    except OverflowError:
        return None
    return value if isfinite(value) else None


def seconds(holder: object, key: str, unit: float = 0.001) -> float:
    """The duration under `key`, which is told in `unit` seconds; 0 when there is none that can be true."""
    value = (number(holder, key) or 0.0) * unit
    return value if 0.0 <= value < LONGEST else 0.0


def line(holder: object, key: str = "line") -> int:
    """The number of a line of source under `key`; 0 when there is none."""
    value = number(holder, key) or 0.0
    return int(value) if 0 < value < 1e9 else 0


def members(holder: object, key: str) -> dict[str, Any]:
    """The object under `key`."""
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def elements(holder: object, key: str) -> list[Any]:
    """The array under `key`."""
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, list) else []


def strings(holder: object, key: str) -> list[str]:
    """The texts in the array under `key`, each as `plain`."""
    return [plain(one) for one in elements(holder, key) if isinstance(one, str)]


def explain(text: str) -> tuple[str, str]:
    """`(message, details)` of a text that a test left: its first line, and all of it when it has more; both bounded."""
    whole = text.strip("\r\n")
    first = whole.strip().split("\n", 1)[0].rstrip()
    return cut(first), "" if whole.strip() == first else cut_text(whole)
