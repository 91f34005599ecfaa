"""Jobs between jobs, where one would have to need more than GitLab allows: every instance of a parallel job counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

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
    """A job that waits for others so that a later one can wait for it alone."""

    name: str
    stage: str
    waits: Waits
    needs: tuple[Group, ...]


@dataclass(slots=True)
class Links:
    """The links of one pipeline, as they turn out to be necessary; each is made once."""

    made: list[Link] = field(default_factory=list)
    _known: dict[tuple[Waits, str], tuple[Group, ...]] = field(default_factory=dict)

    def within(self, groups: Sequence[Group], room: int, waits: Waits, *, label: str, stage: str) -> tuple[Group, ...]:
        """`groups`, or links in their place, so that they are at most `room` needs."""
        if sum(group.count for group in groups) <= room:
            return tuple(groups)
        key = (waits, label)
        if key not in self._known:
            self._known[key] = self._link(groups, room, waits, label=label, stage=stage)
        return self._known[key]

    def _link(self, groups: Sequence[Group], room: int, waits: Waits, *, label: str, stage: str) -> tuple[Group, ...]:
        packs = list(_packs(groups))
        names = [f"{label} {waits.value}" + (f" ({n}/{len(packs)})" if len(packs) > 1 else "") for n in _numbers(packs)]
        self.made += (Link(name, stage, waits, pack) for name, pack in zip(names, packs, strict=True))
        return self.within([Group(name) for name in names], room, waits, label=f"all {label}", stage=stage)


def _numbers(packs: Sequence[object]) -> range:
    return range(1, len(packs) + 1)


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
