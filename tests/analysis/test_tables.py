from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.analysis.tables import MOST_ROWS, run_pipeline, steps
from ci_orchestrator.errors import UserError
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.result_pipelines import Stage
from ci_orchestrator.results.model import Attempt, Outcome, TestResult
from ci_orchestrator.results.report import Table


def stages(*written: Mapping[str, object]) -> tuple[Stage, ...]:
    """Stages as a plan's file has them."""
    return tuple(Stage.model_validate(one) for one in written)


def ran(
    name: str, seconds: float, outcome: Outcome = Outcome.PASSED, *, flaky: bool = False, tries: int = 1
) -> TestResult:
    attempt = Attempt(outcome=outcome, duration=seconds, job="job", message="boom" if outcome is Outcome.FAILED else "")
    return TestResult(id=name, outcome=outcome, attempts=(attempt,) * tries, flaky=flaky)


RESULTS = (
    ran("unit::tests/a/x.py::t1", 1.0),
    ran("unit::tests/a/x.py::t2[1-2]", 3.0, Outcome.FAILED),
    ran("unit::tests/b/y.py::t3", 20.0, flaky=True, tries=2),
    ran("gpu::kernels/k.py::t4", 60.0),
    ran("gpu::kernels/k.py::t5", 0.5, Outcome.SKIPPED),
    TestResult(id="gpu::kernels/k.py::t6", outcome=Outcome.NOT_PROVEN, reason="the worker was lost"),
)
OWNERS = {"unit": "team-core"}


def table(*written: Mapping[str, object], results: Sequence[TestResult] = RESULTS) -> Table:
    return run_pipeline("t", stages(*written), results, OWNERS)


def test_the_pipeline_of_the_example() -> None:
    made = table({"filter": {"suite": "gpu", "duration": ">10s"}}, {"group": "owner"}, {"reduce": {"sum": "duration"}})
    assert made == Table(name="t", columns=("owner", "sum-duration (s)"), rows=(("", 60.0),))


def test_a_row_begins_with_what_is_known_of_a_test() -> None:
    made = table({"filter": {"name": ["t3", "t6"]}})
    assert made.columns == (
        *("test", "suite", "path", "name", "owner", "job", "outcome", "message"),
        *("duration (s)", "cpu (s)", "memory (bytes)", "attempts", "flaky"),
    )
    assert made.rows == (
        (
            *("unit::tests/b/y.py::t3", "unit", "tests/b/y.py", "t3", "team-core", "job", "passed", ""),
            *(20.0, 0.0, 0, 2, "yes"),
        ),
        (
            *("gpu::kernels/k.py::t6", "gpu", "kernels/k.py", "t6", "", "", "not-proven", "the worker was lost"),
            *(0.0, 0.0, 0, 0, "no"),
        ),
    )


def test_groups_are_reduced_in_every_way_and_sorted() -> None:
    ways = ["count", "max", "mean", "median", "min", "sum"]
    made = table({"group": ["suite", "path"]}, {"reduce": dict.fromkeys(ways, "duration")})
    assert made.columns[2:] == tuple(f"{way}-duration" + (" (s)" if way != "count" else "") for way in ways)
    assert made.rows == (
        ("gpu", "kernels/k.py", 3, 60.0, 60.5 / 3, 0.5, 0.0, 60.5),
        ("unit", "tests/a/x.py", 2, 3.0, 2.0, 2.0, 1.0, 4.0),
        ("unit", "tests/b/y.py", 1, 20.0, 20.0, 20.0, 20.0, 20.0),
    )


def test_without_a_group_all_rows_are_one_even_when_there_are_none() -> None:
    assert table({"reduce": {"count": "test", "sum": ["flaky", "attempts"]}}).rows == ((6, 1.0, 6.0),)
    nothing = table({"reduce": {"count": "test", "max": "duration", "mean": "duration"}}, results=())
    assert nothing.rows == ((0, "", ""),)


def test_columns_are_made_named_chosen_and_sorted() -> None:
    made = table(
        {"filter": {"outcome": ["passed", "failed"]}},
        {"map": {"minutes": {"from": "duration", "divide": 60}, "where": {"from": "path", "folders": 2}, "id": "name"}},
        {"map": {"attempts": {"from": "attempts", "times": 10}}},
        {"rename": {"where": "place"}},
        {"select": ["place", "id", "minutes", "attempts"]},
        {"sort": "-minutes"},
        {"take": 3},
    )
    assert made.columns == ("place", "id", "minutes", "attempts")
    assert made.rows == (
        ("kernels/k.py", "t4", 1.0, 10.0),
        ("tests/b", "t3", 20 / 60, 20.0),
        ("tests/a", "t2[1-2]", 0.05, 10.0),
    )


def test_what_is_alike_keeps_its_order_and_empty_cells_sort_last() -> None:
    alike = table({"sort": "suite"}, {"select": ["name"]})
    assert [row[0] for row in alike.rows] == ["t4", "t5", "t6", "t1", "t2[1-2]", "t3"]
    backwards = table({"sort": "-suite"}, {"select": ["name"]})
    assert [row[0] for row in backwards.rows] == ["t1", "t2[1-2]", "t3", "t4", "t5", "t6"]


def test_columns_named_twice_are_there_once() -> None:
    made = table({"group": ["suite", "suite"]}, {"reduce": {"count": ["test", "test"]}}, {"select": ["suite", "suite"]})
    assert (made.columns, made.rows) == (("suite",), (("gpu",), ("unit",)))


def test_a_long_table_is_cut_and_says_so() -> None:
    many = [ran(f"unit::a.py::t{number:05}", 0.001) for number in range(1000)]
    made = table({"select": "name"}, results=many)
    assert (len(made.rows), made.more) == (MOST_ROWS, 1000 - MOST_ROWS)
    assert table({"take": 10}, {"select": "name"}, results=many).more == 0


NAMES = st.sampled_from(["test", "suite", "outcome", "duration", "attempts", "flaky", "sum-duration", "x", "nope"])
WRITTEN = st.one_of(
    st.builds(lambda name, value: {"filter": {name: value}}, NAMES, st.sampled_from(["a*", ">1", True, 0, "!=unit"])),
    NAMES.map(lambda name: {"map": {"x": {"from": name, "times": 2}}}),
    st.builds(lambda name, other: {"rename": {name: other}}, NAMES, NAMES),
    st.lists(NAMES, min_size=1, max_size=3).map(lambda names: {"group": names}),
    st.builds(lambda one, name: {"reduce": {one: name}}, st.sampled_from(["count", "sum", "median"]), NAMES),
    st.lists(NAMES, min_size=1, max_size=3).map(lambda names: {"select": names}),
    NAMES.map(lambda name: {"sort": f"-{name}"}),
    st.integers(1, 4).map(lambda number: {"take": number}),
)


@given(st.lists(WRITTEN, min_size=1, max_size=5))
def test_what_a_plan_is_read_with_runs_and_every_row_has_a_cell_for_each_column(written: list[dict]) -> None:
    made = stages(*written)
    try:
        planned = steps("t", made)
    except UserError:
        return
    result = run_pipeline("t", made, RESULTS, OWNERS)
    assert len(result.columns) == len(planned[-1].after.columns)
    assert all(len(row) == len(result.columns) for row in result.rows)
    assert result == run_pipeline("t", made, RESULTS, OWNERS)


PLUGIN = """
class Worst:
    def columns(self, columns, options):
        return {"test": "text", "seconds": "duration"}

    def rows(self, rows, columns, options):
        place = list(columns).index("duration")
        ordered = sorted(rows, key=lambda row: -row[place])
        for row in ordered[: options.get("limit", 1)]:
            yield [row[0], row[place]]


class Broken:
    def columns(self, columns, options):
        if options.get("at") == "columns":
            raise RuntimeError("no columns today")
        return {} if options.get("at") == "nothing" else {"a": "text"}

    def rows(self, rows, columns, options):
        yield {"wide": ("x", "y"), "kind": (3,), "flag": (True,)}.get(options.get("at"), ("x",))
        raise RuntimeError("no rows today")


worst, broken = Worst(), Broken()
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of a third party, installed as pip leaves it."""
    (tmp_path / "my_stages.py").write_text(PLUGIN)
    info = tmp_path / "my_stages-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-stages\nVersion: 1.0\n")
    points = "[ci_orchestrator.stages]\nworst = my_stages:worst\nbroken = my_stages:broken\n"
    (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("plugin")
def test_a_stage_of_a_third_party_runs_between_ours() -> None:
    made = table({"filter": {"suite": "unit"}}, {"custom": {"use": "worst", "with": {"limit": 2}}}, {"take": 9})
    assert made.columns == ("test", "seconds (s)")
    assert made.rows == (("unit::tests/b/y.py::t3", 20.0), ("unit::tests/a/x.py::t2[1-2]", 3.0))
    with pytest.raises(UserError, match=r"results\.pipelines\.t: there is no column 'duration' here"):
        table({"custom": "worst"}, {"sort": "duration"})


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("columns", "the stage 'broken' failed: RuntimeError: no columns today"),
        ("nothing", "the stage 'broken' leaves no columns"),
        ("rows", "the stage 'broken' failed: RuntimeError: no rows today"),
        ("wide", "the stage 'broken' failed: ValueError: a row has 2 cells, not 1"),
        ("kind", "the stage 'broken' failed: ValueError: the cell of column a is no text"),
        ("flag", "the stage 'broken' failed: ValueError: the cell of column a is no text"),
    ],
)
def test_what_a_third_party_breaks_is_told_with_its_name(at: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        table({"custom": {"use": "broken", "with": {"at": at}}})
    assert caught.value.what == said
    assert caught.value.fix


def test_a_stage_that_is_not_there_is_told() -> None:
    with pytest.raises(UserError, match="no stages backend is called 'absent'") as caught:
        table({"custom": "absent"})
    assert caught.value.fix == "none is installed: they register as ci_orchestrator.stages"


def test_a_table_is_made_row_by_row() -> None:
    """A million tests are not held to keep the first ones."""
    seen = 0

    def tests() -> Iterable[TestResult]:
        nonlocal seen
        for number in range(1000):
            seen += 1
            yield ran(f"unit::a.py::t{number}", 1.0)

    plan = load_plan("suites: {a: {tool: pytest}}\nresults: {pipelines: {p: [{select: name}, {take: 5}]}}\n")
    run_pipeline("p", plan.results.pipelines["p"], tests(), {})
    assert seen <= 6
