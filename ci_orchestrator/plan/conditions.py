"""Conditions on the values of a column: what a pipeline over results lets through."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Any

from ci_orchestrator.capabilities.taxonomy import Scalar
from ci_orchestrator.capabilities.units import RefusedError, parse_size, shown
from ci_orchestrator.plan.scalars import parse_duration

Cell = str | float | bool


class Kind(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "duration"
    SIZE = "size"
    FLAG = "true or false"


_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_SIGNED = re.compile(r"\s*(>=|<=|!=|==|>|<)?\s*(.*?)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """Any of the alternatives, each of whose comparisons (sign, value) all hold."""

    kind: Kind
    alternatives: tuple[tuple[tuple[str, Cell], ...], ...]

    def holds(self, value: Cell) -> bool:
        """Whether a value of the column meets it."""
        return any(all(_compare(sign, value, other) for sign, other in every) for every in self.alternatives)


def parse_condition(kind: Kind, written: tuple[Scalar, ...]) -> Condition:
    """The condition that a plan writes for a column of this kind: any of these. Raises `RefusedError`."""
    return Condition(kind, tuple(_alternative(kind, option) for option in written))


def _alternative(kind: Kind, option: Scalar) -> tuple[tuple[str, Cell], ...]:
    if kind is Kind.FLAG:
        if isinstance(option, bool):
            return (("==", option),)
        raise RefusedError(f"{shown(option)} is not {kind}", "write true or false, without quotation marks")
    if kind is Kind.TEXT:
        return (_text(option),)
    if isinstance(option, str):
        return tuple(_comparison(kind, part) for part in option.split(","))
    return (("==", _operand(kind, option)),)


def _text(option: Scalar) -> tuple[str, Cell]:
    if not isinstance(option, str):
        raise RefusedError(f"{shown(option)} is not text", "write it in quotation marks")
    return ("!=", option[2:]) if option.startswith("!=") else ("==", option)


def _comparison(kind: Kind, part: str) -> tuple[str, Cell]:
    match = _SIGNED.fullmatch(part)
    sign, operand = (match[1], match[2]) if match else (None, part)
    return (sign or "==", _operand(kind, operand))


def _operand(kind: Kind, value: object) -> float:
    if kind is Kind.TIME:
        return parse_duration(value) if value not in (0, "0", "0s") else 0.0
    if kind is Kind.SIZE:
        return parse_size(value)
    try:
        number = float(value) if isinstance(value, str) and len(value) < 40 else value
    except ValueError:
        number = None
    if isinstance(number, (int, float)) and not isinstance(number, bool) and abs(number) < 1e300 and isfinite(number):
        return number
    raise RefusedError(f"{shown(value)} is not a {kind}", 'write a number or a comparison, such as ">=2"')


def _compare(sign: str, value: Cell, other: Cell) -> bool:
    if isinstance(other, str) and "*" in other:
        return _like(str(value), other) is (sign == "==")
    return _SIGNS[sign](value, other)


def _like(text: str, pattern: str) -> bool:
    """Whether a text is like a pattern in which `*` stands for anything; takes no longer than reading both."""
    first, *middle, last = pattern.split("*")
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
