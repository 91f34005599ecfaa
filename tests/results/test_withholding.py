from __future__ import annotations

from collections.abc import Iterable

import pytest
from canaries import PLAN, TESTS, canary_lock, gate_event, job_log, outcomes_of
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.errors import ExitCode
from ci_orchestrator.results import events
from ci_orchestrator.results.certificate import certify
from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.model import Cause, Outcome, Verdict
from ci_orchestrator.results.withholding import gate_summaries, withheld, withheld_results

LOCK = canary_lock()
FIRST, SECOND = ("live_50_1of2", "live_50_2of2"), ("live_100_1of2", "live_100_2of2")


def fold(*logs: Iterable[events.Event]) -> Fold:
    return Fold(event for log in logs for event in log)


def ran(*jobs: str, bad: int = 0, outcome: Outcome = Outcome.FAILED) -> list[events.Event]:
    return [event for job in jobs for event in job_log(LOCK, job, outcomes_of(LOCK, job, bad, outcome))]


def said(stage: str, verdict: Verdict, attempt: int = 1) -> list[events.Event]:
    return [gate_event(LOCK, stage, verdict, attempt=attempt)]


HOLD, PROCEED, ROLLBACK = Verdict.HOLD, Verdict.PROCEED, Verdict.ROLLBACK


@pytest.mark.parametrize(
    ("logs", "reasons"),
    [
        # everything ran
        ([ran("base", *FIRST, *SECOND, "end"), said("live-50", PROCEED), said("live-100", PROCEED)], {}),
        # nothing ran: nothing is known
        ([], {}),
        ([ran("base", *FIRST), said("live-50", PROCEED)], {}),
        ([ran("base", *FIRST)], {}),
        # a gate
        *(
            (
                [ran("base", *FIRST), said("live-50", verdict)],
                {**dict.fromkeys(SECOND, "gate:live-50"), "end": "needs:live"},
            )
            for verdict in (HOLD, ROLLBACK)
        ),
        # its last attempt counts
        ([ran("base", *FIRST), said("live-50", HOLD), said("live-50", PROCEED, 2)], {}),
        ([ran("base", *FIRST, *SECOND), said("live-50", HOLD, 2), said("live-50", PROCEED)], {}),
        # a job that ran all the same is no longer withheld
        (
            [ran("base", *FIRST, SECOND[0]), said("live-50", HOLD)],
            {SECOND[1]: "gate:live-50", "end": "needs:live"},
        ),
        # a need, and a chain of them; the gate has nothing to judge, and what waits for it has the same reason
        (
            [ran("base", bad=1)],
            {**dict.fromkeys((*FIRST, *SECOND), "needs:base"), "end": "needs:live"},
        ),
        (
            [ran("base", bad=1, outcome=Outcome.NOT_PROVEN)],
            dict.fromkeys((*FIRST, *SECOND), "needs:base") | {"end": "needs:live"},
        ),
        ([ran("base", *FIRST, *SECOND, bad=1), said("live-50", PROCEED)], {"end": "needs:live"}),
    ],
)
def test_what_decisions_kept_from_running(logs: list[list[events.Event]], reasons: dict[str, str]) -> None:
    assert withheld(LOCK, fold(*logs)) == reasons


def test_what_waits_for_a_gate_that_never_had_to_decide_has_the_first_reason() -> None:
    lock = canary_lock(PLAN.replace("[50, 100]", "[30, 60, 100]").replace("shards: 4", "shards: 3"))
    outcomes = {job: outcomes_of(lock, job) for job in ("base", "live_30")}
    log = fold(*(job_log(lock, job, ended) for job, ended in outcomes.items()), [gate_event(lock, "live-30", HOLD)])
    assert withheld(lock, log) == {"live_60": "gate:live-30", "live_100": "gate:live-30", "end": "needs:live"}
    assert [gate.stage for gate in gate_summaries(log, lock, withheld(lock, log))] == ["live-30"]


def test_a_job_that_was_cut_short_or_interrupted_explains_nothing() -> None:
    cut = ran("base", bad=1)[:-1]
    assert withheld(LOCK, fold(cut)) == {}
    interrupted = [*cut, events.JobFinished(ts=9, job="base", exit_code=ExitCode.INTERRUPTED, reason="interrupted")]
    assert withheld(LOCK, fold(interrupted)) == {}


def test_the_last_attempt_of_a_job_counts() -> None:
    again = job_log(LOCK, "base", outcomes_of(LOCK, "base"), attempt=2)
    assert withheld(LOCK, fold(ran("base", bad=1), again)) == {}


def test_withheld_tests_are_skipped_with_the_reason_and_accounted_for() -> None:
    log = fold(ran("base", *FIRST), said("live-50", HOLD))
    reasons = withheld(LOCK, log)
    extra = list(withheld_results(LOCK, reasons))
    certificate, results = certify(LOCK.test_ids(), log, lock=LOCK.digest, skipped={}, extra=extra)
    assert certificate.complete
    assert certificate.missing == ()
    assert {reason for _, reason in certificate.withheld} == {"gate:live-50", "needs:live"}
    skipped = [one for one in results if one.outcome is Outcome.SKIPPED]
    assert len(skipped) == len(certificate.withheld) == sum(len(LOCK.job(job).tests) for job in reasons)
    assert all(one.last and one.last.cause is Cause.WITHHELD and one.reason in reasons.values() for one in skipped)


def test_gates_are_told_in_order_and_one_that_did_not_decide_is_missed() -> None:
    log = fold(ran("base", *FIRST, *SECOND), said("live-100", PROCEED))
    first, second = gate_summaries(log, LOCK, withheld(LOCK, log))
    assert (first.gate, first.stage, first.verdict, first.why) == (
        *("gate_live_50", "live-50", None),
        "it left no decision",
    )
    assert (second.gate, second.name, second.verdict) == ("gate_live_100", "gate live-100", PROCEED)
    assert [gate.exit_code for gate in (first, second)] == [ExitCode.NOT_PROVEN, ExitCode.OK]


def test_a_gate_whose_stage_was_withheld_or_is_empty_need_not_decide() -> None:
    log = fold(ran("base", *FIRST), said("live-50", ROLLBACK))
    (only,) = gate_summaries(log, LOCK, withheld(LOCK, log))
    assert (only.verdict, only.exit_code) == (ROLLBACK, ExitCode.GATE_FAILED)
    held_here = [events.JobFinished(ts=1, job=job, exit_code=0, reason="needs:base") for job in (*FIRST, *SECOND)]
    assert gate_summaries(fold(held_here), LOCK, {}) == ()
    empty = canary_lock(tests={**TESTS, "live": []}, plan=PLAN_EMPTY)
    assert gate_summaries(Fold(), empty, {}) == ()


PLAN_EMPTY = """
gates: {canary: {}}
suites:
  base: {tool: pytest}
  live: {tool: pytest, needs: [base], stages: [50, 100], gate: canary, allow-empty: true}
  end: {tool: pytest, needs: [live]}
"""


def test_without_a_lock_the_gates_that_decided_are_told() -> None:
    (only,) = gate_summaries(fold(said("live-50", HOLD)), None, {})
    assert (only.name, only.stage, only.exit_code) == ("gate_live_50", "live-50", ExitCode.GATE_HOLDS)


JOBS = [job.id for job in LOCK.jobs]


@given(
    st.lists(st.tuples(st.sampled_from(JOBS), st.integers(0, 2))),
    st.lists(st.tuples(st.sampled_from(("live-50", "live-100")), st.sampled_from(Verdict), st.integers(1, 3))),
)
def test_nothing_is_withheld_that_ran_or_for_a_reason_that_is_not_recorded(
    jobs: list[tuple[str, int]], verdicts: list[tuple[str, Verdict, int]]
) -> None:
    log = fold(
        *(job_log(LOCK, job, outcomes_of(LOCK, job, bad)) for job, bad in jobs),
        *(said(stage, verdict, attempt) for stage, verdict, attempt in verdicts),
    )
    reasons = withheld(LOCK, log)
    assert not reasons.keys() & {job for job, _ in jobs}
    barred = {f"gate:{event.stage}" for event in log.gates.values() if event.verdict is not PROCEED}
    for reason in reasons.values():
        assert reason in barred or reason.startswith("needs:")
    if all(not bad for _, bad in jobs) and not barred:
        assert reasons == {}
