"""Dividing the tests of a suite into shards, and saying how good the division is.

Tests go longest first to the lightest shard. When files are kept together, a file is one unit of work, unless it
dominates: it is split into its tests when it takes longer than `max(total / N, longest test)`, which is to say when
keeping it whole would by itself make the last shard end later than it has to. A target time first tries to split only
files that take longer than the target (less start-up) as well.

With a target time, N is the one with the least `makespan + N × start-up` among those that end within the target
(start-up included), of equals the smallest; start-up is what one more job costs, so with a start-up of zero N is the
smallest that ends as early as any. If none ends within the target, N is that too, and the plan says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import fsum, inf, isfinite

from ci_orchestrator.schedule.longest_first import fill, gather, longest_first


@dataclass(frozen=True, slots=True)
class Target:
    """Take at most `seconds` of wall time with at most `most` shards, each of which first takes `startup` seconds."""

    seconds: float
    most: int
    startup: float = 0.0

    def __post_init__(self) -> None:
        if self.most < 1 or not self.seconds > 0 or not self.startup >= 0:
            raise ValueError(
                "a target needs seconds over zero, at least one shard, and a start-up that is not negative"
            )


@dataclass(frozen=True, slots=True)
class Unit:
    """What is given to a shard as a whole: one test, or a file of `tests` tests."""

    key: str
    seconds: float
    tests: int = 1


@dataclass(frozen=True, slots=True)
class Shard:
    """`tests` in collection order, and the sum of their estimates in seconds."""

    tests: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """A division: every test in exactly one shard.

    `makespan`: seconds of the longest shard, without start-up. `lower_bound`: max(total / N, `longest`), which no
    division of these units into as many shards can beat. `split`: files that dominated. `why`: N in words.
    """

    shards: tuple[Shard, ...]
    makespan: float
    lower_bound: float
    longest: Unit | None
    split: tuple[str, ...]
    why: str

    @property
    def gap(self) -> float:
        """How far the makespan is over the lower bound, as a fraction: 0.02 is two percent."""
        return max(0.0, self.makespan / self.lower_bound - 1) if self.lower_bound > 0 else 0.0


def shard(
    tests: Sequence[str],
    seconds: Sequence[float],
    count: int | Target,
    *,
    files: Sequence[str] | None = None,
    why: str = "as asked",
) -> ShardPlan:
    """Divide `tests` (ids in collection order) with the estimates `seconds` into `count` shards, or one a test.

    `files`, aligned with `tests`, keeps the tests of one file together. Which tests share a shard depends on names
    and estimates, never on the order of `tests`; their order within a shard is that of `tests`. `why`: whose number
    `count` is, in words.
    Raises ValueError when an estimate is negative, infinite or not a number, or `count` is below one.
    """
    if seconds and not (min(seconds) >= 0 and isfinite(fsum(seconds))):
        raise ValueError("estimates are seconds: zero or more, and finite")
    if isinstance(count, Target):
        trial, reason = _within(_Work(tests, seconds, files), count)
        return trial.plan(reason)
    if count < 1:
        raise ValueError("at least one shard")
    trial = _Trial(_Work(tests, seconds, files), count)
    return trial.plan(_as_asked(trial, count, why))


@dataclass(slots=True)
class _Units:
    """Units of work as parallel lists; without `members`, unit i is test i."""

    keys: Sequence[str]
    seconds: Sequence[float]
    members: Sequence[Sequence[int]] | None = None
    split: tuple[str, ...] = ()
    order: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.order = longest_first(self.seconds, self.keys)

    def longest(self) -> Unit | None:
        if not self.order:
            return None
        first = self.order[0]
        return Unit(self.keys[first], self.seconds[first], len(self.members[first]) if self.members else 1)


class _Work:
    """What is to be divided, and into what units for a given number of shards."""

    def __init__(self, tests: Sequence[str], seconds: Sequence[float], files: Sequence[str] | None) -> None:
        self.tests = tests
        self.seconds = seconds
        self.total = fsum(seconds)
        self.longest = max(seconds, default=0.0)
        self.alone = _Units(tests, seconds) if files is None else None
        self.files = _members(files or ())
        # Exact sums, so that a file weighs the same in whatever order its tests are given.
        self.weights = {file: fsum(map(seconds.__getitem__, inside)) for file, inside in self.files.items()}

    def pace(self, budget: float) -> float:
        """No division ends before this when files of up to `budget` seconds stay whole."""
        limit = max(self.longest, budget)
        return max((weight for weight in self.weights.values() if weight <= limit), default=self.longest)

    def units(self, shards: int, budget: float) -> _Units:
        """The tests, or the files of which only those are split that dominate and take longer than `budget`."""
        if self.alone is not None:
            return self.alone
        limit = max(self.total / shards, self.longest, budget)
        split = {file for file, weight in self.weights.items() if weight > limit}
        keys: list[str] = []
        seconds: list[float] = []
        members: list[Sequence[int]] = []
        for file, inside in self.files.items():
            if file in split:
                keys += map(self.tests.__getitem__, inside)
                seconds += map(self.seconds.__getitem__, inside)
                members += ([test] for test in inside)
            else:
                keys.append(file)
                seconds.append(self.weights[file])
                members.append(inside)
        return _Units(keys, seconds, members, tuple(sorted(split)))


class _Trial:
    """The work divided into a number of shards: as many as asked for, or as there are units."""

    def __init__(self, work: _Work, shards: int, budget: float = 0.0) -> None:
        self.work = work
        self.units = work.units(min(shards, max(1, len(work.tests))), budget)
        self.shards = min(shards, len(self.units.keys))
        self.owner, self.loads = fill(self.units.seconds, self.units.order, self.shards)
        self.makespan = max(self.loads, default=0.0)

    def plan(self, why: str) -> ShardPlan:
        longest = self.units.longest()
        return ShardPlan(
            shards=tuple(
                Shard(tuple(map(self.work.tests.__getitem__, tests)), load)
                for tests, load in zip(gather(self._owner_of_tests(), self.shards), self.loads, strict=True)
            ),
            makespan=self.makespan,
            lower_bound=max(self.work.total / self.shards, longest.seconds) if longest else 0.0,
            longest=longest,
            split=self.units.split,
            why=why,
        )

    def _owner_of_tests(self) -> Sequence[int]:
        if self.units.members is None:
            return self.owner
        owner = [0] * len(self.work.tests)
        for tests, shard_ in zip(self.units.members, self.owner, strict=True):
            for test in tests:
                owner[test] = shard_
        return owner


def _members(files: Sequence[str]) -> dict[str, list[int]]:
    members: dict[str, list[int]] = {}
    for test, file in enumerate(files):
        members.setdefault(file, []).append(test)
    return members


def _within(work: _Work, target: Target) -> tuple[_Trial, str]:
    """The division that the target asks for, and why it is that one."""
    most = min(target.most, max(1, len(work.tests)))
    within = target.seconds - target.startup
    for budget in (within, 0.0) if work.files else (0.0,):
        if trial := _cheapest(work, most, target.startup, within, budget):
            return trial, (
                f"{_shards(trial)}: {target.startup + trial.makespan:.1f} s with start-up, within the target of "
                f"{target.seconds:g} s, at the least wall time + {target.startup:g} s a shard"
            )
    trial = _cheapest(work, most, 0.0, inf, 0.0) or _Trial(work, most)
    return trial, (
        f"{_shards(trial)}: {target.startup + trial.makespan:.1f} s with start-up; no number of shards "
        f"up to {target.most} ends within the target of {target.seconds:g} s, and none sooner than this"
    )


def _cheapest(work: _Work, most: int, startup: float, within: float, budget: float) -> _Trial | None:
    """The trial of least makespan + N × `startup` that ends `within`, of equals the smallest; None if none does.

    Numbers are tried in the order of what they cost at the least, so that few have to be tried.
    """
    pace = work.pace(budget)
    ends = ((n, max(work.total / n, pace)) for n in range(1, most + 1))
    best: tuple[float, int] = (inf, 0)
    found: _Trial | None = None
    for floor, n in sorted((end + n * startup, n) for n, end in ends if end <= within):
        if (floor, n) > best:
            break
        trial = _Trial(work, n, budget)
        cost = (trial.makespan + trial.shards * startup, trial.shards)
        if trial.makespan <= within and cost < best:
            best, found = cost, trial
    return found


def _as_asked(trial: _Trial, asked: object, why: str) -> str:
    if trial.shards == asked:
        return f"{_shards(trial)}, {why}"
    kind = "tests" if trial.units.members is None or trial.units.split else "files to keep whole"
    return f"{_shards(trial)} of the {asked} asked for: there are no more {kind}"


def _shards(trial: _Trial) -> str:
    return f"{trial.shards} shard{'s' if trial.shards != 1 else ''}"
