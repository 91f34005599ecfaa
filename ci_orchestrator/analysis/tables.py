"""Pipelines of a plan run over results: tables for the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ci_orchestrator.analysis.stages import Row, Rows, Step, apply, broken, custom_stage
from ci_orchestrator.capabilities.units import RefusedError
from ci_orchestrator.errors import OrchestratorError, UserError
from ci_orchestrator.plan.conditions import Cell, Kind
from ci_orchestrator.plan.result_pipelines import Custom, Stage
from ci_orchestrator.plan.result_types import START, Shape, after, final
from ci_orchestrator.results.model import TestResult
from ci_orchestrator.results.report import Table

MOST_ROWS = 200
"""Rows of a table; the others are counted. `take` and `sort` say which these are."""
LONGEST = 2_000
"""Characters of a cell."""
_UNITS = {Kind.TIME: " (s)", Kind.SIZE: " (bytes)"}


def steps(name: str, stages: Sequence[Stage]) -> tuple[Step, ...]:
    """The stages of the pipeline `name` with their columns; custom ones are asked for theirs.

    Raises `UserError` for a stage that cannot work after a custom one (others were refused when the plan was read),
    and for a custom one that is not there or fails.
    """
    shape, found = START, []
    try:
        for stage in stages:
            following = after(shape, stage) or Shape(_custom_columns(stage.custom, shape))
            found.append(Step(stage, shape, following))
            shape = following
        final(shape)
    except RefusedError as error:
        raise UserError(f"results.pipelines.{name}: {error.what}", fix=error.fix) from None
    return tuple(found)


def run_pipeline(name: str, stages: Sequence[Stage], results: Iterable[TestResult], owners: Mapping[str, str]) -> Table:
    """The table that a pipeline makes of the results, of which at most `MOST_ROWS` are kept. `owners`: suite → who
    answers for it.

    Raises `UserError` as `steps` does.
    """
    rows: Rows = _rows(results, owners)
    planned = steps(name, stages)
    for step in planned:
        custom = step.stage.custom
        rows = apply(step, rows) if custom is None else _custom_rows(custom, rows, step)
    columns = planned[-1].after.columns
    kept: list[tuple[str | float, ...]] = []
    more = 0
    for row in rows:
        if len(kept) < MOST_ROWS:
            kept.append(tuple(map(_shown, row)))
        else:
            more += 1
    heads = tuple(f"{column}{_UNITS.get(kind, '')}" for column, kind in columns.items())
    return Table(name=name, columns=heads, rows=tuple(kept), more=more)


def _rows(results: Iterable[TestResult], owners: Mapping[str, str]) -> Iterator[Row]:
    """A row for each result, by the columns of `plan.result_types.TESTS`."""
    for one in results:
        last = one.last
        suite = one.suite
        yield (
            one.id,
            suite,
            one.path,
            one.name,
            owners.get(suite, ""),
            last.job if last else "",
            one.outcome.value,
            (last.message if last else "") or one.reason,
            one.duration,
            last.cpu if last else 0.0,
            last.peak_memory if last else 0,
            len(one.attempts),
            one.flaky,
        )


def _shown(cell: Cell) -> str | float:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return cell[:LONGEST] if isinstance(cell, str) else cell


def _custom_columns(custom: Custom | None, shape: Shape) -> Mapping[str, Kind]:
    """What a custom stage says that it makes; `after` gives no shape for these alone."""
    if custom is None:
        return shape.columns
    try:
        made = dict(custom_stage(custom.use).columns(shape.columns, custom.options))
        checked = {str(name): Kind(kind) for name, kind in made.items()}
    except OrchestratorError:
        raise
    except Exception as error:  # code of a third party may raise anything
        raise broken(custom.use, error) from error
    if not checked:
        raise UserError(f"the stage {custom.use!r} leaves no columns", fix="mend or remove it")
    return checked


def _custom_rows(custom: Custom, rows: Rows, step: Step) -> Rows:
    try:
        for row in custom_stage(custom.use).rows(rows, step.before.columns, custom.options):
            yield _checked(tuple(row), step.after)
    except OrchestratorError:
        raise
    except Exception as error:  # code of a third party may raise anything
        raise broken(custom.use, error) from error


def _checked(row: Row, shape: Shape) -> Row:
    """A row as wide as the columns, each cell of its column's kind. Raises `ValueError` otherwise."""
    if len(row) != len(shape.columns):
        raise ValueError(f"a row has {len(row)} cells, not {len(shape.columns)}")
    for cell, (name, kind) in zip(row, shape.columns.items(), strict=True):
        fits = isinstance(cell, {Kind.TEXT: str, Kind.FLAG: bool}.get(kind, (int, float)))
        if not fits or (isinstance(cell, bool) and kind is not Kind.FLAG):
            raise ValueError(f"the cell of column {name} is no {kind}")
    return row
