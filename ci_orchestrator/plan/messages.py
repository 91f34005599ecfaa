"""What pydantic says, in the words of a plan: the field, the value, what is wrong with it and what to write instead."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails

from ci_orchestrator.capabilities.units import RefusedError, shown
from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.builder import Document, Path
from ci_orchestrator.plan.fields import ENV_NAME, NEED, SUITE_NAME, Model
from ci_orchestrator.plan.memory_place import FORMS
from ci_orchestrator.plan.models import Defaults, Plan, Suite
from ci_orchestrator.plan.pipeline_options import BRANCHES, FORGE, MEMORY
from ci_orchestrator.plan.shape import fields_of, model_at
from ci_orchestrator.plan.unsupported import FIELDS, TOP

_KEY = "[key]"
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_FIXED = {
    "bool_type": ("is not true or false", "write true or false, without quotation marks"),
    "dict_type": ("is not a mapping", "write `key: value` lines under it"),
    "finite_number": ("is not a number that can be counted with", "write an ordinary number"),
    "float_type": ("is not a number", "write a number"),
    "int_from_float": ("is not a whole number", "write a whole number"),
    "int_type": ("is not a whole number", "write a whole number"),
    "model_type": ("is not a mapping", "write `key: value` lines under it"),
    "model_attributes_type": ("is not a mapping", "write `key: value` lines under it"),
    "string_type": ("is not text", "write one text"),
    "tuple_type": ("is not a list", "write [one, two], or one `- item` a line"),
}
_PATTERNS = {
    BRANCHES: ("cannot be the name of a branch, nor a pattern of some", "write it like main or release/*"),
    ENV_NAME: ("is not a name of an environment variable", "use letters, digits and _, not a digit first"),
    FORGE: (
        "is no address of a forge that keeps changes",
        "write KIND=URL, where KIND is azure, github or gitlab, such as github=https://github.example.com/shop/web",
    ),
    MEMORY: ("is no address of a memory", FORMS),
    NEED: ("does not name a suite or its tests", "write suite, suite::path or suite::path::name"),
    SUITE_NAME: (
        "is not a name that can be used here",
        "begin with a lower-case letter; then lower-case letters, digits, - and _; 40 at most",
    ),
}
_CONTROL = ("has a character that is not allowed", "remove control characters")
_LACKING = {"suites": "add `suites:` with at least one suite", "tool": "name the test tool, such as `tool: pytest`"}
_UNSUPPORTED: dict[type[Model], dict[str, str]] = {Plan: FIELDS[TOP]}


def field_name(path: Path) -> str:
    """A path as messages name it: ``suites.unit.paths[0]``; odd keys are quoted and cut."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if _PLAIN.fullmatch(step) else shown(step))
    return text


def own_path(path: Path, document: Document) -> Path:
    """Where the user wrote what validation found at `path`: a suite's field may have come from `defaults`."""
    if path[:1] == ("suites",) and len(path) > 2 and path not in document.values:
        above = ("defaults", *path[2:])
        if above in document.values:
            return above
    return path


def problem(detail: ErrorDetails, document: Document) -> PlanError:
    """One of pydantic's errors, with its place."""
    location: Path = tuple(detail["loc"])
    on_key = location[-1:] == (_KEY,)
    path = own_path(location[:-1] if on_key else location, document)
    on_key = on_key or detail["type"] in ("extra_forbidden", "missing")
    what, fix = _words(detail, path)
    name = field_name(path[:-1] if on_key else path)
    return PlanError(f"{name}: {what}" if name else what, fix=fix, where=document.place(path, key=on_key))


def _words(detail: ErrorDetails, path: Path) -> tuple[str, str]:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind in _FIXED:
        what, fix = _FIXED[kind]
        return f"{shown(value)} {what}", _quoted(value) if kind == "string_type" else fix
    if kind == "string_pattern_mismatch":
        what, fix = _PATTERNS.get(str(context.get("pattern")), _CONTROL)
        return f"{shown(value)} {what}", fix
    if kind == "missing":
        return f"`{path[-1]}` is missing", _LACKING.get(str(path[-1]), f"add `{path[-1]}:`")
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind == "literal_error":
        return _choice(value, path, str(context.get("expected", "")))
    return _ours(context) or _rule(detail)


def _quoted(value: object) -> str:
    if not isinstance(value, (bool, int, float)):
        return _FIXED["string_type"][1]
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f'write it in quotation marks: "{text}"'


def _ours(context: dict[str, Any]) -> tuple[str, str] | None:
    """What our own validators said, if it was one of them."""
    error = context.get("error")
    if isinstance(error, RefusedError):
        return error.what, error.fix
    return (context["what"], context["fix"]) if "what" in context else None


def _rule(detail: ErrorDetails) -> tuple[str, str]:
    """A bound that was not kept, which pydantic says well enough."""
    said = detail["msg"]
    if isinstance(detail["input"], (dict, list, tuple)):
        return said[:1].lower() + said[1:], "see the reference of this field"
    for opening in ("Input should ", "String should ", "Value error, "):
        said = said.removeprefix(opening)
    return f"{shown(detail['input'])} is not allowed here", f"it should {said}"


def _unknown(path: Path) -> tuple[str, str]:
    model, key = model_at(path[:-1]), str(path[-1])
    if key in _UNSUPPORTED.get(model, {}):
        return f"`{key}` is not supported yet", f"remove it ({_UNSUPPORTED[model][key]})"
    if model is Defaults and key in fields_of(Suite):
        return f"`{key}` cannot have a default", "write it under each suite"
    known = sorted(fields_of(model))
    near = get_close_matches(key, known, n=1) or get_close_matches(key.replace("_", "-").lower(), known, n=1)
    fix = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
    return f"{shown(key)} is not a known field", fix


def _choice(value: object, path: Path, expected: str) -> tuple[str, str]:
    if path == ("version",):
        return f"version {shown(value)} is not supported", "write `version: 1`, or use a release that reads it"
    options = re.findall(r"'([^']*)'", expected)
    near = get_close_matches(value, options, n=1) if isinstance(value, str) else []
    return (
        f"{shown(value)} is not one of {', '.join(options)}",
        f"did you mean `{near[0]}`?" if near else "use one of them",
    )
