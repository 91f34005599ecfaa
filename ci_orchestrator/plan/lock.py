"""The lock: the decision, written down. Every test has its job, every job its runner class, stage, needs and estimate.

Content-addressed: `digest` is the SHA-256 of everything else in it, in canonical JSON. The same plan, tests and history
give the same bytes on any machine, and every job of a build, every attempt and every re-run reads this one file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ci_orchestrator.errors import LockError, Where
from ci_orchestrator.plan.models import Plan

SCHEMA = 1


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, alias_generator=lambda name: name.replace("_", "-")
    )


class Need(_Frozen):
    """What must have passed before a job starts: all tests of a suite, or with `tests` only those, of these `jobs`."""

    label: str
    suite: str
    tests: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()


class Job(_Frozen):
    """One shard of a suite on one runner.

    `tests` are ``path::name`` in the order in which the tool collected them; `estimates` are their milliseconds,
    aligned.
    `stage`: the jobs of the suite that may start together. `level`: how many jobs there are in a row before this one.
    `after`: the gate that must say *proceed* before it starts, empty for none.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    name: str
    suite: str
    stage: str
    level: Annotated[int, Field(ge=0)]
    runner: str
    needs: tuple[Need, ...] = ()
    after: str = ""
    tests: tuple[str, ...]
    estimates: tuple[Annotated[int, Field(ge=0)], ...]

    @model_validator(mode="after")
    def _aligned(self) -> Self:
        if len(self.tests) != len(self.estimates):
            raise ValueError(f"{len(self.tests)} tests, {len(self.estimates)} estimates")
        return self

    @property
    def seconds(self) -> float:
        """Estimated seconds of test time."""
        return sum(self.estimates) / 1000


class Gate(_Frozen):
    """A decision after a stage of a suite, over the tests of that stage's `jobs`; `policy` is the plan's gate."""

    id: Annotated[str, Field(pattern=r"^gate_[a-z0-9_]{1,55}$")]
    name: str
    policy: str
    suite: str
    stage: str
    jobs: tuple[str, ...]


class Lock(_Frozen):
    """`plan` is the plan as it was read, so that what has moved since can be said, not just that something has."""

    schema_version: int = Field(default=SCHEMA)
    tool_version: str
    digest: str = ""
    plan_digest: str
    tests_digest: str
    history_digest: str
    plan: dict[str, Any]
    skipped_at_collection: tuple[tuple[str, str], ...] = ()
    gates: tuple[Gate, ...] = ()
    jobs: tuple[Job, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Each id and each test once; needs are jobs of earlier levels, so that no run waits for itself."""
        levels = {job.id: job.level for job in self.jobs}
        gates = {gate.id for gate in self.gates}
        if len(levels.keys() | gates) < len(self.jobs) + len(self.gates):
            raise ValueError("two jobs have the same id")
        for job in self.jobs:
            if job.after and job.after not in gates:
                raise ValueError(f"job {job.id} waits for the gate {job.after}, which is not there")
        for gate in self.gates:
            if unknown := sorted(set(gate.jobs) - levels.keys()):
                raise ValueError(f"gate {gate.id} judges {unknown[0]}, which is no job")
        self._check_order(levels)
        seen: set[str] = set()
        for test in self.test_ids():
            if test in seen:
                raise ValueError(f"{test} stands in the lock twice")
            seen.add(test)
        return self

    def _check_order(self, levels: Mapping[str, int]) -> None:
        """Whatever comes before a job is there, and of an earlier level."""
        order = precedence(self.jobs, self.gates)
        latest = {
            name: max(inside, key=levels.__getitem__, default="")
            for name, inside in order.items()
            if name not in levels
        }
        for job in self.jobs:
            for name in order[job.id]:
                other = latest.get(name, name)
                if other and levels.get(other, job.level) >= job.level:
                    raise ValueError(f"job {job.id} needs {other}, which is no job of an earlier level")

    def job(self, name: str) -> Job:
        """The job called `name`. Raises `LockError` naming the jobs there are."""
        for job in self.jobs:
            if job.id == name:
                return job
        raise LockError(f"the lock has no job {name!r}", fix=f"its jobs: {', '.join(job.id for job in self.jobs)}")

    def gate(self, stage: str) -> Gate:
        """The gate after the stage called `stage`. Raises `LockError` naming the stages that have one."""
        for gate in self.gates:
            if gate.stage == stage:
                return gate
        known = ", ".join(gate.stage for gate in self.gates) or "none"
        raise LockError(f"the lock has no gate after {stage!r}", fix=f"stages with a gate: {known}")

    def test_ids(self) -> Iterable[str]:
        """Every planned test, ``suite::path::name``, job by job."""
        for job in self.jobs:
            for test in job.tests:
                yield f"{job.suite}::{test}"


def precedence(jobs: Sequence[Job], gates: Iterable[Gate]) -> dict[str, tuple[str, ...]]:
    """What must have ended before each job can start: jobs, gates, and ``suite NAME``, which is no job and
    stands for all jobs of a suite. Those two are keys too, so that n jobs that need n others are 2n edges and not n².
    """
    edges: dict[str, list[str]] = {gate.id: list(gate.jobs) for gate in gates}
    for job in jobs:
        edges.setdefault(f"suite {job.suite}", []).append(job.id)
        wanted = {name for need in job.needs for name in (need.jobs if need.tests else [f"suite {need.suite}"])}
        edges[job.id] = sorted({*wanted, *([job.after] if job.after else [])})
    for need in {need for job in jobs for need in job.needs}:
        edges.setdefault(f"suite {need.suite}", [])
    return {name: tuple(names) for name, names in edges.items()}


def digest_of(value: object) -> str:
    """``sha256:…`` of a JSON value in canonical form (sorted keys, no spaces, ASCII)."""
    return "sha256:" + hashlib.sha256(_canonical(value)).hexdigest()


def plan_value(plan: Plan) -> dict[str, Any]:
    """The plan as JSON, however its file was written: comments, order and spelling of units do not matter."""
    value: dict[str, Any] = plan.model_dump(mode="json", by_alias=True)
    return value


def seal(lock: Lock) -> Lock:
    """The lock with its own digest filled in."""
    return lock.model_copy(update={"digest": _own_digest(lock)})


def encode(lock: Lock) -> bytes:
    """The file: one line a job, so that a diff shows what moved."""
    value = _value(lock)
    jobs = value.pop("jobs")
    head = json.dumps(value, sort_keys=True, ensure_ascii=True, indent=1)
    lines = ",\n  ".join(_canonical(job).decode("ascii") for job in jobs)
    return f'{head[:-2]},\n "jobs": [\n  {lines}\n ]\n}}\n'.encode("ascii")


def decode(data: bytes, file: str = "plan.lock.json") -> Lock:
    """Read a lock. Raises `LockError` for damage, a newer schema, or content that does not match its own digest."""
    where = Where(file)
    again = "make a new one: ci-orchestrator plan --lock-out FILE"
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise LockError(f"not a lock: {error}", where=where, fix=again) from None
    version = raw.get("schema-version") if isinstance(raw, dict) else None
    if isinstance(version, (int, float)) and version > SCHEMA:
        raise LockError(
            f"the lock has schema {version}, this ci-orchestrator reads up to {SCHEMA}",
            where=where,
            fix="use the version of ci-orchestrator that made it, or a newer one",
        )
    try:
        lock = Lock.model_validate(raw)
        digest = _own_digest(lock)
    except ValidationError as error:
        raise LockError(f"not a lock: {_first(error)}", where=where, fix=again) from None
    except (ValueError, RecursionError) as error:  # JSON that no writer of ours makes, such as a plan 300 levels deep
        raise LockError(f"not a lock: {error}", where=where, fix=again) from None
    if lock.digest != digest:
        raise LockError("the lock was changed after it was made: its digest does not match", where=where, fix=again)
    return lock


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return ": ".join(filter(None, (place, first["msg"].removeprefix("Value error, "))))


def plan_of(lock: Lock) -> Plan:
    """The plan as it was when the lock was made. Raises `LockError` when this version does not understand it."""
    try:
        return Plan.model_validate(lock.plan)
    except ValidationError as error:
        raise LockError(
            f"its plan cannot be read: {_first(error)}", fix="make a new one: ci-orchestrator plan --lock-out FILE"
        ) from None


def moved(lock: Lock, plan: Plan) -> tuple[str, ...]:
    """What differs between the lock's plan and `plan`: ``suites.unit.timeout: 1800.0 → 60.0``. Empty: nothing."""
    return tuple(_differences("", lock.plan, plan_value(plan)))


_ABSENT = object()


def _differences(path: str, old: object, new: object) -> Iterable[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _differences(f"{path}.{key}" if path else key, old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif old != new or type(old) is not type(new):
        was, now = ("absent" if value is _ABSENT else json.dumps(value, ensure_ascii=False) for value in (old, new))
        same = next((at for at, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
        yield f"{path}: {_short(was, same - 20)} → {_short(now, same - 20)}"


def _short(text: str, start: int) -> str:
    """At most some 80 characters of a long text, from `start` on."""
    if len(text) <= 80:
        return text
    end = max(0, start) + 77
    return f"{'…' if start > 0 else ''}{text[max(0, start) : end]}{'…' if end < len(text) else ''}"


def _value(lock: Lock) -> dict[str, Any]:
    value: dict[str, Any] = lock.model_dump(mode="json", by_alias=True)
    return value


def _own_digest(lock: Lock) -> str:
    value = _value(lock)
    del value["digest"]
    return digest_of(value)


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode("ascii")
