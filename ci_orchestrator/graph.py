"""A frozen DAG of strings: cycle path, ordered levels, closure, longest paths.

Inside, a node is the rank of its name among all names, so a tie broken by number is a tie broken by name, and what
the nodes need lies in one flat list, row after row. Nothing depends on the order in which the nodes or their needs
were given, nor on hashes. Building checks for cycles; it costs one sort of the names and O(nodes + needs).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import accumulate, chain, groupby
from typing import final

from ci_orchestrator.errors import UserError


class GraphError(UserError):
    """The needs do not make a DAG."""


class CycleError(GraphError):
    """Nodes need each other in a circle: `path` is such a circle, each node needing the next, closed: ``a, b, a``.

    It starts at the circle's first name; the same needs give the same path, in whatever order they are written.
    """

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(f"a cycle of needs: {_arrow(path)}", fix="remove one of these needs")
        self.path = path


class UnknownNeedError(GraphError):
    """`node` needs `need`, which is not a node: a misspelled name must not become a silent extra node."""

    def __init__(self, node: str, need: str) -> None:
        super().__init__(f"{node!r} needs {need!r}, which does not exist", fix=f"define {need!r}, or mend the name")
        self.node = node
        self.need = need


_UNSEEN, _OPEN = -1, -2


@final
class Dag:
    """An immutable directed acyclic graph. `edges` maps each node to the nodes that it needs.

    Every need must itself be a key of `edges`; naming one twice is the same as naming it once.
    Raises `UnknownNeedError` and `CycleError`.
    """

    __slots__ = ("_ends", "_index", "_level", "_names", "_needs", "_order")

    def __init__(self, edges: Mapping[str, Collection[str]]) -> None:
        names = sorted(edges)
        self._names = names
        self._index = dict(zip(names, range(len(names)), strict=True))
        rows = list(map(edges.__getitem__, names))
        try:
            self._needs = list(map(self._index.__getitem__, chain.from_iterable(rows)))
        except KeyError:
            raise _unknown_need(edges) from None
        self._ends = [0, *accumulate(map(len, rows))]
        try:
            self._level = self._levels()
        except CycleError:
            # Which circle is met first depends on the order of the needs: say the one that is met when they are sorted.
            self._needs = list(chain.from_iterable(sorted(self._row(node)) for node in range(len(names))))
            self._level = self._levels()
        self._order = sorted(range(len(names)), key=self._level.__getitem__)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, node: object) -> bool:
        return node in self._index

    def __iter__(self) -> Iterator[str]:
        """The nodes, sorted by name."""
        return iter(self._names)

    def needs(self, node: str) -> tuple[str, ...]:
        """What `node` needs directly, sorted by name. Raises `KeyError` for an unknown node, as all that follow do."""
        return self._named(sorted(set(self._row(self._index[node]))))

    def order(self) -> tuple[str, ...]:
        """All nodes, each after everything it needs: by level, then by name."""
        return self._named(self._order)

    def levels(self) -> tuple[tuple[str, ...], ...]:
        """The nodes by level, each level sorted by name. A node's level is one above the highest of its needs."""
        grouped = groupby(self._order, key=self._level.__getitem__)
        return tuple(self._named(members) for _, members in grouped)

    def closure(self, nodes: Iterable[str]) -> tuple[str, ...]:
        """`nodes` and everything that they need, directly or not, sorted by name."""
        waiting = [self._index[node] for node in nodes]
        found = set(waiting)
        while waiting:
            fresh = set(self._row(waiting.pop())) - found
            found |= fresh
            waiting.extend(fresh)
        return self._named(sorted(found))

    def dependents(self, nodes: Iterable[str]) -> tuple[str, ...]:
        """`nodes` and everything that needs them, directly or not, sorted by name."""
        found = {self._index[node] for node in nodes}
        for node in self._order:
            if not found.isdisjoint(self._row(node)):
                found.add(node)
        return self._named(sorted(found))

    def critical_path(self, weights: Mapping[str, float]) -> tuple[float, tuple[str, ...]]:
        """The heaviest chain of needs: its weight (seconds) and its nodes, first to run first; ``(0.0, ())`` if empty.

        `weights` has a value of zero or more for every node. Among equally heavy chains: the first name at
        each step, seen from the end.
        """
        if not self._names:
            return 0.0, ()
        finish = self._finish(self._weights(weights))
        path = [_heaviest(range(len(finish)), finish)]
        while row := self._row(path[-1]):
            path.append(_heaviest(row, finish))
        return finish[path[0]], self._named(reversed(path))

    def tails(self, weights: Mapping[str, float]) -> dict[str, float]:
        """For each node, the weight of the heaviest chain that starts with it and goes on through its dependents.

        List scheduling takes the ready node with the longest tail first. `weights` as in `critical_path`.
        """
        weight = self._weights(weights)
        tail = weight.copy()
        for node in reversed(self._order):
            for need in self._row(node):
                tail[need] = max(tail[need], weight[need] + tail[node])
        return dict(zip(self._names, tail, strict=True))

    def _row(self, node: int) -> list[int]:
        return self._needs[self._ends[node] : self._ends[node + 1]]

    def _named(self, nodes: Iterable[int]) -> tuple[str, ...]:
        return tuple(map(self._names.__getitem__, nodes))

    def _weights(self, weights: Mapping[str, float]) -> list[float]:
        values = list(map(weights.__getitem__, self._names))
        if values and not min(values) >= 0:
            raise ValueError("weights are seconds: zero or more")
        return values

    def _levels(self) -> list[int]:
        """The level of each node. Raises `CycleError`.

        Depth first, on a stack of our own: a node is met, opened (`~node` stays on the stack below its needs), and
        closed when everything above it has been. Faster than Kahn's algorithm here: needs are enough, one pass does.
        """
        needs, ends = self._needs, self._ends
        level = [_UNSEEN] * len(self._names)
        level_of = level.__getitem__
        for root in range(len(level)):
            stack = [root]
            while stack:
                node = stack.pop()
                if node < 0:
                    node = ~node
                    level[node] = max(map(level_of, needs[ends[node] : ends[node + 1]])) + 1
                elif level[node] == _UNSEEN:
                    if row := needs[ends[node] : ends[node + 1]]:
                        level[node] = _OPEN
                        stack.append(~node)
                        stack += row
                    else:
                        level[node] = 0
                elif level[node] == _OPEN:
                    raise CycleError(self._circle([~opened for opened in stack if opened < 0], node))
        return level

    def _circle(self, opened: list[int], node: int) -> tuple[str, ...]:
        """The circle that the chain of `opened` nodes closes by needing `node` again, from its first name."""
        circle = opened[opened.index(node) :]
        first = circle.index(min(circle))
        return self._named([*circle[first:], *circle[: first + 1]])

    def _finish(self, weight: list[float]) -> list[float]:
        """When each node ends, if each starts as soon as what it needs has ended."""
        needs, ends = self._needs, self._ends
        finish = weight.copy()
        finish_of = finish.__getitem__
        for node in self._order:
            start, end = ends[node], ends[node + 1]
            if start != end:
                finish[node] += max(map(finish_of, needs[start:end]))
        return finish


def _heaviest(nodes: Iterable[int], weight: list[float]) -> int:
    return min(nodes, key=lambda node: (-weight[node], node))


def _unknown_need(edges: Mapping[str, Collection[str]]) -> UnknownNeedError:
    return UnknownNeedError(*min((node, need) for node, needs in edges.items() for need in needs if need not in edges))


def _arrow(path: tuple[str, ...], shown: int = 20) -> str:
    steps = path if len(path) <= shown else (*path[: shown - 1], f"… {len(path) - shown} more …", path[-1])
    return " → ".join(steps)
