"""The stages of a pipeline over results, as functions on rows. Rows are tuples as wide as the columns; a stage that can
pass rows on does so one by one, so that a million tests are never all held to be counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import fsum
from operator import itemgetter
from statistics import median
from typing import Protocol

from ci_orchestrator.capabilities.taxonomy import Scalar
from ci_orchestrator.errors import UserError
from ci_orchestrator.plan.conditions import Cell, parse_condition
from ci_orchestrator.plan.result_pipelines import Derived, Stage
from ci_orchestrator.plan.result_types import Columns, Shape
from ci_orchestrator.plugins import load

Row = tuple[Cell, ...]
Rows = Iterator[Row]

KIND = "stages"
"""The entry point group ``ci_orchestrator.stages``."""


class CustomStage(Protocol):
    """A stage of a third party: an object that is registered under ``ci_orchestrator.stages``.

    Both methods are told the columns that come in and the stage's `with`. `columns` says which go out; `rows` makes
    the rows, each as wide as these. Both may raise anything: it is told to the user with the stage's name.
    """

    def columns(self, columns: Columns, options: Mapping[str, Scalar]) -> Columns:
        """Name → kind of the columns that go out, in order."""

    def rows(self, rows: Rows, columns: Columns, options: Mapping[str, Scalar]) -> Iterable[Sequence[Cell]]:
        """The rows that go out."""


def custom_stage(name: str) -> CustomStage:
    """The stage that a third party registered. Raises `UserError` when there is none."""
    stage: CustomStage = load(KIND, name, {})
    return stage


@dataclass(frozen=True, slots=True)
class Step:
    """A stage, the columns that come in and those that go out."""

    stage: Stage
    before: Shape
    after: Shape

    def place(self, column: str) -> int:
        """Where a column stands in a row that comes in."""
        return list(self.before.columns).index(column)


def apply(step: Step, rows: Rows) -> Rows:
    """The rows after a stage that can work on these columns (`plan.result_types.after`), custom ones excepted."""
    return _STAGES[step.stage.kind](step, rows)


def _filter(step: Step, rows: Rows) -> Rows:
    conditions = [
        (step.place(name), parse_condition(step.before.columns[name], written))
        for name, written in sorted((step.stage.filter or {}).items())
    ]
    return (row for row in rows if all(one.holds(row[place]) for place, one in conditions))


def _map(step: Step, rows: Rows) -> Rows:
    made = step.stage.map or {}
    cells = [
        _maker(made[name], step.place(made[name].from_column)) if name in made else itemgetter(step.place(name))
        for name in step.after.columns
    ]
    return (tuple(cell(row) for cell in cells) for row in rows)


def _maker(derived: Derived, place: int) -> Callable[[Row], Cell]:
    """What makes a cell of a new column from the one at `place`."""
    if derived.folders is not None:
        parts = derived.folders
        return lambda row: "/".join(str(row[place]).split("/")[:parts])
    factor = derived.times if derived.times is not None else 1.0
    by = derived.divide if derived.divide is not None else 1.0
    if derived.times is None and derived.divide is None:
        return itemgetter(place)
    return lambda row: float(row[place]) * factor / by


def _reduce(step: Step, rows: Rows) -> Rows:
    keys = [step.place(name) for name in step.before.keys or ()]
    wanted = [
        (one, step.place(name)) for one, names in (step.stage.reduce or {}).items() for name in dict.fromkeys(names)
    ]
    groups: dict[Row, list[list[float]]] = {} if keys else {(): [[] for _ in wanted]}
    for row in rows:
        group = tuple(row[place] for place in keys)
        held = groups.get(group)
        if held is None:
            held = groups[group] = [[] for _ in wanted]
        for values, (reduction, place) in zip(held, wanted, strict=True):
            values.append(1.0 if reduction == "count" else float(row[place]))
    for group, held in sorted(groups.items(), key=lambda item: tuple(map(str, item[0]))):
        yield (*group, *(_REDUCTIONS[one](values) for (one, _), values in zip(wanted, held, strict=True)))


def _none_of_none(reduce: Callable[[list[float]], float]) -> Callable[[list[float]], Cell]:
    """Of no rows there is no largest, smallest or middle one: an empty cell."""
    return lambda values: reduce(values) if values else ""


_REDUCTIONS: Mapping[str, Callable[[list[float]], Cell]] = {
    "count": len,
    "max": _none_of_none(max),
    "mean": _none_of_none(lambda values: fsum(values) / len(values)),
    "median": _none_of_none(median),
    "min": _none_of_none(min),
    "sum": fsum,
}


def _select(step: Step, rows: Rows) -> Rows:
    chosen = [step.place(name) for name in step.after.columns]
    return (tuple(row[place] for place in chosen) for row in rows)


def _sort(step: Step, rows: Rows) -> Rows:
    """Stable: what is alike stays in the order in which it came."""
    name = step.stage.sort or ""
    place = step.place(name.removeprefix("-"))
    yield from sorted(rows, key=lambda row: _order(row[place]), reverse=name.startswith("-"))


def _order(cell: Cell) -> tuple[bool, float, str]:
    """Texts among themselves, after numbers: a column of numbers may hold empty cells."""
    return (True, 0.0, cell) if isinstance(cell, str) else (False, float(cell), "")


def _take(step: Step, rows: Rows) -> Rows:
    return islice(rows, step.stage.take)


def _as_it_is(_step: Step, rows: Rows) -> Rows:
    """Grouping is done when the groups are reduced, renaming by the columns."""
    return rows


_STAGES: Mapping[str, Callable[[Step, Rows], Rows]] = {
    "filter": _filter,
    "group": _as_it_is,
    "map": _map,
    "reduce": _reduce,
    "rename": _as_it_is,
    "select": _select,
    "sort": _sort,
    "take": _take,
}


def broken(name: str, error: Exception) -> UserError:
    """What a user is told when code of a third party fails."""
    what = f"the stage {name!r} failed: {type(error).__name__}: {error}"
    return UserError(what[:300], fix="mend or remove it: it is registered under ci_orchestrator.stages")
