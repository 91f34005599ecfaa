from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import sample_report

from ci_orchestrator.report import figures
from ci_orchestrator.report.html import render_html
from ci_orchestrator.report.html_data import FAILING_BUDGET, PASSING_BUDGET, chunks, index
from ci_orchestrator.report.wording import moment, seconds
from ci_orchestrator.results.merge import result
from ci_orchestrator.results.model import Attempt, Outcome
from ci_orchestrator.results.report import Certificate, Report, Span


def timed(*spans: tuple[str, float, float], wall: float) -> Report:
    timeline = tuple(Span("j", worker, "s::p::t", start, end, "passed") for worker, start, end in spans)
    return Report(title="x", wall=wall, timeline=timeline, certificate=Certificate(certified=False))


def test_lower_bound_is_the_even_share_or_the_longest_test():
    even = figures.effort(timed(("w1", 0, 4), ("w2", 0, 3), ("w2", 3, 4), wall=5))
    assert even == figures.Effort(at_once=2, bound=4, gap=0.25)
    long = figures.effort(timed(("w1", 0, 9), ("w2", 0, 1), wall=9))
    assert long == figures.Effort(at_once=2, bound=9, gap=0)


def test_workers_of_jobs_that_follow_each_other_are_counted_once():
    one_after_the_other = figures.effort(timed(("a", 0, 2), ("b", 2, 4), wall=4))
    assert one_after_the_other
    assert one_after_the_other.at_once == 1


def test_no_effort_without_times():
    assert figures.effort(timed(wall=3)) is None
    assert figures.effort(timed(("w", 0, math.inf), ("w", math.nan, 1), wall=3)) is None


def test_a_trend_that_knows_this_build_is_not_told_twice():
    report = sample_report()
    told = figures.with_this_build(report)
    assert len(told) == 13
    assert figures.with_this_build(replace(report, trend=told)) == told


def test_dead_letters_come_first_among_the_unproven():
    assert [one.id in sample_report().certificate.dead for one in figures.unproven(sample_report())] == [True, False]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0 s"),
        (-1, "0 s"),
        (0.0001, "<1 ms"),
        (0.34, "340 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (99.4, "99 s"),
        (99.6, "1m 40s"),
        (725, "12m 05s"),
        (3599.6, "1h 00m"),
        (11220, "3h 07m"),
        (math.nan, "unknown"),
        (math.inf, "unknown"),
        (1e300, "unknown"),
    ],
)
def test_seconds(value, said):
    assert seconds(value) == said


def test_moments():
    assert moment(1_772_616_600) == "2026-03-04 09:30 UTC"
    assert [moment(wrong) for wrong in (0, 1e300, math.nan, math.inf, -1e12)] == [""] * 5


@pytest.mark.parametrize("never", [math.inf, math.nan, 1e300, -1.0])
def test_a_time_that_cannot_be_is_not_the_slowest(never):
    one, other = (
        result(f"s::p::{name}", [Attempt(outcome=Outcome.PASSED, duration=took)])
        for name, took in (("a", never), ("b", 2))
    )
    report = Report(title="x", results=(one, other), certificate=Certificate(certified=False))
    assert figures.slowest(report, 5) == [other]
    assert b"nan" not in render_html(report)


def columns(report: Report) -> dict[str, Any]:
    return json.loads("".join(index(report)))


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["p.py", "", "q"]), st.text('[:]é "', max_size=5)), unique=True
    )
)
def test_the_columns_give_every_id_back(parts):
    ids = sorted({"::".join(part) for part in parts})
    results = tuple(result(one, [Attempt(outcome=Outcome.PASSED)]) for one in ids)
    data = columns(Report(title="x", results=results, certificate=Certificate(certified=False)))
    names = iter(data["names"])
    back = [[suite, path, next(names)] for suite, path, number in data["runs"] for _ in range(number)]
    assert len(back) == len(ids) == len(data["outcomes"]) == len(data["durations"])
    assert back == [one.split("::", 2) for one in ids]


@pytest.mark.parametrize(("outcome", "budget"), [(Outcome.FAILED, FAILING_BUDGET), (Outcome.PASSED, PASSING_BUDGET)])
def test_texts_are_bounded_over_all_tests(outcome, budget):
    attempt = Attempt(outcome=outcome, details="d" * 60_000, stdout="o" * 60_000)
    results = tuple(result(f"s::p::{number:05}", [attempt]) for number in range(3000))
    report = Report(title="x", results=results, certificate=Certificate(certified=False))
    kept = [attempt[13:] for chunk in chunks(report) for _, (attempt,) in chunk]
    assert 0.5 * budget < sum(len(text) for texts in kept for text in texts) < 1.1 * budget
    assert "characters left out" in kept[0][0]


def lanes(*spans: tuple[str, str, float, float]) -> list[str]:
    timeline = tuple(Span(job, worker, "s::p::t", start, end, "passed") for job, worker, start, end in spans)
    data = columns(Report(title="x", timeline=timeline, certificate=Certificate(certified=False)))
    return [data["lanes"][label] for label, _ in data["timeline"]["lanes"]]


def test_a_worker_of_one_machine_has_one_lane_whatever_jobs_it_serves():
    assert lanes(("b", "w1", 0, 1), ("a", "w1", 1, 2), ("b", "w1", 2, 3), ("a", "w2", 0.5, 2)) == ["w1", "w2"]


def test_workers_of_the_same_name_at_the_same_time_have_lanes_of_their_own():
    assert lanes(("b", "w1", 0, 2), ("a", "w1", 1, 3), ("a", "w1", 3, 4)) == ["b · w1", "a · w1"]
