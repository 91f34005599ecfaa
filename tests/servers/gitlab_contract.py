"""GitLab's operations as `gitlab_operations.yaml` has them, and what is wrong with a request or an answer by it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml
from jsonschema import Draft202012Validator
from servers.base import Answer, Asked

PAGING: Mapping[str, Any] = {"page": {"pattern": "^[1-9][0-9]*$"}, "per_page": {"pattern": "^([1-9][0-9]?|100)$"}}


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: re.Pattern[str]
    described: Mapping[str, Any]

    @property
    def job(self) -> bool:
        """The job's own token may."""
        return bool(self.described.get("job"))


@cache
def described() -> Mapping[str, Any]:
    return yaml.safe_load(Path(__file__).with_name("gitlab_operations.yaml").read_text("utf-8"))


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(_operation(name, one) for name, one in described()["operations"].items())


def _operation(name: str, one: Mapping[str, Any]) -> Operation:
    method, _, path = one["call"].partition(" ")
    pattern = "".join(
        f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", path)
    )
    return Operation(name, method, re.compile(pattern), one)


def find(asked: Asked, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation of a request, and the parameters of its path."""
    for one in operations():
        found = one.path.fullmatch(path) if one.method == asked.method else None
        if found:
            return one, {name: unquote(value) for name, value in found.groupdict().items()}
    return None


def wrong_request(operation: Operation, asked: Asked) -> Iterator[str]:
    """What GitLab does not know, or not so."""
    known = {**operation.described.get("query", {}), **(PAGING if operation.described.get("paged") else {})}
    for name, values in sorted(asked.query.items()):
        if name not in known:
            yield f"unknown parameter {name}"
        elif len(values) != 1:
            yield f"{name} is there {len(values)} times"
        else:
            yield from (f"{name}: {error.message}" for error in _validator(known[name]).iter_errors(values[0]))
    if "form" in operation.described:
        yield from _wrong_form(operation, asked)
    elif "body" in operation.described:
        if asked.headers.get("content-type") != "application/json":
            yield f"the body is {asked.headers.get('content-type')}"
        yield from (error.message for error in _validator(operation.described["body"]).iter_errors(asked.json()))
    elif asked.body not in (b"", b"{}"):
        yield "there is a body"


def _wrong_form(operation: Operation, asked: Asked) -> Iterator[str]:
    kind = asked.headers.get("content-type", "")
    names = re.findall(rb'Content-Disposition: form-data; name="([^"]*)"', asked.body)
    if not kind.startswith("multipart/form-data; boundary="):
        yield f"the body is {kind}"
    if [name.decode() for name in names] != operation.described["form"]:
        yield f"the form has {names}"


def wrong_answer(operation: Operation, answer: Answer) -> Iterator[str]:
    """What GitLab would not have said: a mistake of the contract server."""
    if answer.status >= 400:
        return
    name = operation.described["answers"].get(answer.status)
    if name is None:
        yield f"answers {answer.status}"
    elif name not in ("archive", "nothing"):
        schema = {"type": "array", "items": _reference(name[0])} if isinstance(name, list) else _reference(name)
        whole = {**schema, "objects": described()["objects"]}
        yield from (error.message for error in _validator(whole).iter_errors(json.loads(answer.body)))


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/objects/{name}"}


def _validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
