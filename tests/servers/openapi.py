"""A published OpenAPI 3.0 document as a judge: does it know this request, and does it promise this answer?

Stricter than a validator of schemas: parameters and fields that the document does not name are wrong, too. Schemas are
followed within the whole document and by the validator that openapi-core uses.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from servers.base import Answer, Asked

_DOCUMENT = "urn:contract"
_METHODS = ("get", "post", "put", "patch", "delete")


class Contract:
    """One document. `problems` of a request or an answer are lines that say what is wrong."""

    def __init__(self, path: Path) -> None:
        self.document: dict[str, Any] = json.loads(path.read_bytes())
        self._registry: Registry[Any] = Registry().with_resource(
            _DOCUMENT, Resource(contents=self.document, specification=DRAFT202012)
        )
        paths = sorted(self.document["paths"], key=lambda path: (path.count("{"), -path.count("/"), path))
        self._patterns = [(self._pattern(path), path) for path in paths]
        self._validators: dict[str, OAS30Validator] = {}

    def operation(self, asked: Asked) -> tuple[str, Mapping[str, str]] | None:
        """``METHOD /template`` of a request, with the values of the path; None for what the document does not know."""
        for pattern, path in self._patterns:
            found = pattern.fullmatch(asked.path)
            if found and asked.method.lower() in self.document["paths"][path]:
                values = zip(re.findall(r"{(.*?)}", path), found.groups(), strict=True)
                return f"{asked.method} {path}", {name: unquote(value) for name, value in values}
        return None

    def request_problems(self, operation: str, values: Mapping[str, str], asked: Asked) -> Iterator[str]:
        """What is wrong with a request."""
        where = self._at(operation)
        told: Mapping[str, Mapping[str, Sequence[str]]] = {
            "path": {name: [value] for name, value in values.items()},
            "query": asked.query,
        }
        known: dict[str, set[str]] = {"path": set(), "query": set()}
        for spec in map(self.resolved, where.get("parameters", [])):
            if spec["in"] not in told:
                continue
            known[spec["in"]].add(spec["name"])
            given = told[spec["in"]].get(spec["name"])
            if given is None:
                if spec.get("required"):
                    yield f"{operation}: without {spec['name']}"
                continue
            for value in given:
                yield from (f"{operation}: {spec['name']}={value!r}: {why}" for why in self._parameter(spec, value))
        for name in sorted(set(asked.query) - known["query"]):
            yield f"{operation}: there is no parameter {name}"
        yield from self._body_problems(operation, where, asked)

    def answer_problems(self, operation: str, answer: Answer) -> Iterator[str]:
        """What is wrong with an answer. Refusals may be any; those that are described have their form."""
        described = self._at(operation)["responses"].get(str(answer.status))
        if described is None:
            if answer.status < 400 and answer.status != 304:
                yield f"{operation}: status {answer.status} is not promised"
            return
        content = self.resolved(described).get("content", {}).get("application/json")
        if content is None:
            return
        yield from self._value_problems(f"{operation} {answer.status}", content["schema"], json.loads(answer.body))

    def example(self, operation: str, status: int = 200) -> Any:
        """A copy of the first example of an answer, less the fields that the document does not know itself."""
        content = self.resolved(self._at(operation)["responses"][str(status)])["content"]["application/json"]
        found = next(iter(content["examples"].values()))
        value = copy.deepcopy(self.resolved(found)["value"])
        for _, around, name in list(self._unknown(content["schema"], value, "$")):
            del around[name]
        return value

    def resolved(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference stands for."""
        while "$ref" in value:
            found: Any = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            value = found
        return value

    def _at(self, operation: str) -> Mapping[str, Any]:
        method, _, path = operation.partition(" ")
        found: Mapping[str, Any] = self.document["paths"][path][method.lower()]
        return found

    def _pattern(self, path: str) -> re.Pattern[str]:
        operations = (self.document["paths"][path].get(method, {}) for method in _METHODS)
        specs = [self.resolved(spec) for operation in operations for spec in operation.get("parameters", [])]
        deep = {spec["name"] for spec in specs if spec.get("x-multi-segment")}
        parts = re.split(r"({.*?})", path)
        return re.compile(
            "".join(
                ("(.+)" if part[1:-1] in deep else "([^/]+)") if part.startswith("{") else re.escape(part)
                for part in parts
            )
        )

    def _parameter(self, spec: Mapping[str, Any], value: str) -> Iterator[str]:
        schema = self.resolved(spec["schema"])
        kinds = {self.resolved(one).get("type") for one in (schema, *schema.get("oneOf", ()))}
        cast: object = value
        if "integer" in kinds and re.fullmatch(r"-?[0-9]+", value):
            cast = int(value)
        elif "boolean" in kinds and value in ("true", "false"):
            cast = value == "true"
        yield from (error.message for error in self._validator(spec["schema"]).iter_errors(cast))

    def _body_problems(self, operation: str, where: Mapping[str, Any], asked: Asked) -> Iterator[str]:
        described = self.resolved(where.get("requestBody", {}))
        if not asked.body:
            if described.get("required"):
                yield f"{operation}: without a body"
            return
        if not described:
            yield f"{operation}: a body that nobody reads"
            return
        if not asked.headers.get("content-type", "").startswith("application/json"):
            yield f"{operation}: a body that does not say that it is JSON"
        yield from self._value_problems(operation, described["content"]["application/json"]["schema"], asked.json())

    def _value_problems(self, where: str, schema: Mapping[str, Any], value: object) -> Iterator[str]:
        told = schema.get("discriminator", {})
        kind = value.get(told["propertyName"]) if told and isinstance(value, dict) else None
        if kind in told.get("mapping", {}):
            schema = {"$ref": told["mapping"][kind]}
        for error in self._validator(schema).iter_errors(value):
            if error.validator == "enum" and error.instance is None and error.schema.get("nullable"):
                continue  # what may be null may be so in an enumeration, too, though null is not in its list
            yield f"{where}: {error.json_path}: {_middle_cut(error.message)}"
        yield from (f"{where}: there is no field {at}" for at, _, _ in self._unknown(schema, value, "$"))

    def _validator(self, schema: Mapping[str, Any]) -> OAS30Validator:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            self._validators[key] = OAS30Validator(
                _absolute(schema), registry=self._registry, format_checker=oas30_format_checker
            )
        return self._validators[key]

    def _unknown(self, schema: Mapping[str, Any], value: object, at: str) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Fields of a value that no part of a schema names: where they are, in what, and their names."""
        if isinstance(value, list):
            for part in self._parts(schema):
                if "items" in part:
                    for number, one in enumerate(value):
                        yield from self._unknown(part["items"], one, f"{at}[{number}]")
        if not isinstance(value, dict):
            return
        parts = list(self._parts(schema))
        if not any("properties" in part for part in parts) or any(part.get("additionalProperties") for part in parts):
            return
        for name, one in value.items():
            named = [part["properties"][name] for part in parts if name in part.get("properties", {})]
            if not named:
                yield f"{at}.{name}", value, name
            else:
                yield from self._unknown({"anyOf": named}, one, f"{at}.{name}")

    def _parts(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        schema = self.resolved(schema)
        yield schema
        for key in ("allOf", "anyOf", "oneOf"):
            for one in schema.get(key, ()):
                yield from self._parts(one)


def _absolute(schema: Any) -> Any:
    """A schema that stands by itself: its references are into the document."""
    if isinstance(schema, dict):
        return {
            key: f"{_DOCUMENT}{one}" if key == "$ref" and isinstance(one, str) else _absolute(one)
            for key, one in schema.items()
        }
    return [_absolute(one) for one in schema] if isinstance(schema, list) else schema


def _middle_cut(text: str) -> str:
    """What a validator says begins with the value, and ends with what is wrong with it."""
    return text if len(text) <= 300 else f"{text[:100]} … {text[-200:]}"


@lru_cache(maxsize=2)
def contract(path: Path) -> Contract:
    """The contract in a file, which is read once."""
    return Contract(path)
