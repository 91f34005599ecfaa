from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from simulation import Simulation, chances, worlds

from ci_orchestrator.coordinator.commands import JobSpec
from ci_orchestrator.results import events
from ci_orchestrator.results.fold import Fold, Status
from ci_orchestrator.results.merge import merge, totals
from ci_orchestrator.results.model import Cause, Outcome

TEST = "unit::a.py::t"


def consistent(status: Status) -> None:
    assert status.queued + status.running + status.done == status.total
    assert status.passed + status.failed + status.skipped + status.not_proven == status.done
    assert min(getattr(status, name) for name in Status.__slots__) >= 0


def simulated(specs: list[JobSpec], random: Random, chaos: int) -> list[events.Event]:
    run = Simulation(specs, random)
    run.run(chaos)
    return run.log


def by_job(log: list[events.Event]) -> list[list[events.Event]]:
    logs: dict[str, list[events.Event]] = defaultdict(list)
    for event in log:
        logs[event.job].append(event)
    return [logs[job] for job in sorted(logs)]


def summary(fold: Fold) -> tuple[object, ...]:
    """All that a fold says."""
    return (
        fold.status(),
        fold.results(),
        dict(fold.settled()),
        dict(fold.settled(dead_too=False)),
        fold.summaries({}, {}),
        fold.dead,
        fold.withheld,
        fold.collection_skipped,
        sorted(fold.spans, key=lambda span: (span.job, span.test, span.start, span.worker)),
    )


@given(worlds(), chances(), st.integers(0, 300))
def test_every_prefix_is_a_consistent_status(specs: list[JobSpec], random: Random, chaos: int) -> None:
    fold = Fold()
    consistent(fold.status())
    finished = 0
    for event in simulated(specs, random, chaos):
        fold.add(event)
        consistent(fold.status())
        finished += isinstance(event, events.TestFinished)
        assert len(fold.spans) == finished
    status = fold.status()
    assert status.done == status.total == sum(len(spec.tasks) for spec in specs)
    assert {test for test, outcome in fold.settled().items()} == {
        task.key for spec in specs for task in spec.tasks
    } - fold.withheld.keys()


@given(worlds(), chances(), st.integers(0, 300), st.data())
def test_lost_lines_never_make_a_count_negative(
    specs: list[JobSpec], random: Random, chaos: int, data: st.DataObject
) -> None:
    log = simulated(specs, random, chaos)
    fold = Fold()
    for event, kept in zip(log, data.draw(st.lists(st.booleans(), min_size=len(log), max_size=len(log))), strict=True):
        if kept:
            fold.add(event)
            consistent(fold.status())


@given(worlds(), chances(), st.integers(0, 300))
def test_logs_of_several_jobs_may_be_interleaved_in_any_way(specs: list[JobSpec], random: Random, chaos: int) -> None:
    log = simulated(specs, random, chaos)
    logs = by_job(log)
    one_after_another = Fold(event for part in logs for event in part)
    mixed = Fold()
    rest = [list(reversed(part)) for part in logs]
    while any(rest):
        mixed.add(random.choice([part for part in rest if part]).pop())
        consistent(mixed.status())
    assert summary(Fold(log)) == summary(one_after_another) == summary(mixed)


@given(worlds(), chances(), st.integers(0, 300))
def test_merging_the_results_of_each_log_is_folding_all(specs: list[JobSpec], random: Random, chaos: int) -> None:
    log = simulated(specs, random, chaos)
    parts = [Fold(part).results().values() for part in by_job(log)]
    everything = tuple(Fold(log).results().values())
    assert merge(*parts) == everything
    assert merge(*reversed(parts), everything) == everything


@given(worlds(), chances(), st.integers(0, 300))
def test_a_status_and_the_results_at_the_end_say_the_same(specs: list[JobSpec], random: Random, chaos: int) -> None:
    fold = Fold(simulated(specs, random, chaos))
    status, counts = fold.status(), totals(fold.results().values())
    assert status.total == counts.tests
    assert status.passed == counts.passed
    assert status.failed == counts.failed + counts.errored
    assert status.skipped == counts.skipped
    assert status.not_proven == counts.not_proven
    assert status.flaky == counts.flaky
    assert {one.id for one in fold.results().values() if one.outcome is Outcome.NOT_PROVEN} == fold.dead.keys()


@given(worlds(), chances(), st.integers(0, 300))
def test_a_log_told_twice_changes_no_result(specs: list[JobSpec], random: Random, chaos: int) -> None:
    log = simulated(specs, random, chaos)
    once, twice = Fold(log), Fold([*log, *log])
    assert once.results() == twice.results()
    consistent(twice.status())


def started(number: int = 1, **more: object) -> events.TestStarted:
    return events.TestStarted(ts=1.0, job="unit", test=TEST, number=number, worker="w1", **more)  # type: ignore[arg-type]


def finished(outcome: Outcome = Outcome.PASSED, number: int = 1, **more: object) -> events.TestFinished:
    fields = {"ts": 2.0, "job": "unit", "test": TEST, "worker": "w1", **more}
    return events.TestFinished(number=number, outcome=outcome, **fields)  # type: ignore[arg-type]


def begun(tests: int = 1, **more: object) -> events.JobStarted:
    return events.JobStarted(ts=0.0, job="unit", suite="unit", lock="l", tests=tests, **more)  # type: ignore[arg-type]


def dead(cause: Cause, number: int = 1, **more: object) -> events.TestDead:
    return events.TestDead(ts=3.0, job="unit", test=TEST, number=number, cause=cause, **more)  # type: ignore[arg-type]


def test_an_empty_log_is_an_empty_status() -> None:
    assert Fold().status() == Status(**dict.fromkeys(Status.__slots__, 0))
    assert Fold().results() == {}


def test_what_ran_when_the_orchestrator_was_killed_does_not_run_any_more_when_it_is_resumed() -> None:
    fold = Fold([begun(), started()])
    assert fold.status().running == 1
    fold.add(begun())
    assert (fold.status().running, fold.status().queued) == (0, 1)


def test_workers_that_a_killed_run_left_without_a_word_are_counted_when_it_is_resumed() -> None:
    came = [events.WorkerStarted(ts=1, job="unit", worker=worker, pid=1) for worker in ("w1", "w2", "w3")]
    lost = events.WorkerLost(ts=2, job="unit", worker="w2", exit_code=-9)
    left = events.WorkerFinished(ts=9, job="unit", worker="w3", exit_code=0)
    state = Fold([begun(), *came, lost, left]).jobs["unit", 1]
    assert (state.present, state.cut_off, state.ended) == ({"w1"}, 0, 2)
    state = Fold([begun(), *came, lost, left, begun(), came[0], replace(left, worker="w1")]).jobs["unit", 1]
    assert (state.present, state.cut_off) == (set(), 1)


def test_a_lost_worker_runs_nothing_but_its_namesake_of_another_job_does() -> None:
    other = events.TestStarted(ts=1.0, job="e2e", test="e2e::b.py::t", number=1, worker="w1")
    fold = Fold([begun(), started(), other, events.WorkerLost(ts=2.0, job="unit", worker="w1", exit_code=-9)])
    assert fold.status().running == 1
    assert fold.status().lost == 1


def test_a_test_that_was_parked_before_its_retry_is_not_proven() -> None:
    failed = finished(Outcome.FAILED, cause=Cause.FAILURE)
    retried = events.TestRetried(ts=2.0, job="unit", test=TEST, number=1, cause=Cause.FAILURE, delay=1.0)
    fold = Fold([begun(), started(), failed, retried, dead(Cause.TIMEOUT, 2, evidence="the job timed out\nmore")])
    [one] = fold.results().values()
    assert (one.outcome, one.reason) == (Outcome.NOT_PROVEN, "the job timed out")
    assert [attempt.outcome for attempt in one.attempts] == [Outcome.FAILED, Outcome.NOT_PROVEN]


def test_a_dead_letter_that_was_given_another_try_and_passed_is_dead_no_more() -> None:
    lost = finished(Outcome.NOT_PROVEN, cause=Cause.WORKER_LOST)
    fold = Fold([begun(), started(), lost, dead(Cause.DEAD_LETTER)])
    assert fold.settled() == {TEST: Outcome.NOT_PROVEN}
    assert fold.settled(dead_too=False) == {}
    fold = Fold([begun(), started(), lost, dead(Cause.DEAD_LETTER), started(2), finished(number=2)])
    assert fold.dead == {}
    assert fold.settled(dead_too=False) == {TEST: Outcome.PASSED}
    assert fold.results()[TEST].outcome is Outcome.PASSED


def test_a_withheld_test_is_decided_again_when_the_run_is_resumed() -> None:
    withheld = events.TestWithheld(ts=1.0, job="unit", test=TEST, reason="needs:other")
    fold = Fold([begun(), withheld])
    assert fold.settled() == {}
    assert fold.results()[TEST].outcome is Outcome.SKIPPED
    assert fold.results()[TEST].reason == "needs:other"
    consistent(fold.status())
    again = Fold([begun(), withheld, begun(), withheld])
    assert again.results() == fold.results()


def test_another_attempt_of_a_job_replaces_the_first_in_counts_and_outcome() -> None:
    second = [
        begun(tests=1, attempt=2),
        started(attempt=2),
        finished(Outcome.PASSED, attempt=2),
    ]
    fold = Fold([begun(), started(), finished(Outcome.FAILED, cause=Cause.FAILURE), *second])
    assert (fold.status().total, fold.status().passed, fold.status().failed) == (1, 1, 0)
    [one] = fold.results().values()
    assert (one.outcome, one.flaky) == (Outcome.PASSED, True)


def test_only_a_failure_that_ran_to_its_end_makes_a_pass_flaky() -> None:
    log = [begun(), started(), finished(Outcome.NOT_PROVEN, cause=Cause.WORKER_LOST), started(2), finished(number=2)]
    assert Fold(log).status().flaky == 0
    log[2] = finished(Outcome.FAILED, cause=Cause.TIMEOUT)
    assert Fold(log).status().flaky == 1
    assert Fold([*log, started(3)]).status().flaky == 0


def test_a_withheld_test_that_ran_after_all_is_withheld_no_more() -> None:
    withheld = events.TestWithheld(ts=1.0, job="unit", test=TEST, reason="needs:other")
    fold = Fold([begun(), withheld, begun(attempt=2), started(attempt=2), finished(attempt=2)])
    assert fold.withheld == {}
    assert fold.settled() == {TEST: Outcome.PASSED}


def test_times_and_workers_of_a_job() -> None:
    fold = Fold(
        [
            begun(),
            events.WorkerStarted(ts=1.0, job="unit", worker="w1", pid=7),
            started(),
            finished(started=1.5, duration=0.5),
            events.JobFinished(ts=4.0, job="unit", exit_code=1),
        ]
    )
    [job] = fold.summaries({"unit": "Unit tests"}, {"unit": 3.0})
    assert (job.name, job.estimate, job.duration, job.workers, job.exit_code) == ("Unit tests", 3.0, 4.0, 1, 1)
    [span] = fold.spans
    assert (span.start, span.end, span.outcome) == (1.5, 2.0, "passed")
