"""The form of a check run: a summary, and annotations in as many requests as it takes.

Source: https://docs.github.com/rest/checks/runs. Limits: 50 annotations in a request, 65,535 **bytes** of a summary,
64 KiB of an annotation's message, 255 characters of its title.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ci_orchestrator.providers.online import Annotation, NativeResults, StatusState

SUMMARY = 65_535
"""Bytes of a summary."""
BATCH = 50
"""Annotations in a request."""
MOST = 500
"""Annotations of a check. Nobody reads more of them, and each 50 take a request of the thousand of an hour."""
MESSAGE = 4_096
"""Bytes of an annotation's message; GitHub takes 64 KiB, of which a page would show as much."""
TITLE = 255
_CUT = "\n…"

CONCLUSIONS: Mapping[StatusState, str] = {
    StatusState.SUCCESS: "success",
    StatusState.FAILURE: "failure",
    StatusState.ERROR: "failure",
    StatusState.PENDING: "neutral",
    StatusState.NEUTRAL: "neutral",
}
STATES: Mapping[str, StatusState] = {
    "success": StatusState.SUCCESS,
    "neutral": StatusState.NEUTRAL,
    "skipped": StatusState.NEUTRAL,
    "cancelled": StatusState.ERROR,
    "stale": StatusState.ERROR,
}
"""Of conclusions that are no failure. Any other, also one that is not known today, counts as one."""


def first(revision: str, results: NativeResults) -> dict[str, Any]:
    """The request that makes a check. It says at once how it ended: if one that follows fails, nothing hangs."""
    made: dict[str, Any] = {"name": results.name, "head_sha": revision, "output": next(outputs(results))}
    if results.status.url:
        made["details_url"] = results.status.url
    if results.status.state is StatusState.PENDING:
        return made | {"status": "in_progress"}
    return made | {"status": "completed", "conclusion": CONCLUSIONS[results.status.state]}


def outputs(results: NativeResults) -> Iterator[dict[str, Any]]:
    """The outputs of the requests, one at least; GitHub adds the annotations of each to those before."""
    shown = {"title": cut(results.title, TITLE) or results.name, "summary": cut(results.summary, SUMMARY)}
    kept = results.annotations[:MOST]
    if not kept:
        yield shown
    for some in _batches(kept):
        yield shown | {"annotations": [_annotation(one) for one in some]}


def cut(text: str, most: int) -> str:
    """As much of a text as has so many bytes in UTF-8."""
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= most:
        return data.decode()
    return data[: most - len(_CUT.encode())].decode("utf-8", "ignore") + _CUT


def _batches(kept: tuple[Annotation, ...]) -> Iterator[tuple[Annotation, ...]]:
    for start in range(0, len(kept), BATCH):
        yield kept[start : start + BATCH]


def _annotation(one: Annotation) -> dict[str, Any]:
    line = max(1, one.line)
    return {
        "path": one.path,
        "start_line": line,
        "end_line": line,
        "annotation_level": "failure" if one.failure else "warning",
        "title": cut(one.title, TITLE),
        "message": cut(one.message, MESSAGE) or "no message",
    }
