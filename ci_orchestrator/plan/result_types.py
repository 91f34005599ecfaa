"""Which columns a pipeline over results has after each of its stages, and whether a stage can work on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from ci_orchestrator.capabilities.units import RefusedError, shown
from ci_orchestrator.plan.conditions import Kind, parse_condition
from ci_orchestrator.plan.result_pipelines import Derived, Stage

Columns = Mapping[str, Kind]

TESTS: Columns = {
    "test": Kind.TEXT,
    "suite": Kind.TEXT,
    "path": Kind.TEXT,
    "name": Kind.TEXT,
    "owner": Kind.TEXT,
    "job": Kind.TEXT,
    "outcome": Kind.TEXT,
    "message": Kind.TEXT,
    "duration": Kind.TIME,
    "cpu": Kind.TIME,
    "memory": Kind.SIZE,
    "attempts": Kind.NUMBER,
    "flaky": Kind.FLAG,
}
"""What a row has to begin with: the test's id and its parts, the owner of its suite, and its deciding attempt."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns, in order; `keys`: those by which the rows are grouped, None when they are not."""

    columns: Columns
    keys: tuple[str, ...] | None = None

    def __str__(self) -> str:
        names = ", ".join(f"{name}: {kind}" for name, kind in self.columns.items())
        return f"{names}, grouped by {', '.join(self.keys)}" if self.keys else names


START = Shape(TESTS)


def after(shape: Shape, stage: Stage) -> Shape | None:
    """The shape after a stage; None after a custom one, which only its own code knows.

    Raises `RefusedError` when it cannot work; its `at` leads to the part of the stage that is to blame.
    """
    if shape.keys is not None and stage.kind != "reduce":
        raise RefusedError("only `reduce` can follow `group`", "add {reduce: {count: test}} after it", (stage.kind,))
    if stage.custom is not None:
        return None
    if stage.filter is not None:
        _filter(shape, stage)
    columns = _mapped(shape, stage) if stage.map else _reduced(shape, stage) if stage.reduce else _same(shape, stage)
    return Shape(columns, tuple(dict.fromkeys(stage.group)) if stage.group else None)


def final(shape: Shape) -> Shape:
    """The shape at a pipeline's end. Raises `RefusedError` while the rows are still grouped."""
    if shape.keys is not None:
        raise RefusedError("a group is not reduced", "add {reduce: {count: test}} after it", ("group",))
    return shape


def kind_of(columns: Columns, name: str, at: tuple[str | int, ...]) -> Kind:
    """What a column is. Raises `RefusedError` naming the nearest one when there is none."""
    if name in columns:
        return columns[name]
    near = get_close_matches(name, columns, n=1)
    fix = f"did you mean `{near[0]}`?" if near else f"here are: {', '.join(columns)}"
    raise RefusedError(f"there is no column {shown(name)} here", fix, at)


def reduced_name(reduction: str, column: str) -> str:
    """``sum-duration``."""
    return f"{reduction}-{column}"


def _filter(shape: Shape, stage: Stage) -> None:
    for name, written in (stage.filter or {}).items():
        try:
            parse_condition(kind_of(shape.columns, name, ("filter", name)), written)
        except RefusedError as error:
            raise RefusedError(error.what, error.fix, ("filter", name)) from None


def _mapped(shape: Shape, stage: Stage) -> Columns:
    derived = {name: _derived(shape, name, one) for name, one in (stage.map or {}).items()}
    return {**shape.columns, **derived}


def _derived(shape: Shape, name: str, made: Derived) -> Kind:
    kind = kind_of(shape.columns, made.from_column, ("map", name))
    if made.folders is not None and kind is not Kind.TEXT:
        raise RefusedError(f"`{made.from_column}` is a {kind} and has no folders", "take a path", ("map", name))
    if made.times is None and made.divide is None:
        return kind
    if kind in (Kind.TEXT, Kind.FLAG):
        raise RefusedError(f"`{made.from_column}` is {kind}, no number", "take a column of numbers", ("map", name))
    return Kind.NUMBER


def _reduced(shape: Shape, stage: Stage) -> Columns:
    out = {key: shape.columns[key] for key in shape.keys or ()}
    for reduction, columns in (stage.reduce or {}).items():
        for column in columns:
            kind = kind_of(shape.columns, column, ("reduce", reduction))
            if kind is Kind.TEXT and reduction != "count":
                fix = "count it, or take a column of numbers"
                raise RefusedError(f"`{column}` is {kind}, which has no {reduction}", fix, ("reduce", reduction))
            name = reduced_name(reduction, column)
            if name in (shape.keys or ()):
                raise RefusedError(f"two columns would be called {shown(name)}", "rename one", ("reduce", reduction))
            out[name] = Kind.NUMBER if reduction == "count" or kind is Kind.FLAG else kind
    return out


def _same(shape: Shape, stage: Stage) -> Columns:
    """What a stage leaves that only chooses, orders or names columns."""
    columns = shape.columns
    for name in stage.group or ():
        kind_of(columns, name, ("group",))
    if stage.sort is not None:
        kind_of(columns, stage.sort.removeprefix("-"), ("sort",))
    if stage.select is not None:
        return {name: kind_of(columns, name, ("select",)) for name in stage.select}
    if stage.rename is not None:
        return _renamed(columns, stage.rename)
    return columns


def _renamed(columns: Columns, names: Mapping[str, str]) -> Columns:
    for name in names:
        kind_of(columns, name, ("rename", name))
    out = [(names.get(name, name), kind) for name, kind in columns.items()]
    twice = _first_twice(name for name, _ in out)
    if twice:
        raise RefusedError(f"two columns would be called {shown(twice)}", "choose another name", ("rename",))
    return dict(out)


def _first_twice(names: Iterable[str]) -> str:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return ""
