"""What happened, one line of NDJSON each. Execution writes nothing else; the rest is folds over these.

Every event carries `v, seq, ts, job, attempt, worker, type` and its own fields. `attempt` is the job's attempt (a
CI re-run counts it up); `number` is the attempt of a test within it. `seq` rises by one within a bundle.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, dataclass, fields
from math import isfinite
from typing import Any, ClassVar

from ci_orchestrator.results.model import Cause, Outcome, Verdict

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The part that all events share. `ts`: Unix seconds. `worker`: empty when no worker is meant."""

    type: ClassVar[str] = ""
    ts: float
    job: str
    attempt: int = 1
    worker: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStarted(Event):
    """A job began; `lock` is the digest of the lock it obeys, `tests` how many it owes. `source`: what is tested, as
    ``TREE`` or ``TREE+CHANGES`` (`providers.local.context.source_of`), empty when it is not known.
    """

    type: ClassVar[str] = "job.started"
    suite: str
    lock: str
    tests: int
    runner: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFinished(Event):
    """A job ended; `exit_code` is what its process returned (`errors.ExitCode`)."""

    type: ClassVar[str] = "job.finished"
    exit_code: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStarted(Event):
    """A worker ran its first test of this job; `pid` is its process."""

    type: ClassVar[str] = "worker.started"
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFinished(Event):
    """A worker that had run tests of this job ended as it was asked to."""

    type: ClassVar[str] = "worker.finished"
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLost(Event):
    """A worker ended without being asked to. `signal` names it (``SIGKILL``), `test` is what it was running."""

    type: ClassVar[str] = "worker.lost"
    exit_code: int
    signal: str = ""
    test: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestStarted(Event):
    """Attempt `number` of a test began."""

    __test__: ClassVar[bool] = False
    type: ClassVar[str] = "test.started"
    test: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFinished(Event):
    """One attempt of one test has its outcome. `started` and the other fields are those of `results.Attempt`."""

    __test__: ClassVar[bool] = False
    type: ClassVar[str] = "test.finished"
    test: str
    number: int
    outcome: Outcome
    cause: Cause = Cause.NONE
    started: float = 0.0
    duration: float = 0.0
    cpu: float = 0.0
    peak_memory: int = 0
    message: str = ""
    details: str = ""
    stdout: str = ""
    stderr: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRetried(Event):
    """Attempt `number` will be followed by another, `delay` seconds later at the earliest."""

    __test__: ClassVar[bool] = False
    type: ClassVar[str] = "test.retried"
    test: str
    number: int
    cause: Cause
    delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TestDead(Event):
    """The test is parked as a dead letter: it is not proven and is not handed on."""

    __test__: ClassVar[bool] = False
    type: ClassVar[str] = "test.dead"
    test: str
    number: int
    cause: Cause
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestWithheld(Event):
    """The test was not run, by a recorded decision: `reason` is ``needs:SUITE`` or ``gate:NAME``."""

    __test__: ClassVar[bool] = False
    type: ClassVar[str] = "test.withheld"
    test: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionSkipped(Event):
    """A module was skipped while it was collected: its tests are unknown, not unexpected."""

    type: ClassVar[str] = "collection.skipped"
    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactStored(Event):
    """A file was put into the bundle; `path` is relative to it, `size` in bytes, `digest` ``sha256:…``."""

    type: ClassVar[str] = "artifact.stored"
    path: str
    kind: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDecided(Event):
    """A gate decided; `job` is its id. `stage`: whose tests it judged; `lock`: the digest of the lock it obeys.

    `lower`, `upper`: the error rate (0 to 1) that `samples` with `errors` allow; `why`: the verdict in words.
    """

    type: ClassVar[str] = "gate.decided"
    stage: str
    lock: str
    verdict: Verdict
    samples: int
    errors: int
    lower: float
    upper: float
    why: str = ""


TYPES: dict[str, type[Event]] = {
    kind.type: kind
    for kind in (
        ArtifactStored,
        CollectionSkipped,
        GateDecided,
        JobFinished,
        JobStarted,
        TestDead,
        TestFinished,
        TestRetried,
        TestStarted,
        TestWithheld,
        WorkerFinished,
        WorkerLost,
        WorkerStarted,
    )
}

_SHARED = ("seq", "ts", "job", "attempt", "worker")
_FIELDS: dict[type[Event], tuple[str, ...]] = {
    kind: tuple(f.name for f in fields(kind) if f.name not in _SHARED) for kind in TYPES.values()
}
_OPTIONAL: dict[type[Event], frozenset[str]] = {
    kind: frozenset(f.name for f in fields(kind) if f.default is not MISSING) for kind in TYPES.values()
}


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encode(event: Event) -> str:
    """One line of NDJSON, without its newline. Optional fields that are empty are left out.

    JSON has no infinity and no NaN; a tool that measured one has measured nothing, so 0 is written.
    """
    kind = type(event)
    optional = _OPTIONAL[kind]
    line: dict[str, Any] = {"v": VERSION, **{name: getattr(event, name) for name in _SHARED}, "type": kind.type}
    for name in _FIELDS[kind]:
        value = getattr(event, name)
        if value or name not in optional:
            line[name] = value
    try:
        return _ENCODER.encode(line)
    except ValueError:
        return _ENCODER.encode({key: 0.0 if _measured_nothing(value) else value for key, value in line.items()})


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is not an event we know: a torn end, a newer version, or damage."""

    line: int
    why: str


def decode(line: str | bytes) -> Event:
    """The event of one line; fields that we do not know are ignored. Raises ValueError, saying why, if it is none."""
    try:
        raw = json.loads(line if isinstance(line, str) else line.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(raw, dict):
        raise ValueError("not an object")
    version, name = raw.get("v"), raw.get("type")
    if type(version) is not int or version != VERSION:
        raise ValueError(f"version is not {VERSION}")
    kind = TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError("unknown event type")
    values: dict[str, Any] = {}
    for key, take in _TAKE[kind].items():
        if key in raw:
            try:
                values[key] = take(raw[key])
            except (ValueError, OverflowError):
                raise ValueError(f"{key}: not of its type") from None
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(str(error)) from None


def read(lines: Iterable[str | bytes]) -> Iterator[Event | Unreadable]:
    """The events of a log, in order; what cannot be read is yielded as `Unreadable`, never dropped in silence."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield decode(line)
        except ValueError as error:
            yield Unreadable(number, str(error))


def _measured_nothing(value: object) -> bool:
    return isinstance(value, float) and not isfinite(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise ValueError
    return value


def _number(value: object) -> float:
    if type(value) not in (int, float) or not isfinite(number := float(value)):  # type: ignore[arg-type]
        raise ValueError
    return number


_BY_TYPE: dict[str, Callable[[Any], object]] = {
    "str": _text,
    "int": _whole,
    "float": _number,
    "Outcome": Outcome,
    "Cause": Cause,
    "Verdict": Verdict,
}
_TAKE = {kind: {f.name: _BY_TYPE[str(f.type)] for f in fields(kind)} for kind in TYPES.values()}
