"""Longest first to the lightest: the list schedule that every division of work here is made of.

R. L. Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17 (1969): the last shard ends no later
than 4/3 - 1/(3n) times the best possible. Over parallel lists, because there may be millions of tests: a unit of
work is its index in `seconds` and `names`.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapreplace


def longest_first(seconds: Sequence[float], names: Sequence[str]) -> list[int]:
    """The units, longest first, equally long ones by name: the same order of names however they are given."""
    order = sorted(range(len(names)), key=names.__getitem__)
    order.sort(key=seconds.__getitem__, reverse=True)  # stable, also in reverse
    return order


def fill(seconds: Sequence[float], order: Sequence[int], shards: int) -> tuple[list[int], list[float]]:
    """Give each unit, in `order`, to the lightest of `shards`. Returns each unit's shard, and each shard's seconds.

    Of equally light shards the one with the fewest units, then the first: so none stays empty while another has two,
    even if nothing takes any time.
    """
    owner = [0] * len(seconds)
    heap = [(0.0, 0, shard) for shard in range(shards)]
    for unit in order:
        load, units, shard = heap[0]
        owner[unit] = shard
        heapreplace(heap, (load + seconds[unit], units + 1, shard))
    loads = [0.0] * shards
    for load, _, shard in heap:
        loads[shard] = load
    return owner, loads


def gather(owner: Sequence[int], shards: int) -> list[list[int]]:
    """The units of each shard, in the order in which they were given, from each unit's shard."""
    members: list[list[int]] = [[] for _ in range(shards)]
    for unit, shard in enumerate(owner):
        members[shard].append(unit)
    return members
