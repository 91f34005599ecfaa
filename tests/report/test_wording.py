"""Shares and measured values as people read them: short, and never better than they are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.report.wording import amount, percent, points, relative

NAN = math.nan


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (None, "N/A"),
        (NAN, "N/A"),
        (0.0, "0.0%"),
        (1.0, "100.0%"),
        (0.8871, "88.7%"),
        (0.99999, "99.9%"),
        (1e-9, "0.1%"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float | None, said: str) -> None:
    assert percent(share) == said


def test_differences_of_shares_are_points() -> None:
    assert [points(one) for one in (0.0078, -0.012, 0.0, -0.0001, NAN)] == [
        "+0.8 points", "−1.2 points", "±0 points", "±0 points", "±0 points",
    ]  # fmt: skip


def test_relative_changes_keep_their_sign_and_stay_short() -> None:
    assert [relative(one) for one in (0.125, -0.187, 0.0, -4.0, 1e300, -math.inf, NAN)] == [
        "+12.5%", "−18.7%", "+0.0%", "−400.0%", "+>1000%", "−>1000%", "unknown",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.01242, "s", "12.42 ms"),
        (1.91, "s", "1.91 s"),
        (2.5e-12, "s", "0.0025 ns"),
        (0.0, "s", "0 s"),
        (48_120.4, "ops/s", "48,120 ops/s"),
        (812.5, "ns/op", "812.5 ns/op"),
        (3.0, "", "3"),
        (NAN, "s", "unknown"),
    ],
)
def test_amounts_are_short(value: float, unit: str, said: str) -> None:
    assert amount(value, unit) == said


@given(st.floats(allow_nan=True))
def test_any_number_is_said_in_a_few_characters(value: float) -> None:
    assert len(amount(value, "s")) <= 24
    assert len(percent(value)) <= 6
    assert len(relative(value)) <= 8
