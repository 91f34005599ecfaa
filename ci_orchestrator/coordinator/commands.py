"""What a machine is given and what it answers with: jobs as it takes them, commands as the driver obeys them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ci_orchestrator.coordinator.policies import RetryPolicy
from ci_orchestrator.coordinator.queue.base import Task
from ci_orchestrator.plan.gates import Gate
from ci_orchestrator.results import events
from ci_orchestrator.results.model import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class NeedSpec:
    """Those tests must have passed (or been skipped) before a job starts; `label` names them to people."""

    label: str
    tests: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """A job of the lock, ready to be run.

    `tasks`: what is still owed. `settled`: the outcomes that an earlier, interrupted run of this job already has;
    `took`: the seconds of these. `cut_short`: how many of a test's earlier attempts say nothing about it, so that no
    retry was spent on them.
    `skipped`: tests among the tasks whose module was skipped when it was collected, with the reason.
    `after`: the gate that must say *proceed* before it starts, empty for none. `source`: what is tested.
    Time-outs are seconds, None for none.
    """

    id: str
    suite: str
    lock: str
    tasks: tuple[Task, ...]
    attempt: int = 1
    runner: str = ""
    needs: tuple[NeedSpec, ...] = ()
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    timeout: float | None = None
    test_timeout: float | None = None
    settled: Mapping[str, Outcome] = field(default_factory=dict)
    took: Mapping[str, float] = field(default_factory=dict)
    cut_short: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    after: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpec:
    """A gate of the lock: it judges the tests of `jobs`, all of one stage. `decided`: what the run before this said."""

    id: str
    stage: str
    lock: str
    policy: Gate
    jobs: tuple[str, ...]
    attempt: int = 1
    decided: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """Tasks may start now."""

    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Settle:
    """The worker's lease of `test` is over; `again` is its next attempt."""

    worker: str
    test: str
    again: Task | None = None


@dataclass(frozen=True, slots=True)
class Withdraw:
    """These tests are not to be started any more."""

    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kill:
    """End the worker's whole process tree."""

    worker: str


@dataclass(frozen=True, slots=True)
class Emit:
    """Write the event down."""

    event: events.Event


Command = Put | Settle | Withdraw | Kill | Emit
