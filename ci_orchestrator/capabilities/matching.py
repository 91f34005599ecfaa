"""Does what a runner class provides meet what a suite requires? If not, why not, in words.

A requirement is a value (``nvidia``, ``true``, ``16GiB``), a comparison (``">=40GiB"``), several of them joined by
commas (``">=8, <16"``: all must hold), or a list (any may hold). A bare number or size means *at least*. Versions
compare number by number, as far as the requirement spells them out: ``"12"`` takes 12.4, ``">12"`` starts at 13.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ci_orchestrator.capabilities.taxonomy import FAMILIES, Kind, Scalar, Value, kind_of, read, text_of
from ci_orchestrator.capabilities.units import RefusedError, shown

Entry = Mapping[str, Scalar]
Provided = Scalar | Sequence[Entry]

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_CONDITION = re.compile(r"(>=|<=|!=|==|>|<)?\s*(.*)", re.DOTALL)
_EQUALITY = frozenset({"==", "!="})


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison with a value of known kind."""

    kind: Kind
    sign: str
    value: Value

    def holds(self, provided: Value) -> bool:
        """Whether `provided` (in its comparable form) meets it."""
        if isinstance(self.value, tuple) and isinstance(provided, tuple):
            padded = provided + (0,) * len(self.value)
            provided = padded[: len(self.value)]
        return _OPERATORS[self.sign](provided, self.value)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one capability must be: any of the alternatives, each of whose conditions all hold."""

    name: str
    kind: Kind
    alternatives: tuple[tuple[Condition, ...], ...]
    text: str

    def met_by(self, provided: Scalar | None) -> bool:
        """Whether a runner that provides this value (None: nothing) meets it. A flag that is not provided is false."""
        if provided is None and self.kind is Kind.FLAG:
            provided = False
        if provided is None:
            return False
        try:
            value = read(self.kind, provided)
        except RefusedError:  # a device may be a number here and a word there
            return False
        return any(all(condition.holds(value) for condition in every) for every in self.alternatives)


def parse_requirement(name: str, value: object) -> Requirement:
    """The requirement that a plan writes as `name: value`. Raises `RefusedError`."""
    options = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if not 0 < len(options) <= 100:
        raise RefusedError("a list of alternatives must have 1 to 100 entries", "name at least one value that is fine")
    kind = kind_of(name, _operand(options[0]))
    return Requirement(
        name, kind, tuple(_conditions(kind, option) for option in options), " or ".join(_text(kind, o) for o in options)
    )


def _text(kind: Kind, option: object) -> str:
    return text_of(kind, option) if isinstance(option, (bool, int, float, str)) else shown(option)


def _operand(option: object) -> object:
    """The value by which the kind of a device is told: ``>=2`` speaks of a number."""
    if isinstance(option, str) and re.fullmatch(r"[<>]=?\s*[0-9.]+", option.split(",")[0]):
        return 0
    return option


def _conditions(kind: Kind, option: object) -> tuple[Condition, ...]:
    if not isinstance(option, str):
        return (Condition(kind, _bare(kind), read(kind, option)),)
    every = tuple(_condition(kind, part.strip()) for part in option.split(","))
    if sum(condition.sign == "==" for condition in every) > 1:
        raise RefusedError(f"{shown(option)} cannot be two things at once", "write a list if any of them will do")
    return every


def _condition(kind: Kind, text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    sign, operand = (match[1], match[2]) if match else (None, text)
    if sign not in (None, *_EQUALITY) and kind in (Kind.WORD, Kind.FLAG):
        raise RefusedError(f"{shown(text)} compares a {kind} by size", "write the value itself, or !=VALUE")
    if kind is Kind.FLAG:
        raise RefusedError(f"{shown(text)} is not {kind}", "write true or false, without quotation marks")
    return Condition(kind, sign or _bare(kind), read(kind, operand))


def _bare(kind: Kind) -> str:
    return ">=" if kind in (Kind.AMOUNT, Kind.SIZE) else "=="


def parse_provided(name: str, value: object) -> Scalar | tuple[dict[str, Scalar], ...]:
    """The canonical form of what `provides:` says under `name`: a scalar, or the entries of a family.

    Raises `RefusedError`.
    """
    family, _, field = name.partition(".")
    if family not in FAMILIES:
        return _checked(name, value)
    if field:
        raise RefusedError(f"{shown(name)} cannot stand alone", f"write {family}: {{{field}: …}}")
    if not isinstance(value, (list, tuple)):
        return (_entry(family, value, ()),)
    if not 0 < len(value) <= 1000:
        raise RefusedError(f"{family} must have 1 to 1000 entries", "leave it out if there is none")
    return tuple(_entry(family, entry, (index,)) for index, entry in enumerate(value))


def _entry(family: str, entry: object, at: tuple[str | int, ...]) -> dict[str, Scalar]:
    if not isinstance(entry, Mapping) or not entry:
        raise RefusedError(
            f"{shown(entry)} does not say what the {family} is", f"write {family}: {{NAME: VALUE, …}}", at
        )
    fields: dict[str, Scalar] = {}
    for field, value in entry.items():
        try:
            fields[field] = _checked(f"{family}.{field}", value)
        except RefusedError as error:
            raise RefusedError(error.what, error.fix, (*at, field)) from None
    return fields


def _checked(name: str, value: object) -> Scalar:
    kind = kind_of(name, value)
    comparable = read(kind, value)
    if isinstance(comparable, tuple):
        return ".".join(map(str, comparable))
    return str(value) if kind is Kind.WORD else comparable


def mismatches(requires: Mapping[str, object], provides: Mapping[str, Provided]) -> tuple[str, ...]:
    """Why a runner that provides this cannot run what requires that, sorted by name; empty when it can.

    All requirements of one family must be met by a single entry: a Chromium with WebGPU is not a Chromium beside a
    Firefox with WebGPU. Raises `RefusedError` for a requirement that cannot be read.
    """
    by_family: dict[str, list[Requirement]] = {}
    for name in sorted(requires):
        by_family.setdefault(name.partition(".")[0], []).append(parse_requirement(name, requires[name]))
    reasons: list[str] = []
    for family, wanted in by_family.items():
        reasons += _unmet(family, wanted, provides.get(family))
    return tuple(reasons)


def _unmet(family: str, wanted: Sequence[Requirement], provided: Provided | None) -> list[str]:
    if family not in FAMILIES:
        scalar = provided if isinstance(provided, (bool, int, float, str)) else None
        return [_reason(one, scalar) for one in wanted if not one.met_by(scalar)]
    entries = [] if provided is None or isinstance(provided, (bool, int, float, str)) else list(provided)
    # The nearest entry explains best; `min` keeps the first among equals.
    return min(([*_entry_reasons(wanted, entry)] for entry in entries or [{}]), key=len)


def _entry_reasons(wanted: Sequence[Requirement], entry: Entry) -> list[str]:
    fields = {one.name: entry.get(one.name.partition(".")[2]) for one in wanted}
    return [_reason(one, fields[one.name]) for one in wanted if not one.met_by(fields[one.name])]


def _reason(requirement: Requirement, provided: Scalar | None) -> str:
    has = "has none" if provided is None else f"has {text_of(requirement.kind, provided)}"
    return f"{requirement.name} must be {requirement.text}, {has}"
