from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.analysis.changes import compare
from ci_orchestrator.results.findings import Changes
from ci_orchestrator.results.model import Outcome, TestResult

NAMES = [field.name for field in fields(Changes)]
P, F, E, S, N = Outcome.PASSED, Outcome.FAILED, Outcome.ERRORED, Outcome.SKIPPED, Outcome.NOT_PROVEN


def results(**outcomes: Outcome) -> list[TestResult]:
    return [TestResult(id=f"unit::a::{name}", outcome=outcome) for name, outcome in outcomes.items()]


def lists_of(changes: Changes, test: str = "unit::a::t") -> list[str]:
    return [name for name in NAMES if test in getattr(changes, name)]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (P, F, "newly_failing"),
        (S, E, "newly_failing"),
        (N, F, "newly_failing"),
        (None, E, "newly_failing"),
        (F, P, "fixed"),
        (E, P, "fixed"),
        (F, S, "newly_skipped"),
        (P, S, "newly_skipped"),
        (N, S, "newly_skipped"),
        (F, N, "newly_unproven"),
        (P, N, "newly_unproven"),
        (S, N, "newly_unproven"),
        (F, E, "still_failing"),
        (E, E, "still_failing"),
        (None, P, "added"),
        (None, S, "added"),
        (None, N, "added"),
        (P, None, "removed"),
        (F, None, "removed"),
        (P, P, ""),
        (S, S, ""),
        (N, N, ""),
        (S, P, ""),
        (N, P, ""),
    ],
)
def test_each_pair_of_outcomes(before: Outcome | None, now: Outcome | None, expected: str) -> None:
    changes = compare(results(**{"t": now} if now else {}), results(**{"t": before} if before else {}))
    assert lists_of(changes) == ([expected] if expected else [])
    assert changes.any is (expected not in ("", "still_failing"))


def test_an_absent_test_of_an_incomplete_build_is_neither_added_nor_removed() -> None:
    changes = compare(results(here=P, broken=F), results(there=P), complete=False)
    assert changes == Changes(newly_failing=("unit::a::broken",))


SOME = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(Outcome))


@given(SOME, SOME, st.booleans())
def test_no_test_is_in_two_lists_and_all_lists_are_sorted(
    now: dict[str, Outcome], base: dict[str, Outcome], complete: bool
) -> None:
    changes = compare(results(**now), results(**base), complete=complete)
    listed = [test for name in NAMES for test in getattr(changes, name)]
    assert len(listed) == len(set(listed))
    assert all(list(getattr(changes, name)) == sorted(getattr(changes, name)) for name in NAMES)
    assert len(changes.newly_failing + changes.still_failing) == sum(one in (F, E) for one in now.values())
    assert changes == compare(results(**now)[::-1], results(**base)[::-1], complete=complete)


@given(SOME)
def test_nothing_changed_against_itself(now: dict[str, Outcome]) -> None:
    assert not compare(results(**now), results(**now)).any
