from __future__ import annotations

from itertools import pairwise
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.errors import ExitCode, UserError
from ci_orchestrator.graph import CycleError, Dag, UnknownNeedError

Edges = dict[str, list[str]]

DIAMOND = {"report": ["unit", "web"], "unit": ["build"], "web": ["build"], "build": [], "lint": []}


@st.composite
def dags(draw: st.DrawFn, most: int = 9) -> Edges:
    """Any DAG: each node needs some of those drawn before it; names carry no hint of the order."""
    names = draw(st.lists(st.text(ascii_lowercase, min_size=1, max_size=3), unique=True, max_size=most))
    needs = [draw(st.lists(st.sampled_from(names[:at]), max_size=4)) if at else [] for at in range(len(names))]
    return dict(zip(names, needs, strict=True))


@st.composite
def cyclic(draw: st.DrawFn) -> Edges:
    """A DAG with a circle put into it."""
    edges = {name: list(needs) for name, needs in draw(dags().filter(bool)).items()}
    circle = draw(st.lists(st.sampled_from(sorted(edges)), unique=True, min_size=1))
    for node, need in pairwise([*circle, circle[0]]):
        edges[node].append(need)
    return edges


def shuffled(draw: st.DataObject, edges: Edges) -> Edges:
    """The same needs, written in another order."""
    names = draw.draw(st.permutations(sorted(edges)))
    return {name: draw.draw(st.permutations(edges[name])) for name in names}


def weights_for(edges: Edges) -> st.SearchStrategy[dict[str, float]]:
    # Whole numbers, so that sums are exact in any order.
    return st.fixed_dictionaries({name: st.integers(0, 50).map(float) for name in edges})


def chains(edges: Edges, node: str) -> list[tuple[str, ...]]:
    """Every chain of needs that ends with `node`, first to run first."""
    return [(node,), *((*chain, node) for need in set(edges[node]) for chain in chains(edges, need))]


def reach(edges: Edges, start: set[str]) -> set[str]:
    found = set(start)
    while more := {need for node in found for need in edges[node]} - found:
        found |= more
    return found


@given(dags())
def test_every_node_comes_once_and_after_its_needs(edges: Edges) -> None:
    order = Dag(edges).order()
    assert sorted(order) == sorted(edges)
    place = {node: at for at, node in enumerate(order)}
    assert all(place[need] < place[node] for node, needs in edges.items() for need in needs)


@given(dags())
def test_levels_are_the_order_and_each_is_as_low_as_it_can_be(edges: Edges) -> None:
    dag = Dag(edges)
    levels = dag.levels()
    assert sum(levels, ()) == dag.order()
    level = {node: at for at, nodes in enumerate(levels) for node in nodes}
    assert all(level[node] == 1 + max((level[need] for need in edges[node]), default=-1) for node in edges)
    assert all(list(nodes) == sorted(nodes) for nodes in levels)


@given(st.data(), dags())
def test_nothing_depends_on_the_order_in_which_needs_are_written(data: st.DataObject, edges: Edges) -> None:
    weights = data.draw(weights_for(edges))
    here, there = Dag(edges), Dag(shuffled(data, edges))
    assert here.levels() == there.levels()
    assert here.critical_path(weights) == there.critical_path(weights)
    assert list(here.tails(weights).items()) == list(there.tails(weights).items())


@given(st.data(), dags(most=7))
def test_critical_path_is_the_heaviest_of_all_chains(data: st.DataObject, edges: Edges) -> None:
    weights = data.draw(weights_for(edges))
    seconds, path = Dag(edges).critical_path(weights)
    every = [chain for node in edges for chain in chains(edges, node)]
    assert seconds == max((sum(weights[node] for node in chain) for chain in every), default=0)
    assert seconds == sum(weights[node] for node in path)
    assert not edges or path in every


@given(st.data(), dags(most=7))
def test_tail_is_the_heaviest_chain_from_a_node_on(data: st.DataObject, edges: Edges) -> None:
    weights = data.draw(weights_for(edges))
    heaviest = dict.fromkeys(edges, 0.0)
    for chain in (chain for node in edges for chain in chains(edges, node)):
        heaviest[chain[0]] = max(heaviest[chain[0]], sum(weights[node] for node in chain))
    assert Dag(edges).tails(weights) == heaviest


@given(st.data(), dags().filter(bool))
def test_closure_and_dependents_reach_all_and_only_what_is_reachable(data: st.DataObject, edges: Edges) -> None:
    start = data.draw(st.sets(st.sampled_from(sorted(edges))))
    reverse: Edges = {node: [other for other in edges if node in edges[other]] for node in edges}
    dag = Dag(edges)
    assert dag.closure(start) == tuple(sorted(reach(edges, start)))
    assert dag.dependents(start) == tuple(sorted(reach(reverse, start)))


@given(st.data(), cyclic())
def test_a_cycle_is_reported_as_a_true_closed_path_whatever_the_order(data: st.DataObject, edges: Edges) -> None:
    with pytest.raises(CycleError) as here:
        Dag(edges)
    path = here.value.path
    assert path[0] == path[-1] == min(path)
    assert len(set(path)) == len(path) - 1
    assert all(need in edges[node] for node, need in pairwise(path))
    with pytest.raises(CycleError) as there:
        Dag(shuffled(data, edges))
    assert there.value.path == path


def test_levels_of_a_diamond() -> None:
    assert Dag(DIAMOND).levels() == (("build", "lint"), ("unit", "web"), ("report",))


def test_equally_heavy_paths_are_told_apart_by_name() -> None:
    assert Dag(DIAMOND).critical_path(dict.fromkeys(DIAMOND, 2.0)) == (6.0, ("build", "unit", "report"))


def test_needs_are_told_once_and_by_name() -> None:
    dag = Dag({"a": ["c", "b", "c"], "b": (), "c": set()})
    assert dag.needs("a") == ("b", "c")
    assert (len(dag), list(dag), "b" in dag, "x" in dag) == (3, ["a", "b", "c"], True, False)


def test_a_graph_without_nodes() -> None:
    dag = Dag({})
    assert (dag.levels(), dag.order(), dag.critical_path({}), dag.tails({})) == ((), (), (0.0, ()), {})


def test_a_node_that_needs_itself() -> None:
    with pytest.raises(CycleError, match="a → a"):
        Dag({"a": ["a"]})


def test_a_long_cycle_is_shortened_in_words_but_not_in_the_path() -> None:
    names = [f"n{at:03}" for at in range(500)]
    with pytest.raises(CycleError, match=r"n000 → n001 → .*… 481 more … → n000") as error:
        Dag({name: [names[(at + 1) % 500]] for at, name in enumerate(names)})
    assert error.value.path == (*names, "n000")


def test_an_unknown_need_is_the_users_mistake_and_names_both() -> None:
    with pytest.raises(UnknownNeedError, match="'b' needs 'missing'") as error:
        Dag({"c": ["nowhere"], "b": ["missing"]})
    assert (error.value.node, error.value.need) == ("b", "missing")
    assert isinstance(error.value, UserError)
    assert error.value.exit_code == ExitCode.USER_ERROR


def test_a_changed_mapping_does_not_change_the_graph() -> None:
    edges: Edges = {"a": ["b"], "b": []}
    dag = Dag(edges)
    edges["b"].append("a")
    assert dag.order() == ("b", "a")


@pytest.mark.parametrize("weights", [{"a": -1.0}, {"a": float("nan")}])
def test_weights_are_zero_or_more(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="zero or more"):
        Dag({"a": []}).critical_path(weights)


def test_every_node_has_a_weight() -> None:
    with pytest.raises(KeyError):
        Dag({"a": [], "b": []}).tails({"a": 1.0})


def test_a_chain_far_deeper_than_the_interpreters_stack() -> None:
    names = [f"n{at:05}" for at in range(20_000)]
    dag = Dag({name: names[at - 1 : at] if at else [] for at, name in enumerate(names)})
    assert dag.order() == tuple(names)
    assert dag.critical_path(dict.fromkeys(names, 1.0)) == (20_000.0, tuple(names))
    assert len(dag.closure([names[-1]])) == 20_000
