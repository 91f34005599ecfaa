"""Gates in a run on one machine: whatever happens to workers, nothing starts behind a gate that did not say proceed."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulation import LENIENT, Simulation, always, canaries, chances, resumed, resumed_gates

from ci_orchestrator.analysis.gates import NO_TESTS, decide
from ci_orchestrator.coordinator.commands import Emit, GateSpec, JobSpec, NeedSpec
from ci_orchestrator.coordinator.machine import Machine
from ci_orchestrator.coordinator.queue.base import Task
from ci_orchestrator.plan.gates import Gate, Latency
from ci_orchestrator.results import events
from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.model import Outcome, Verdict

World = tuple[list[JobSpec], list[GateSpec]]


def of(log: list[events.Event], kind: type[events.Event]) -> list:
    return [event for event in log if isinstance(event, kind)]


@given(canaries(), chances(), st.integers(0, 200))
def test_nothing_runs_behind_a_gate_before_or_without_its_proceeding(world: World, random: Random, chaos: int) -> None:
    specs, gates = world
    run = Simulation(specs, random, gates=gates)
    run.run(chaos)
    behind = {task.key: spec.after for spec in specs if spec.after for task in spec.tasks}
    said: dict[str, Verdict] = {}
    for event in run.log:
        if isinstance(event, events.GateDecided):
            said[event.job] = event.verdict
        test = getattr(event, "test", "")
        if event.type != "test.withheld" and test in behind:
            assert said.get(behind[test]) is Verdict.PROCEED, f"{event.type} of {test}"


@given(canaries(), chances(), st.integers(0, 200))
def test_each_gate_decides_once_on_the_final_outcomes_of_its_stage(world: World, random: Random, chaos: int) -> None:
    specs, gates = world
    run = Simulation(specs, random, gates=gates)
    run.run(chaos)
    results = Fold(run.log).results()
    ended = [event.job for event in of(run.log, events.JobFinished)]
    decided = {event.job: event for event in of(run.log, events.GateDecided)}
    assert len(decided) == len(of(run.log, events.GateDecided))
    withheld = {event.job for event in of(run.log, events.JobFinished) if event.reason}
    for gate in gates:
        tests = [task.key for spec in specs if spec.id in gate.jobs for task in spec.tasks]
        assert (gate.id in decided) == (not withheld.issuperset(gate.jobs))
        if gate.id in decided:
            event = decided[gate.id]
            again = decide(gate.policy, [(results[test].outcome, None) for test in tests]) if tests else NO_TESTS
            assert (event.verdict, event.samples, event.errors) == (again.verdict, again.samples, again.errors)
            at = run.log.index(event)
            assert {one.job for one in of(run.log[:at], events.JobFinished)} >= set(gate.jobs)
    assert sorted(ended) == sorted(spec.id for spec in specs)


@given(canaries(), chances(), st.integers(0, 200), st.data())
def test_a_gate_that_has_decided_does_not_decide_otherwise_when_the_run_goes_on(
    world: World, random: Random, chaos: int, data: st.DataObject
) -> None:
    specs, gates = world
    first = Simulation(specs, random, gates=gates)
    first.run(chaos)
    cut = first.log[: data.draw(st.integers(0, len(first.log)), label="cut")]
    again = Simulation(resumed(specs, cut), random, start=first.now, gates=resumed_gates(gates, cut))
    again.run(chaos)
    before, after = Fold(cut), Fold([*cut, *again.log])
    assert not before.gates.keys() & {event.job for event in of(again.log, events.GateDecided)}
    assert {gate: event.verdict for gate, event in before.gates.items()}.items() <= {
        gate: event.verdict for gate, event in after.gates.items()
    }.items()
    assert after.results().keys() == first.tests.keys()


@given(canaries(), chances(), st.data())
def test_resuming_comes_to_the_same_decisions(world: World, random: Random, data: st.DataObject) -> None:
    specs, gates = world
    tests = sorted(task.key for spec in specs for task in spec.tasks)
    fates = {test: data.draw(st.sampled_from(("pass", "pass", "fail", "skip", "die")), label=test) for test in tests}
    whole = Simulation(specs, random, lambda test, _: fates[test], gates=gates)
    whole.run()
    cut = whole.log[: data.draw(st.integers(0, len(whole.log)), label="cut")]
    again = Simulation(
        resumed(specs, cut), random, lambda test, _: fates[test], whole.now, gates=resumed_gates(gates, cut)
    )
    again.run()
    one, two = Fold(whole.log), Fold([*cut, *again.log])
    assert {gate: event.verdict for gate, event in one.gates.items()} == {
        gate: event.verdict for gate, event in two.gates.items()
    }
    assert one.withheld == two.withheld


def job(name: str, *tests: str, **more: object) -> JobSpec:
    tasks = tuple(Task(key=f"live::a.py::{test}", channel="live") for test in tests)
    return JobSpec(id=name, suite="live", lock="l", tasks=tasks, **more)  # type: ignore[arg-type]


def gate(number: int, *jobs: str, policy: Gate = LENIENT, decided: Verdict | None = None) -> GateSpec:
    return GateSpec(
        id=f"gate_live_{number}", stage=f"live-{number}", lock="l", policy=policy, jobs=jobs, decided=decided
    )


def withheld(log: list[events.Event]) -> dict[str, str]:
    return {event.test: event.reason for event in of(log, events.TestWithheld)}


@pytest.mark.parametrize(
    ("fate", "verdict", "reasons"),
    [
        ("pass", Verdict.PROCEED, {}),
        ("fail", Verdict.ROLLBACK, {"live::a.py::b": "gate:live-1"}),
        ("die", Verdict.ROLLBACK, {"live::a.py::b": "gate:live-1"}),
        ("skip", Verdict.HOLD, {"live::a.py::b": "gate:live-1"}),
    ],
)
def test_the_next_stage_starts_only_behind_a_gate_that_says_proceed(
    fate: str, verdict: Verdict, reasons: dict[str, str]
) -> None:
    specs = [job("one", *"acdef"), job("two", "b", after="gate_live_1")]
    run = Simulation(specs, Random(1), always(fate), gates=[gate(1, "one"), gate(2, "two")])
    run.run()
    first = of(run.log, events.GateDecided)[0]
    assert (first.job, first.stage, first.lock, first.verdict) == ("gate_live_1", "live-1", "l", verdict)
    assert withheld(run.log) == reasons
    assert len(of(run.log, events.GateDecided)) == (1 if reasons else 2)


def test_a_chain_of_gates_is_withheld_to_its_end_with_the_first_reason() -> None:
    specs = [job("one", "a"), job("two", "b", after="gate_live_1"), job("three", "c", after="gate_live_2")]
    specs.append(job("end", "d", needs=(NeedSpec("needs:live", frozenset({"live::a.py::c"})),)))
    gates = [gate(1, "one"), gate(2, "two"), gate(3, "three")]
    run = Simulation(specs, Random(1), always("fail"), gates=gates)
    run.run()
    assert withheld(run.log) == {
        "live::a.py::b": "gate:live-1",
        "live::a.py::c": "gate:live-1",
        "live::a.py::d": "needs:live",
    }
    assert [event.job for event in of(run.log, events.GateDecided)] == ["gate_live_1"]


def test_a_stage_that_is_withheld_by_its_needs_is_not_judged() -> None:
    broken = (NeedSpec("needs:base", frozenset({"live::a.py::a"})),)
    specs = [job("base", "a"), job("one", "b", needs=broken), job("two", "c", needs=broken, after="gate_live_1")]
    run = Simulation(specs, Random(1), always("fail"), gates=[gate(1, "one"), gate(2, "two")])
    run.run()
    assert withheld(run.log) == {"live::a.py::b": "needs:base", "live::a.py::c": "needs:base"}
    assert of(run.log, events.GateDecided) == []


def test_a_stage_without_tests_lets_everything_pass() -> None:
    run = Simulation(
        [job("one"), job("two", "b", after="gate_live_1")], Random(1), always("pass"), gates=[gate(1, "one"), gate(2)]
    )
    run.run()
    assert withheld(run.log) == {}
    assert Fold(run.log).status().passed == 1
    assert {event.why for event in of(run.log, events.GateDecided)} == {NO_TESTS.why}


def test_what_was_decided_before_stands() -> None:
    settled = {"live::a.py::a": Outcome.PASSED}
    specs = [job("one", settled=settled), job("two", "b", after="gate_live_1")]
    machine = Machine(specs, gates=[gate(1, "one", decided=Verdict.HOLD)])
    log = [command.event for command in machine.start(0.0) if isinstance(command, Emit)]
    assert withheld(log) == {"live::a.py::b": "gate:live-1"}
    assert of(log, events.GateDecided) == []
    assert machine.finished


def test_an_interrupt_decides_nothing() -> None:
    machine = Machine([job("one", "a"), job("two", "b", after="gate_live_1")], gates=[gate(1, "one")])
    machine.start(0.0)
    out = machine.interrupt(1.0)
    assert [command.event.type for command in out if isinstance(command, Emit)] == ["job.finished"]
    assert machine.finished


QUICK = Gate(
    name="quick", error_rate=LENIENT.error_rate.model_copy(update={"confidence": 0.95}), latency=Latency(max=5)
)


def through(duration: float | None, *, settled: bool = False) -> events.GateDecided:
    """What a timed gate says of 59 tests that took so long each, run now or in the run before this one."""
    names = [f"t{number:02}" for number in range(59)]
    whole = job("one", *names)
    if settled:
        took = {} if duration is None else {task.key: duration for task in whole.tasks}
        whole = replace(whole, tasks=(), settled={task.key: Outcome.PASSED for task in whole.tasks}, took=took)
    machine = Machine([whole], gates=[gate(1, "one", policy=QUICK)])
    out = machine.start(0.0)
    for task in whole.tasks:
        machine.on_started("w", task.key, 0.0, 0.0)
        done = events.TestFinished(
            ts=0.0, job="", test=task.key, number=1, outcome=Outcome.PASSED, duration=duration or 0.0
        )
        out += machine.on_finished("w", done, 1.0)
    (decided,) = [one.event for one in out if isinstance(one, Emit) and isinstance(one.event, events.GateDecided)]
    return decided


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize(
    ("duration", "verdict"), [(4.9, Verdict.PROCEED), (5.1, Verdict.ROLLBACK), (None, Verdict.HOLD)]
)
def test_a_gate_with_a_longest_time_knows_what_tests_took_before_and_after_an_interruption(
    duration: float | None, verdict: Verdict, settled: bool
) -> None:
    assert through(duration, settled=settled).verdict is verdict
