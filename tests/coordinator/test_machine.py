from __future__ import annotations

from collections import Counter, defaultdict
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from simulation import Simulation, always, chances, resumed, worlds

from ci_orchestrator.coordinator.commands import Emit, JobSpec, Kill, NeedSpec, Put, Settle, Withdraw
from ci_orchestrator.coordinator.machine import MAX_BARREN_LOSSES, Machine
from ci_orchestrator.coordinator.policies import RetryPolicy
from ci_orchestrator.coordinator.queue.base import Task
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.results import events
from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.model import Cause, Outcome

RED = (Outcome.FAILED, Outcome.ERRORED, Outcome.NOT_PROVEN)


def ends(log: list[events.Event]) -> dict[str, str]:
    """Test → how it ended; nothing may happen to it afterwards."""
    state: dict[str, str] = {}
    for event in log:
        test = getattr(event, "test", "")
        if not test:
            continue
        before = state.get(test, "waiting")
        allowed, after = {
            "test.started": ({"waiting", "lost"}, "running"),
            "worker.lost": ({"running"}, "lost"),  # and the test is tried again, or ends
            "test.finished": ({"running", "lost"}, getattr(event, "outcome", "")),
            "test.retried": (set(RED), "waiting"),
            "test.dead": ({"waiting", "lost", Outcome.NOT_PROVEN}, "dead"),
            "test.withheld": ({"waiting"}, "withheld"),
        }[event.type]
        assert before in allowed, f"{event.type} of a test that is {before}"
        state[test] = after
    return state


def of(log: list[events.Event], kind: type[events.Event]) -> list:
    return [event for event in log if isinstance(event, kind)]


@given(worlds(), chances(), st.integers(0, 300))
def test_every_run_ends_and_every_test_in_one_way(specs: list[JobSpec], random: Random, chaos: int) -> None:
    run = Simulation(specs, random)
    run.run(chaos)
    state = ends(run.log)
    assert state.keys() == run.tests.keys()
    assert set(state.values()) <= {*Outcome, "dead", "withheld"} - {Outcome.NOT_PROVEN}
    assert run.machine.running() == {}
    assert run.machine.next_deadline() is None
    # nothing is left behind for a worker to find, or in the hands of one
    assert run.queue.channels(run.now) == []
    assert run.queue.next_at(run.now) is None
    assert all(not run.queue.held(worker) for worker in run.workers)


@given(worlds(), chances(), st.integers(0, 300))
def test_attempts_are_numbered_and_never_more_than_the_policy_allows(
    specs: list[JobSpec], random: Random, chaos: int
) -> None:
    run = Simulation(specs, random)
    run.run(chaos)
    numbers: dict[str, list[int]] = defaultdict(list)
    for event in of(run.log, events.TestFinished):
        numbers[event.test].append(event.number)
    for test, spec in run.tests.items():
        assert numbers[test] == list(range(1, len(numbers[test]) + 1))
        assert len(numbers[test]) <= spec.retries.max + 1
    for event in of(run.log, events.TestRetried):
        spec = run.tests[event.test]
        assert event.number <= spec.retries.max
        assert event.cause in spec.retries.when


@given(worlds(), chances(), st.integers(0, 300))
def test_a_test_runs_if_and_only_if_what_it_needs_has_passed(specs: list[JobSpec], random: Random, chaos: int) -> None:
    run = Simulation(specs, random)
    run.run(chaos)
    state = ends(run.log)
    withheld = {event.test: event.reason for event in of(run.log, events.TestWithheld)}
    for spec in specs:
        broken = [need for need in spec.needs if any(state[test] not in ("passed", "skipped") for test in need.tests)]
        for task in spec.tasks:
            if broken:
                assert withheld[task.key] == broken[0].label
                assert broken[0].label.startswith("needs:")
            else:
                assert task.key not in withheld


@given(worlds(), chances(), st.integers(0, 300))
def test_every_job_says_when_it_starts_and_ends_and_how(specs: list[JobSpec], random: Random, chaos: int) -> None:
    run = Simulation(specs, random)
    run.run(chaos)
    state = ends(run.log)
    for spec in specs:
        own = [event for event in run.log if event.job == spec.id]
        assert isinstance(own[0], events.JobStarted)
        assert own[0].tests == len(spec.tasks)
        assert isinstance(own[-1], events.JobFinished)
        assert Counter(event.type for event in own)["job.started"] == 1
        assert Counter(event.type for event in own)["job.finished"] == 1
        outcomes = {state[task.key] for task in spec.tasks}
        if outcomes & {"failed", "errored"}:
            assert own[-1].exit_code == ExitCode.TESTS_FAILED
        else:
            assert own[-1].exit_code == (ExitCode.NOT_PROVEN if "dead" in outcomes else ExitCode.OK)


@given(worlds(timeouts=False), chances(), st.integers(0, 40))
def test_an_interrupt_ends_every_job_that_began_and_leaves_nothing_running(
    specs: list[JobSpec], random: Random, chaos: int
) -> None:
    run = Simulation(specs, random)
    for _ in range(chaos):
        run.turn(random.choice(sorted(run.workers)) if run.workers else "", wild=True)
    running = run.machine.running()
    run.apply(run.machine.interrupt(run.now))
    assert run.machine.finished
    assert run.machine.running() == {}
    tail = {event.test for event in of(run.log, events.TestFinished) if event.cause is Cause.INTERRUPTED}
    assert tail == set(running.values())
    assert Counter(e.job for e in of(run.log, events.JobStarted)) == Counter(
        e.job for e in of(run.log, events.JobFinished)
    )
    assert Fold(run.log).status().running == 0
    # what comes too late changes nothing
    before = list(run.log)
    for worker in list(run.workers.values()):
        if worker.hand and not worker.running:
            run.begin(worker)
        run.gone(worker)
    assert run.log == before
    assert run.machine.interrupt(run.now) == []


@given(worlds(), chances(), st.integers(0, 300), st.data())
def test_a_run_that_was_cut_anywhere_can_go_on(
    specs: list[JobSpec], random: Random, chaos: int, data: st.DataObject
) -> None:
    first = Simulation(specs, random)
    first.run(chaos)
    cut = first.log[: data.draw(st.integers(0, len(first.log)), label="cut")]
    kept = Fold(cut)
    again = Simulation(resumed(specs, cut), random, start=first.now)
    again.run(chaos)
    fold = Fold([*cut, *again.log])
    status = fold.status()
    assert (status.total, status.running, status.queued) == (len(first.tests), 0, 0)
    assert fold.results().keys() == first.tests.keys()
    for test, outcome in kept.settled().items():  # what had finished is not run again
        assert test not in again.tests
        assert fold.results()[test].outcome is outcome
    for test, attempts in fold.attempts.items():
        made = [attempt.number for attempt in attempts if attempt.cause is not Cause.WITHHELD]
        assert len(set(made)) == len(made), test
    assert all(number == 1 for number in Counter(e.test for e in of([*cut, *again.log], events.TestDead)).values())


@given(worlds(timeouts=False), chances(), st.data())
def test_resuming_comes_to_the_same_end(specs: list[JobSpec], random: Random, data: st.DataObject) -> None:
    tests = sorted(task.key for spec in specs for task in spec.tasks)
    fates = {test: data.draw(st.sampled_from(("pass", "fail", "skip", "die", "vanish")), label=test) for test in tests}

    def fate(test: str, _: Random) -> str:
        return fates[test]

    whole = Simulation(specs, random, fate)
    whole.run()
    cut = whole.log[: data.draw(st.integers(0, len(whole.log)), label="cut")]
    again = Simulation(resumed(specs, cut), random, fate, start=whole.now)
    again.run()
    one, two = Fold(whole.log), Fold([*cut, *again.log])
    assert {test: result.outcome for test, result in one.results().items()} == {
        test: result.outcome for test, result in two.results().items()
    }
    assert one.dead.keys() == two.dead.keys()
    assert one.withheld == two.withheld


def task(name: str, **more: object) -> Task:
    return Task(key=f"unit::a.py::{name}", channel="unit", group="unit::a.py", **more)  # type: ignore[arg-type]


def job(*names: str, called: str = "unit", **more: object) -> JobSpec:
    return JobSpec(id=called, suite="unit", lock="l", tasks=tuple(task(name) for name in names), **more)  # type: ignore[arg-type]


def finished(name: str, outcome: Outcome = Outcome.PASSED, cause: Cause = Cause.NONE) -> events.TestFinished:
    return events.TestFinished(ts=0, job="", test=f"unit::a.py::{name}", number=0, outcome=outcome, cause=cause)


def said(commands: list) -> list[str]:
    return [each.event.type if isinstance(each, Emit) else type(each).__name__ for each in commands]


def begun(*jobs: JobSpec) -> Machine:
    machine = Machine(jobs)
    machine.start(0.0)
    return machine


def lose(machine: Machine, worker: str, now: float) -> list:
    return machine.on_lost(worker, "unit", exit_code=-9, signal="SIGKILL", evidence="core dumped", now=now)


def test_the_plain_way() -> None:
    machine = Machine([job("a")])
    assert said(machine.start(0.0)) == ["job.started", "Put"]
    assert said(machine.on_started("w", "unit::a.py::a", 1.0, 1.0)) == ["test.started"]
    assert machine.running() == {"w": "unit::a.py::a"}
    assert said(machine.on_finished("w", finished("a"), 2.0)) == ["test.finished", "Settle", "job.finished"]
    assert machine.finished


def test_a_test_that_loses_its_worker_twice_is_a_dead_letter_told_once() -> None:
    machine = begun(job("a"))
    machine.on_started("w1", "unit::a.py::a", 1.0, 1.0)
    first = lose(machine, "w1", 2.0)
    assert said(first) == ["worker.lost", "test.finished", "test.retried", "Settle"]
    assert first[-1].again.number == 2
    assert first[-1].again.not_before > 2.0
    machine.on_started("w2", "unit::a.py::a", 9.0, 9.0)
    second = lose(machine, "w2", 10.0)
    assert said(second) == ["worker.lost", "test.finished", "Settle", "test.dead", "job.finished"]
    assert second[1].event.message == "dead letter: its worker was lost (SIGKILL)"
    assert second[3].event.cause is Cause.DEAD_LETTER
    assert second[3].event.evidence == "core dumped"
    assert second[-1].event.exit_code == ExitCode.NOT_PROVEN


def test_a_test_that_takes_too_long_is_killed_once_and_failed() -> None:
    machine = begun(job("a", test_timeout=5.0))
    machine.on_started("w", "unit::a.py::a", 1.0, 1.0)
    assert machine.next_deadline() == 6.0
    assert machine.tick(5.9) == []
    assert machine.tick(6.0) == [Kill("w")]
    assert machine.next_deadline() is None  # nothing to decide until the worker is gone
    assert machine.tick(7.0) == []
    out = lose(machine, "w", 7.0)
    assert said(out) == ["worker.lost", "test.finished", "Settle", "job.finished"]
    assert (out[1].event.outcome, out[1].event.cause) == (Outcome.FAILED, Cause.TIMEOUT)


def test_a_test_that_ends_just_before_the_kill_keeps_its_result_and_its_successor_is_not_blamed() -> None:
    machine = begun(job("a", "b", test_timeout=5.0, retries=RetryPolicy(0)))
    machine.on_started("w", "unit::a.py::a", 0.0, 0.0)
    assert machine.tick(5.0) == [Kill("w")]
    assert said(machine.on_finished("w", finished("a"), 5.1)) == ["test.finished", "Settle"]
    machine.on_started("w", "unit::a.py::b", 5.1, 5.1)
    assert said(lose(machine, "w", 5.2)) == ["worker.lost"]
    assert not machine.finished
    machine.on_started("w2", "unit::a.py::b", 6.0, 6.0)
    assert said(machine.on_finished("w2", finished("b"), 7.0))[-1] == "job.finished"


def test_a_job_that_takes_too_long_ends_what_runs_and_what_waits() -> None:
    machine = begun(job("a", "b", timeout=10.0, retries=RetryPolicy(5, frozenset({Cause.TIMEOUT}))))
    machine.on_started("w", "unit::a.py::a", 1.0, 1.0)
    out = machine.tick(10.0)
    assert said(out) == ["Withdraw", "test.dead", "Kill"]
    assert out[0] == Withdraw(("unit::a.py::b",))
    assert out[1].event.cause is Cause.TIMEOUT
    assert said(lose(machine, "w", 11.0)) == ["worker.lost", "test.finished", "Settle", "job.finished"]
    assert machine.finished


def test_workers_that_never_start_a_test_are_given_up() -> None:
    machine = begun(job("a"), job("b", called="unit2"))
    for number in range(1, MAX_BARREN_LOSSES):
        assert said(lose(machine, f"w{number}", 1.0)) == ["worker.lost"]  # told once, not once a job
    out = lose(machine, "w", 2.0)
    assert said(out) == ["worker.lost", *["Withdraw", "test.dead"] * 2, "job.finished", "job.finished"]
    assert "core dumped" in out[2].event.evidence
    assert machine.finished


def test_one_test_that_starts_resets_the_count_of_barren_workers() -> None:
    machine = begun(job("a", "b"))
    for number in range(MAX_BARREN_LOSSES - 1):
        lose(machine, f"w{number}", 1.0)
    machine.on_started("x", "unit::a.py::a", 2.0, 2.0)
    machine.on_finished("x", finished("a"), 2.0)
    for number in range(MAX_BARREN_LOSSES - 1):
        assert said(lose(machine, f"v{number}", 3.0)) == ["worker.lost"]
    assert not machine.finished


def test_an_idle_worker_that_we_ended_is_no_loss() -> None:
    machine = begun(job("a", "b", test_timeout=1.0))
    machine.on_started("w", "unit::a.py::a", 0.0, 0.0)
    machine.tick(1.0)
    machine.on_finished("w", finished("a"), 1.1)
    assert lose(machine, "w", 1.2) == []


def test_a_test_that_the_suite_does_not_have_is_parked_while_it_is_leased_or_runs() -> None:
    machine = begun(job("a", "b"))
    machine.on_started("w", "unit::a.py::a", 1.0, 1.0)
    assert said(machine.on_unknown("w", ["unit::a.py::a", "unit::a.py::b"], 2.0)) == [
        *["Settle", "test.dead"] * 2,
        "job.finished",
    ]
    assert machine.on_unknown("w", ["unit::a.py::a"], 2.0) == []
    assert said(lose(machine, "w", 3.0)) == ["worker.lost"]


def test_a_result_of_a_parked_test_only_ends_its_lease() -> None:
    machine = begun(job("a", "b", timeout=1.0))
    machine.on_started("w", "unit::a.py::a", 0.0, 0.0)
    machine.tick(1.0)
    assert machine.on_finished("w", finished("b"), 1.1) == [Settle("w", "unit::a.py::b")]
    assert machine.running() == {"w": "unit::a.py::a"}


def test_tests_of_modules_that_skip_at_collection_are_skipped_without_a_worker() -> None:
    machine = Machine([job("a", "b", skipped={"unit::a.py::a": "no numpy"})])
    out = machine.start(0.0)
    assert said(out) == ["job.started", "test.finished", "collection.skipped", "Put"]
    assert (out[1].event.outcome, out[1].event.message) == (Outcome.SKIPPED, "no numpy")
    assert out[2].event.path == "unit::a.py"
    assert [one.key for one in out[3].tasks] == ["unit::a.py::b"]


def test_what_a_skipped_test_already_has_stands() -> None:
    spec = job("b", settled={"unit::a.py::a": Outcome.PASSED}, skipped={"unit::a.py::a": "no numpy"})
    assert said(Machine([spec]).start(0.0)) == ["job.started", "Put"]


def test_a_chain_of_needs_is_withheld_to_its_end() -> None:
    first = job("a")
    second = job("b", called="second", needs=(NeedSpec("needs:unit", frozenset({"unit::a.py::a"})),))
    third = job("c", called="third", needs=(NeedSpec("needs:second", frozenset({"unit::a.py::b"})),))
    machine = begun(first, second, third)
    machine.on_started("w", "unit::a.py::a", 0.0, 0.0)
    out = machine.on_finished("w", finished("a", Outcome.FAILED, Cause.FAILURE), 1.0)
    reasons = [(e.event.test, e.event.reason) for e in out if isinstance(e, Emit) and e.event.type == "test.withheld"]
    assert reasons == [("unit::a.py::b", "needs:unit"), ("unit::a.py::c", "needs:second")]
    assert machine.finished


def test_a_skipped_need_counts_as_passed() -> None:
    second = job("b", called="second", needs=(NeedSpec("needs:unit", frozenset({"unit::a.py::a"})),))
    machine = begun(job("a"), second)
    machine.on_started("w", "unit::a.py::a", 0.0, 0.0)
    out = machine.on_finished("w", finished("a", Outcome.SKIPPED), 1.0)
    assert any(isinstance(command, Put) for command in out)


def test_a_job_without_tests_ends_at_once_and_a_run_without_jobs_is_over() -> None:
    assert said(Machine([job()]).start(0.0)) == ["job.started", "Put", "job.finished"]
    assert Machine([]).finished


def test_jobs_whose_tests_are_all_settled_end_with_their_worst() -> None:
    spec = job(settled={"unit::a.py::a": Outcome.FAILED, "unit::a.py::b": Outcome.NOT_PROVEN})
    out = Machine([spec]).start(0.0)
    assert (out[0].event.tests, out[-1].event.exit_code) == (2, ExitCode.TESTS_FAILED)


def test_everything_passes_when_everything_passes() -> None:
    run = Simulation([job(*"abcdef")], Random(1), always("pass"))
    run.run()
    assert Counter(event.type for event in run.log)["test.finished"] == 6
    assert Fold(run.log).status().passed == 6
