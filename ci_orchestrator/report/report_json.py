"""``results.json``: the whole report as JSON, and back.

One result a line, so that it is written and read as a stream by other tools and compared by line. What has its default
value is left out. Pure ASCII: any text of a test, lone surrogates too, comes back as it was.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields
from functools import cache
from itertools import islice
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results.report import Report

FORMAT = "ci-orchestrator/report"
VERSION = 1

_LISTS = ("results", "jobs", "timeline", "trend")
_CHUNK = 1000
_SCALARS = (str, int, float)
_SHAPES: dict[type[Any], tuple[tuple[str, object], ...]] = {}
_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


def render_json(report: Report) -> bytes:
    """The report as one JSON document. Times that are no finite numbers are written as 0: unknown."""
    return b"".join(stream_json(report))


def stream_json(report: Report) -> Iterator[bytes]:
    """`render_json` in pieces, for reports that are too large to hold twice."""
    head = {"format": FORMAT, "version": VERSION, **_plain(report, without=_LISTS)}
    yield _line(head).removesuffix("}").encode()
    for name in _LISTS:
        yield f',\n"{name}":['.encode()
        yield from _rows(getattr(report, name))
        yield b"]"
    yield b"}\n"


def load_report(content: bytes) -> Report:
    """The report of `render_json`. Raises `ResultsError` when it is none, or was written by a newer version."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"not a report: {error}", fix="give the results.json that a report wrote") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ResultsError(f"not a report: no format {FORMAT!r}", fix="give the results.json that a report wrote")
    if document.get("version") != VERSION:
        raise ResultsError(
            f"a report of version {document.get('version')!r}; this version reads {VERSION}",
            fix="read it with the version of ci-orchestrator that wrote it, or a newer one",
        )
    try:
        return _adapter().validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ResultsError(f"a damaged report: {place}: {first['msg']}", fix="make the report again") from None


def report_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``results.json``."""
    schema = _adapter().json_schema()
    head = {"format": {"const": FORMAT}, "version": {"const": VERSION}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "properties": {**head, **schema["properties"]},
        "required": [*head, *schema["required"]],
    }


@cache
def _adapter() -> TypeAdapter[Report]:
    return TypeAdapter(Report)


def _rows(values: Iterable[object]) -> Iterator[bytes]:
    between = "\n"
    rows = iter(values)
    while chunk := list(islice(rows, _CHUNK)):
        yield (between + ",\n".join(_line(_plain(value)) for value in chunk)).encode()
        between = ",\n"


def _line(value: dict[str, Any]) -> str:
    try:
        return _encode(value)
    except ValueError:  # NaN or an infinity: rare enough to look for it only now
        return _encode(_finite(value))


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return 0.0 if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: object, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """A dataclass as a dict, without what has its default."""
    kind: type[Any] = type(value)
    plain: dict[str, Any] = {}
    for name, default in _shape(kind):
        one = getattr(value, name)
        if one != default and name not in without:
            plain[name] = one if isinstance(one, _SCALARS) else _nested(one)
    return plain


def _shape(kind: type[Any]) -> tuple[tuple[str, object], ...]:
    """The fields of a dataclass, each with its default."""
    shape = _SHAPES.get(kind)
    if shape is None:
        shape = _SHAPES[kind] = tuple(
            (field.name, field.default if field.default_factory is MISSING else field.default_factory())
            for field in fields(kind)
        )
    return shape


def _nested(value: object) -> object:
    if isinstance(value, tuple):
        return [_nested(inner) for inner in value]
    return value if value is None or isinstance(value, _SCALARS) else _plain(value)
