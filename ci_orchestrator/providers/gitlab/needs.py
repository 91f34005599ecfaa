"""Jobs between jobs, where one would have to need more than GitLab allows: every instance of a parallel job counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import count

from ci_orchestrator.plan.pipeline import StageJobs
from ci_orchestrator.providers.gitlab.limits import LIMITS
from ci_orchestrator.providers.yaml import Flow, Value

MOST = LIMITS["needs"]


@dataclass(frozen=True, slots=True)
class Group:
    """A job as the file defines it, and how many instances it has."""

    name: str
    count: int = 1


class Waits(Enum):
    """What a job waits for: that others passed, that they ended in whatever way, or that and their bundles."""

    PASSED = "passed"
    ENDED = "ended"
    BUNDLES = "bundles"


@dataclass(frozen=True, slots=True)
class Link:
    """A job that waits for others so that a later one can wait for it alone. `of`: the stage beside which it stands."""

    name: str
    of: StageJobs
    waits: Waits
    needs: tuple[Group, ...]


@dataclass(slots=True)
class Links:
    """The links of one pipeline, as they turn out to be necessary; each is made once."""

    made: list[Link] = field(default_factory=list)
    _known: dict[tuple[Waits, str], tuple[Group, ...]] = field(default_factory=dict)

    def within(
        self, groups: Sequence[Group], room: int, waits: Waits, *, label: str, of: StageJobs
    ) -> tuple[Group, ...]:
        """`groups`, or links in their place, so that they are at most `room` needs."""
        fits = sum(group.count for group in groups) <= room
        return tuple(groups) if fits else self.tree(groups, room, waits, label=label, of=of)

    def tree(self, groups: Sequence[Group], room: int, waits: Waits, *, label: str, of: StageJobs) -> tuple[Group, ...]:
        """Links that wait for all of `groups`; the last of them are at most `room`."""
        if (waits, label) not in self._known:
            self._known[waits, label] = self._made(groups, room, waits, name=f"{label} {waits.value}", of=of)
        return self._known[waits, label]

    def _made(self, groups: Sequence[Group], room: int, waits: Waits, *, name: str, of: StageJobs) -> tuple[Group, ...]:
        for height in count(1):
            packs = list(_packs(groups))
            names = [name] if len(packs) == 1 else [f"{name} {height}.{n}" for n in range(1, len(packs) + 1)]
            self.made += (Link(each, of, waits, pack) for each, pack in zip(names, packs, strict=True))
            groups = [Group(each) for each in names]
            if len(groups) <= room:
                break
        return tuple(groups)


def _packs(groups: Sequence[Group]) -> Iterator[tuple[Group, ...]]:
    """Consecutive groups, as many together as one job may need."""
    pack: list[Group] = []
    for group in groups:
        if pack and sum(one.count for one in pack) + group.count > MOST:
            yield tuple(pack)
            pack = []
        pack.append(group)
    yield tuple(pack)


def needs(first: Sequence[str], groups: Sequence[Group], *, artifacts: bool) -> Value:
    """The value of `needs`: the jobs of `first` with what they made, the others' only with `artifacts`."""
    if artifacts or not groups:
        return Flow([*first, *(group.name for group in groups)])
    return [*first, *(Flow({"job": group.name, "artifacts": False}) for group in groups)]
