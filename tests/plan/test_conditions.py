from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.capabilities.units import RefusedError
from ci_orchestrator.plan.conditions import Kind, parse_condition

Written = bool | int | float | str


@pytest.mark.parametrize(
    ("kind", "written", "value", "holds"),
    [
        (Kind.TEXT, "unit", "unit", True),
        (Kind.TEXT, "unit", "units", False),
        (Kind.TEXT, "!=unit", "units", True),
        (Kind.TEXT, "tests/*", "tests/a/b.py", True),
        (Kind.TEXT, "*[1-2]*", "t[1-2]", True),
        (Kind.TEXT, "!=tests/*", "tests/a.py", False),
        (Kind.TEXT, ">a", ">a", True),
        (Kind.TIME, ">10s", 10.5, True),
        (Kind.TIME, ">10s", 10.0, False),
        (Kind.TIME, ">=1s, <1m", 59.0, True),
        (Kind.TIME, "==0s", 0.0, True),
        (Kind.TIME, 3, 3.0, True),
        (Kind.SIZE, ">1GiB", 2**31, True),
        (Kind.NUMBER, ">=2", 2, True),
        (Kind.NUMBER, "!=1", 1, False),
        (Kind.NUMBER, "-1.5", -1.5, True),
        (Kind.FLAG, True, True, True),
        (Kind.FLAG, False, True, False),
    ],
)
def test_what_a_condition_lets_through(kind: Kind, written: Written, value: str | float | bool, holds: bool) -> None:
    assert parse_condition(kind, (written,)).holds(value) is holds
    assert parse_condition(kind, (written, written)).holds(value) is holds


def test_any_alternative_is_enough() -> None:
    condition = parse_condition(Kind.TEXT, ("failed", "errored"))
    assert [condition.holds(outcome) for outcome in ("failed", "errored", "passed")] == [True, True, False]


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (Kind.FLAG, "true"),
        (Kind.FLAG, 1),
        (Kind.TEXT, 1),
        (Kind.TEXT, True),
        (Kind.TIME, "fast"),
        (Kind.TIME, ">"),
        (Kind.TIME, True),
        (Kind.SIZE, "1 parsec"),
        (Kind.NUMBER, ">many"),
        (Kind.NUMBER, "nan"),
        (Kind.NUMBER, True),
        (Kind.NUMBER, "9" * 400),
    ],
)
def test_what_is_no_condition_is_refused(kind: Kind, written: Written) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_condition(kind, (written,))
    assert caught.value.fix


TEXTS = st.text("ab*", max_size=8)


def like(text: str, pattern: str) -> bool:
    """By trying all ways."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(like(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return text[:1] == pattern[0] and like(text[1:], pattern[1:])


@given(st.text("ab", max_size=8), TEXTS.filter(bool))
def test_a_star_stands_for_anything(text: str, pattern: str) -> None:
    assert parse_condition(Kind.TEXT, (pattern,)).holds(text) is like(text, pattern)
    assert parse_condition(Kind.TEXT, (f"!={pattern}",)).holds(text) is not like(text, pattern)
