"""The doors of `requires:` and `provides:`: each capability is read on its own, so that each mistake has its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from ci_orchestrator.capabilities.matching import parse_provided, parse_requirement
from ci_orchestrator.capabilities.taxonomy import DEVICE, FAMILIES, KNOWN, WRITTEN, Kind
from ci_orchestrator.capabilities.units import RefusedError

_ALONE: dict[Kind, dict[str, object]] = {
    Kind.AMOUNT: {"type": "number", "minimum": 0},
    Kind.FLAG: {"type": "boolean"},
    Kind.SIZE: {"type": "integer", "minimum": 0},
    Kind.VERSION: {"type": "integer", "minimum": 0},
}


def _value_schema(kind: Kind, pattern: str) -> dict[str, object]:
    """A value as YAML types it, or as text that looks like `pattern`."""
    text: dict[str, object] = {"type": "string", "pattern": pattern}
    if kind is Kind.FLAG:
        return _ALONE[kind]
    return {"anyOf": [_ALONE[kind], text]} if kind in _ALONE else text


def _provided(kind: Kind) -> dict[str, object]:
    return _value_schema(kind, f"^{WRITTEN.get(kind)}$")


def _required(kind: Kind) -> dict[str, object]:
    sign = "(?:==|!=)?" if kind is Kind.WORD else "(?:>=|<=|!=|==|>|<)?"
    one = rf"\s*{sign}\s*{WRITTEN.get(kind)}\s*"
    value = _value_schema(kind, f"^{one}(?:,{one})*$")
    return {"anyOf": [value, {"type": "array", "items": value, "minItems": 1, "maxItems": 100}]}


_DEVICE_VALUE: dict[str, object] = {"type": ["boolean", "number", "string"]}
_DEVICE_REQUIRED = {"anyOf": [_DEVICE_VALUE, {"type": "array", "items": _DEVICE_VALUE, "minItems": 1, "maxItems": 100}]}
_DEVICE_NAME = DEVICE.removeprefix("device\\.")


def _family_schema(family: str) -> dict[str, object]:
    fields = {
        name.partition(".")[2]: _provided(known.kind) | {"description": known.means}
        for name, known in KNOWN.items()
        if name.startswith(f"{family}.")
    }
    entry: dict[str, object] = {"type": "object", "minProperties": 1, "properties": fields}
    entry |= {"patternProperties": {f"^{_DEVICE_NAME}$": _DEVICE_VALUE}} if family == "device" else {}
    entry |= {"additionalProperties": False}
    return {"anyOf": [entry, {"type": "array", "items": entry, "minItems": 1, "maxItems": 1000}]}


REQUIRES_SCHEMA: dict[str, object] = {
    "title": "mapping of capabilities to conditions",
    "type": "object",
    "properties": {name: _required(known.kind) | {"description": known.means} for name, known in KNOWN.items()},
    "patternProperties": {f"^{DEVICE}$": _DEVICE_REQUIRED},
    "additionalProperties": False,
}
PROVIDES_SCHEMA: dict[str, object] = {
    "title": "mapping of capabilities to values",
    "type": "object",
    "properties": {
        **{n: _provided(known.kind) | {"description": known.means} for n, known in KNOWN.items() if "." not in n},
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
