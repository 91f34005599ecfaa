"""YAML to plain values, with the place of every key and value. Hostile input costs a message, never more.

The parser's events are read one by one onto a stack of our own (`builder`), so that depth cannot exhaust Python's or
C's, and what a plan has no use for (tags, anchors, aliases, several documents) is refused where it stands. Plain
scalars follow YAML 1.2's core schema: `no` and `on` are text, `1:30` is text, dates are text.
"""

from __future__ import annotations

import re

import yaml

from ci_orchestrator.errors import PlanError, Where
from ci_orchestrator.plan.builder import Builder, Document

MAX_BYTES = 5_000_000

_BROKEN = "mend the line, or the one above it: indentation, a missing colon or quotation mark"
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def read_document(data: bytes | str, file: str) -> Document:
    """The one document of a YAML file. Raises `PlanError` with every problem that could be told before the first that
    stops the reading, in file order.
    """
    builder = Builder(Document(file))
    try:
        _parse(_text(data, file), builder)
    except PlanError as error:
        builder.problems.append(error)
    if not builder.problems and builder.document.value is None:
        builder.problems.append(
            PlanError("the plan is empty", fix="write `version: 1` and `suites:`", where=Where(file, 1, 1))
        )
    if builder.problems:
        raise together(builder.problems)
    return builder.document


def together(problems: list[PlanError]) -> PlanError:
    """One error of them all, in file order, each said once."""
    unique = {(problem.where, problem.what): problem for problem in problems}
    ordered = sorted(unique.values(), key=_position)
    if len(ordered) == 1:
        return ordered[0]
    return PlanError(f"{len(ordered)} problems", where=ordered[0].where, problems=tuple(ordered))


def _position(problem: PlanError) -> tuple[int, int, str]:
    where = problem.where or Where("")
    return (where.line or 0, where.column or 0, problem.what)


def _parse(text: str, builder: Builder) -> None:
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.feed(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = " ".join(part for part in (error.context, error.problem) if part)[:200]
        fix = "indent with spaces, not tabs" if _begins_with_tab(text, place[0]) else _BROKEN
        raise PlanError(f"this is not YAML: {said}", fix=fix, where=Where(builder.document.file, *place)) from None


def _begins_with_tab(text: str, line: int) -> bool:
    lines = text.splitlines()
    return line <= len(lines) and "\t" in lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]


def _text(data: bytes | str, file: str) -> str:
    size = len(data) if isinstance(data, bytes) else len(data.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise PlanError(
            f"the file has {size} bytes; a plan has at most {MAX_BYTES}", fix="divide the plan", where=Where(file)
        )
    text = data if isinstance(data, str) else _decoded(data, file)
    odd = _UNPRINTABLE.search(text, 1 if text.startswith("\ufeff") else 0)
    if odd:
        what = f"the character {odd[0]!a} is not allowed in YAML"
        raise PlanError(
            what, fix="remove it, or write it as an escape in double quotes", where=_at(text[: odd.start()], file)
        )
    return text.removeprefix("\ufeff")


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        what = f"the byte 0x{data[error.start]:02x} is not UTF-8"
        raise PlanError(what, fix="save the file as UTF-8", where=_at(before, file)) from None


def _at(before: str, file: str) -> Where:
    return Where(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
