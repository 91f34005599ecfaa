"""The graph beside its peers: the same seeded random DAG, average 3 needs a node, names as our jobs' tests have them.

    python benchmarks/graph.py [NODES ...]     # default: 100000 1000000

Measured from the same dict of name -> needs in memory:

- ours        build, order, cycle check, critical path
- networkx    build, cycle check and topological order, heaviest path (networkx.dag_longest_path on weighted edges)
- rustworkx   the same, if it is installed
- graphlib    the order alone (add + static_order, which checks for cycles)

The length of the critical path is printed for each (the peers weigh edges, so the first node of a path is not weighed
when they choose; they may find a path that is shorter by less than one node).
"""

from __future__ import annotations

import random
import sys
from collections import deque
from collections.abc import Callable
from graphlib import TopologicalSorter
from importlib.util import find_spec

from measure import Case, Target, judge, measure, table

from ci_orchestrator.graph import Dag

Edges = dict[str, tuple[str, ...]]


def random_dag(size: int) -> tuple[Edges, dict[str, float]]:
    """Nodes in shuffled order, each needing 0 to 6 of the 1,000 before it (so that there are many levels)."""
    chance = random.Random(7)
    names = [f"suite_{i % 97:02d}::tests/unit/area_{i % 1013:04d}/test_module.py::test_case[{i}]" for i in range(size)]
    chance.shuffle(names)
    needs = [
        tuple({names[chance.randrange(max(0, at - 1000), at)] for _ in range(chance.randint(0, 6))} if at else ())
        for at in range(size)
    ]
    order = list(range(size))
    chance.shuffle(order)
    return {names[at]: needs[at] for at in order}, {names[at]: float(chance.randint(1, 600)) for at in order}


def ours(size: int) -> Callable[[], float]:
    edges, weights = random_dag(size)

    def run() -> float:
        dag = Dag(edges)
        assert len(dag.order()) == size
        return dag.critical_path(weights)[0]

    return run


def with_graphlib(size: int) -> Callable[[], None]:
    edges, _ = random_dag(size)

    def run() -> None:
        sorter: TopologicalSorter[str] = TopologicalSorter()
        for node, needs in edges.items():
            sorter.add(node, *needs)
        deque(sorter.static_order(), maxlen=0)

    return run


def with_networkx(size: int) -> Callable[[], float]:
    import networkx  # noqa: PLC0415 - only its own process pays for it

    edges, weights = random_dag(size)

    def run() -> float:
        graph = networkx.DiGraph()
        graph.add_nodes_from(edges)
        graph.add_weighted_edges_from((need, node, weights[node]) for node, needs in edges.items() for need in needs)
        order = list(networkx.topological_sort(graph))
        path = networkx.dag_longest_path(graph, topo_order=order)
        return sum(weights[node] for node in path)

    return run


def with_rustworkx(size: int) -> Callable[[], float]:
    import rustworkx  # noqa: PLC0415 - it may be absent

    edges, weights = random_dag(size)

    def run() -> float:
        graph = rustworkx.PyDiGraph()
        index = dict(zip(edges, graph.add_nodes_from(list(edges)), strict=True))
        graph.add_edges_from([(index[need], at, weights[node]) for node, at in index.items() for need in edges[node]])
        assert len(rustworkx.topological_sort(graph)) == size
        path = rustworkx.dag_weighted_longest_path(graph, lambda _source, _target, seconds: seconds)
        return sum(weights[graph[node]] for node in path)

    return run


def main(sizes: list[int]) -> int:
    met = True
    for size in sizes:
        cases = [
            Case("ours", ours, (size,)),
            Case("graphlib, order alone", with_graphlib, (size,)),
            Case("networkx", with_networkx, (size,)),
        ]
        if find_spec("rustworkx"):
            cases.append(Case("rustworkx", with_rustworkx, (size,)))
        figures = measure(cases, rounds=3 if size <= 100_000 else 2)
        table(f"DAG of {size:,} nodes, about {3 * size:,} needs", figures, against="networkx")
        print("  critical path:", {name: figure.said for name, figure in figures.items() if figure.said})
        targets = [Target("ours", "networkx", cpu=0.6, memory=0.25), Target("ours", "graphlib, order alone", cpu=1.0)]
        met &= judge(figures, targets)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main([int(argument) for argument in sys.argv[1:]] or [100_000, 1_000_000]))
