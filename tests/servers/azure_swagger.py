"""The published description of Azure DevOps' REST API (Swagger 2.0), held against what is asked and answered.

Two things it says otherwise than the service does: lists come as ``{"count": …, "value": […]}``, and the version of
the API may stand in ``Accept`` (https://learn.microsoft.com/azure/devops/integrate/concepts/rest-api-versioning).
Objects are taken as closed: a field that no definition names is a mistake.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema import Draft7Validator
from parts import SHARED
from servers.base import Asked

SPECS = SHARED / "specs" / "azure"
FILES = ("build", "git", "taskAgent", "test")
_VERSION = re.compile(r"7\.1(-preview(\.\d)?)?")
_OPEN = {"PropertiesCollection", "ReferenceLinks", "JObject"}
"""What holds anything, though its definition names some of it."""


@dataclass(frozen=True)
class Operation:
    """One operation; `names`: the parameters of its path; `scopes`: any of them is enough."""

    id: str
    method: str
    path: re.Pattern[str]
    names: tuple[str, ...]
    parameters: Mapping[str, Mapping[str, Any]]
    body: Mapping[str, Any] | None
    answers: Mapping[str, Any]
    scopes: frozenset[str]
    file: str

    def fits(self, asked: Asked, path: str) -> bool:
        required = {name for name, one in self.parameters.items() if one["in"] == "query" and one.get("required")}
        given = {name for name in asked.query if name != "api-version"}
        return bool(self.method == asked.method and self.path.fullmatch(path) and required <= given)


def operation_of(asked: Asked) -> Operation | None:
    """The operation of a request: of those at its path the one that knows most of its parameters."""
    found = [one for one in operations() if one.fits(asked, asked.path)]
    return max(found, key=lambda one: len(set(one.parameters) & set(asked.query)), default=None)


def problems_of_request(one: Operation, asked: Asked) -> Iterator[str]:
    """What is wrong with a request."""
    version = asked.one("api-version") or asked.headers.get("accept", "").partition("api-version=")[2]
    if not _VERSION.fullmatch(version):
        yield f"the version {version!r}"
    for name, values in asked.query.items():
        if name != "api-version":
            yield from _value_problems(name, one.parameters.get(name), values[0])
    match = one.path.fullmatch(asked.path)
    for name, value in zip(one.names, match.groups() if match else (), strict=True):
        yield from _value_problems(name, one.parameters.get(name), value)
    if one.body is None:
        if asked.body:
            yield "a body, where none is known"
    elif one.body.get("format") != "Stream":
        yield from _schema_problems(one.file, one.body, json.loads(asked.body))
    elif not asked.body or not asked.headers.get("content-length"):
        yield "no body of known length"


def problems_of_answer(one: Operation, status: int, value: object) -> Iterator[str]:
    """What is wrong with an answer of success."""
    told = one.answers.get(str(status))
    if told is None:
        yield f"the status {status}"
    elif "schema" in told:
        yield from _schema_problems(one.file, told["schema"], value)


@cache
def operations() -> tuple[Operation, ...]:
    """All operations of the files that we call."""
    return tuple(one for file in FILES for one in _operations(file))


def _operations(file: str) -> Iterator[Operation]:
    document = _document(file)
    for template, methods in [*document["paths"].items(), *document.get("x-ms-paths", {}).items()]:
        path = template.partition("?")[0]
        pattern = re.compile("".join(_piece(piece) for piece in re.split(r"({\w+})", path)))
        for method, told in methods.items():
            every = [
                document["parameters"][p["$ref"].rpartition("/")[2]] if "$ref" in p else p for p in told["parameters"]
            ]
            yield Operation(
                id=told["operationId"],
                method=method.upper(),
                path=pattern,
                names=tuple(re.findall(r"{(\w+)}", path)),
                parameters={
                    one["name"]: one for one in every if one["in"] in ("query", "path") and one["name"] != "api-version"
                },
                body=next((one["schema"] for one in every if one["in"] == "body"), None),
                answers=told["responses"],
                scopes=frozenset(scope for one in told.get("security", ()) for scope in one.get("oauth2", ())),
                file=file,
            )


def _piece(piece: str) -> str:
    """Of a path: parameters are a part each, and the service does not mind case in the rest."""
    return "([^/]+)" if piece.startswith("{") else f"(?i:{re.escape(piece)})"


def _value_problems(name: str, told: Mapping[str, Any] | None, value: str) -> Iterator[str]:
    if told is None:
        yield f"the parameter {name!r}"
        return
    kinds = {"integer": r"-?\d+", "boolean": r"(?i:true|false)"}
    if not re.fullmatch(kinds.get(told["type"], "(?s:.*)"), value):
        yield f"{name}={value!r} is no {told['type']}"
    if "enum" in told and value not in told["enum"]:
        yield f"{name}={value!r} is none of {told['enum']}"


def _schema_problems(file: str, schema: Mapping[str, Any], value: object) -> Iterator[str]:
    validator = Draft7Validator({"definitions": _definitions(file), "allOf": [schema]})
    for error in validator.iter_errors(value):
        yield f"{error.json_path}: {error.message[:300]}"


@cache
def _definitions(file: str) -> dict[str, Any]:
    return {name: _closed(file, name) for name in _document(file)["definitions"]}


def _closed(file: str, name: str) -> dict[str, Any]:
    """A definition with what it inherits, and nothing else allowed."""
    told = _document(file)["definitions"][name]
    if name in _OPEN:
        return {"type": "object"}
    properties = dict(told.get("properties", {}))
    for base in told.get("allOf", ()):
        inherited = _closed(file, base["$ref"].rpartition("/")[2]) if "$ref" in base else base
        properties = inherited.get("properties", {}) | properties
    closed = {key: value for key, value in told.items() if key != "allOf"} | {"properties": properties}
    if properties and "additionalProperties" not in told:
        closed["additionalProperties"] = False
    return closed if properties else told


@cache
def _document(file: str) -> dict[str, Any]:
    return json.loads((SPECS / f"{file}.json").read_text("utf-8-sig"))
