"""The doors of `requires:` and `provides:`: each capability is read on its own, so that each mistake has its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from ci_orchestrator.capabilities.matching import parse_provided, parse_requirement
from ci_orchestrator.capabilities.taxonomy import FAMILIES, KNOWN, Kind
from ci_orchestrator.capabilities.units import SIZE_PATTERN, RefusedError

_DEVICE = "^device\\.[a-z][a-z0-9_-]{0,39}$"
_SCALAR = {"type": ["boolean", "number", "string"]}
_VALUES: dict[Kind, dict[str, object]] = {
    Kind.AMOUNT: {"type": ["number", "string"]},
    Kind.FLAG: {"type": "boolean"},
    Kind.SIZE: {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": SIZE_PATTERN}]},
    Kind.VERSION: {"type": ["integer", "string"]},
    Kind.WORD: {"type": "string"},
}
_REQUIRED = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1, "maxItems": 100}]}


def _family_schema(family: str) -> dict[str, object]:
    fields = {
        name.partition(".")[2]: _VALUES[known.kind] | {"description": known.means}
        for name, known in KNOWN.items()
        if name.startswith(f"{family}.")
    }
    entry: dict[str, object] = {"type": "object", "minProperties": 1, "properties": fields}
    entry |= {"additionalProperties": _SCALAR if family == "device" else False}
    return {"anyOf": [entry, {"type": "array", "items": entry, "minItems": 1}]}


REQUIRES_SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {name: _REQUIRED | {"description": known.means} for name, known in KNOWN.items()},
    "patternProperties": {_DEVICE: _REQUIRED},
    "additionalProperties": False,
}
PROVIDES_SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        **{n: _VALUES[known.kind] | {"description": known.means} for n, known in KNOWN.items() if "." not in n},
        **{family: _family_schema(family) for family in sorted(FAMILIES)},
    },
    "additionalProperties": False,
}


def read_requires(value: object) -> object:
    """Each requirement as a tuple of alternatives, checked."""
    return _each(value, _alternatives)


def _alternatives(name: str, value: object) -> tuple[object, ...]:
    parse_requirement(name, value)
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def read_provides(value: object) -> object:
    """Each provided capability in its canonical form."""
    return _each(value, parse_provided)


def _each(value: object, read: Callable[[str, object], object]) -> object:
    if not isinstance(value, Mapping):
        return value
    result: dict[str, object] = {}
    problems: list[InitErrorDetails] = []
    for name, raw in value.items():
        try:
            result[name] = read(name, raw)
        except RefusedError as error:
            kind = PydanticCustomError("refused", "{what}", {"what": error.what, "fix": error.fix})
            problems.append(InitErrorDetails(type=kind, loc=(name, *error.at), input=raw))
    if problems:
        raise ValidationError.from_exception_data("capabilities", problems)
    return result
