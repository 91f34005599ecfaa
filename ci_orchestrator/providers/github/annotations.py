"""Results as annotations: commands that a step prints, which GitHub shows at the lines of a change.

GitHub keeps ten of a kind from a step, so the first ones say most, and the last says how many more there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ci_orchestrator.providers.github.limits import LIMITS

Kind = Literal["error", "warning", "notice"]
LONGEST = 4_000
"""Characters of a message: GitHub cuts longer ones."""
LONGEST_TITLE = 255


@dataclass(frozen=True, slots=True)
class Annotation:
    """A message about a test. `file` is relative to the repository; `line` counts from 1, 0 when it is not known."""

    kind: Kind
    title: str
    message: str
    file: str = ""
    line: int = 0


def annotate(annotations: Iterable[Annotation]) -> list[str]:
    """The commands, one a line, of each kind as many as GitHub keeps: in the order in which they came."""
    by_kind: dict[str, list[Annotation]] = {}
    for annotation in annotations:
        by_kind.setdefault(annotation.kind, []).append(annotation)
    return [_command(each) for every in by_kind.values() for each in _bounded(every)]


def _bounded(every: Sequence[Annotation]) -> list[Annotation]:
    most = LIMITS["annotations"]
    if len(every) <= most:
        return list(every)
    left = len(every) - most + 1
    rest = Annotation(every[0].kind, f"… and {left} more", "They are in the summary and in the report.")
    return [*every[: most - 1], rest]


def _command(annotation: Annotation) -> str:
    properties = {"file": annotation.file, "line": str(annotation.line) if annotation.file and annotation.line else ""}
    properties["title"] = annotation.title[:LONGEST_TITLE]
    words = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    message = annotation.message or annotation.title
    return f"::{annotation.kind} {words}::{_data(message[:LONGEST])}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
