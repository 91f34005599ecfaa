from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulation import Simulation, chances, worlds

from ci_orchestrator.coordinator.commands import JobSpec
from ci_orchestrator.results import events
from ci_orchestrator.results.certificate import certify
from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.merge import result, totals
from ci_orchestrator.results.model import Attempt, Cause, Outcome, TestResult
from ci_orchestrator.results.report import Certificate

A, B, C = "unit::a.py::one", "unit::a.py::two", "unit::b.py::three"


def done(test: str, outcome: Outcome = Outcome.PASSED, **more: object) -> events.Event:
    fields = {"ts": 1.0, "job": "unit", "number": 1, **more}
    return events.TestFinished(test=test, outcome=outcome, **fields)  # type: ignore[arg-type]


def parked(test: str, cause: Cause = Cause.INFRASTRUCTURE, **more: object) -> events.Event:
    fields = {"ts": 1.0, "job": "unit", "number": 1, **more}
    return events.TestDead(test=test, cause=cause, **fields)  # type: ignore[arg-type]


def withheld(test: str, **more: object) -> events.Event:
    return events.TestWithheld(**{"ts": 1.0, "job": "unit", "test": test, "reason": "needs:db", **more})  # type: ignore[arg-type]


LOST = {"outcome": Outcome.NOT_PROVEN, "cause": Cause.WORKER_LOST, "message": "dead letter: its worker was lost"}


def certified(
    log: list[events.Event], *planned: str, skipped: dict[str, str] | None = None, extra: tuple[TestResult, ...] = ()
) -> tuple[Certificate, dict[str, TestResult]]:
    certificate, results = certify(planned, Fold(log), lock="sha256:0", skipped=skipped or {}, extra=extra)
    assert [one.id for one in results] == sorted({one.id for one in results})
    return certificate, {one.id: one for one in results}


@pytest.mark.parametrize(
    ("log", "complete", "wrong"),
    [
        ([done(A), done(B)], True, {}),
        ([done(A), done(B, Outcome.FAILED)], True, {}),  # complete is not green
        ([done(A), done(B, Outcome.SKIPPED)], True, {}),
        ([done(A)], False, {"missing": (B,)}),
        ([], False, {"missing": (A, B)}),
        ([done(A), done(B, **LOST)], False, {"missing": (B,)}),
        ([done(A), done(B, **LOST), parked(B, Cause.DEAD_LETTER)], False, {"missing": (B,), "dead": (B,)}),
        ([done(A), parked(B)], False, {"missing": (B,), "dead": (B,)}),
        ([done(A), parked(B), done(B, attempt=2)], True, {}),
        ([done(A), done(B), done(B, job="other")], False, {"duplicate": (B,)}),
        ([done(A), done(B), done(B, Outcome.FAILED)], False, {"duplicate": (B,)}),
        ([done(A), done(B), done(B)], True, {}),  # the same line twice says nothing new
        ([done(A), done(B, Outcome.FAILED), done(B, number=2)], True, {}),
        ([done(A), done(B), done(C)], False, {"unexpected": (C,)}),
        ([done(A), withheld(B)], True, {"withheld": ((B, "needs:db"),)}),
        ([done(A), withheld(B), done(B, attempt=2)], True, {}),
        ([done(A), done(B), withheld(B, attempt=2)], True, {"withheld": ((B, "needs:db"),)}),
        ([done(A), withheld(B), withheld(B)], True, {"withheld": ((B, "needs:db"),)}),
    ],
)
def test_what_a_log_proves(log: list[events.Event], complete: bool, wrong: dict[str, object]) -> None:
    certificate, results = certified(log, A, B)
    assert certificate.complete is complete
    names = ("missing", "duplicate", "unexpected", "dead", "withheld")
    assert {name: getattr(certificate, name) for name in names if getattr(certificate, name)} == wrong
    assert certificate.planned == 2
    assert certificate.reported == 2 - len(certificate.missing)
    assert {A, B} <= results.keys()
    for name in certificate.missing:
        assert results[name].outcome is Outcome.NOT_PROVEN
        assert results[name].reason
    backwards, same = certified(log[::-1], A, B)  # attempts are ordered by their numbers, not by where they stand
    assert (backwards.complete, backwards.missing, same) == (complete, certificate.missing, results)
    assert (backwards.withheld, backwards.duplicate) == (certificate.withheld, certificate.duplicate)


def test_a_module_that_was_skipped_at_collection_is_listed_and_never_unexpected() -> None:
    module = "unit::c.py"
    there = events.CollectionSkipped(ts=1.0, job="unit", path="unit::d.py", reason="no display")
    certificate, _ = certified([done(A), done(module, Outcome.SKIPPED), there], A, skipped={module: "no numpy"})
    assert certificate.complete
    assert certificate.skipped_at_collection == ((module, "no numpy"), ("unit::d.py", "no display"))


def test_a_planned_test_whose_module_was_skipped_in_the_job_is_still_missing_without_a_result() -> None:
    there = events.CollectionSkipped(ts=1.0, job="unit", path="unit::a.py", reason="no display")
    certificate, _ = certified([there], A)
    assert certificate.missing == (A,)
    assert not certificate.complete


def test_results_that_came_in_files_count() -> None:
    from_file = result(A, [Attempt(outcome=Outcome.PASSED)])
    certificate, results = certified([], A, extra=(from_file,))
    assert certificate.complete
    assert results[A].outcome is Outcome.PASSED
    certificate, _ = certified([done(A)], A, extra=(from_file,))
    assert certificate.duplicate == (A,)
    certificate, _ = certified([], A, extra=(from_file, from_file))
    assert certificate.complete
    certificate, _ = certified([], A, extra=(from_file, result(A, [Attempt(outcome=Outcome.FAILED)])))
    assert certificate.duplicate == (A,)


def test_the_reason_of_a_dead_letter_reaches_its_result() -> None:
    _, results = certified([done(A, **LOST), parked(A, Cause.DEAD_LETTER)], A)
    assert results[A].reason == "dead letter: its worker was lost"
    _, results = certified([parked(A, evidence="no interpreter\nTraceback")], A)
    assert results[A].reason == "no interpreter"


def test_nothing_is_certified_without_a_lock() -> None:
    assert not Certificate(certified=False).complete


@given(worlds(), chances(), st.integers(0, 300), st.data())
def test_never_complete_while_anything_is_missing(
    specs: list[JobSpec], random: Random, chaos: int, data: st.DataObject
) -> None:
    run = Simulation(specs, random)
    run.run(chaos)
    cut = run.log[: data.draw(st.integers(0, len(run.log)), label="cut")]
    more = data.draw(st.sets(st.sampled_from((A, B, C))), label="planned as well")
    planned = [*run.tests, *sorted(more)]
    certificate, results = certify(planned, Fold(cut), lock="sha256:0", skipped={})
    counts = totals(results)
    assert counts.tests == len(planned) == certificate.planned
    assert counts.not_proven == len(certificate.missing)
    assert certificate.reported + len(certificate.missing) == certificate.planned
    assert more <= set(certificate.missing)
    assert set(certificate.dead) <= set(certificate.missing)
    assert not set(certificate.missing) & {name for name, _ in certificate.withheld}
    assert certificate.complete == (not certificate.missing)
    assert (certificate.duplicate, certificate.unexpected) == ((), ())
