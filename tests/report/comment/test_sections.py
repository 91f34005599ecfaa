"""Each section says what there is to say, and only then is there."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parts import agree
from report_samples import hostile_report, rich_report, sample_report
from test_verdict import GREEN

from ci_orchestrator.errors import ExitCode, UserError
from ci_orchestrator.report.comment import CommentOptions, render_comment
from ci_orchestrator.report.comment.media import COMMENTS
from ci_orchestrator.report.comment.options import SECTIONS, marker
from ci_orchestrator.report.comment.sections import sections
from ci_orchestrator.results.coverage import Counts, CoverageSummary
from ci_orchestrator.results.findings import (
    Analysis,
    Base,
    BenchmarkChange,
    Better,
    Changes,
    CoverageChange,
    DurationChange,
    FlakyTest,
    Shift,
)
from ci_orchestrator.results.model import Verdict
from ci_orchestrator.results.quality import Judgement, QualityGate, Reason
from ci_orchestrator.results.report import GateSummary, Links, Report, Table

RICH = rich_report()
BASE = Analysis(base=Base(branch="main", revision="5d0e8c11f2b34a77"), changes=Changes())
SAME = replace(GREEN, analysis=BASE, links=Links(report="https://ci.example/r"))


def comment(report: Report, *names: str) -> str:
    return render_comment(report, CommentOptions(sections=names or SECTIONS))


def covered(**change: object) -> Report:
    return replace(
        SAME,
        coverage=CoverageSummary(lines=Counts(80, 100), branches=Counts(1, 4)),
        analysis=replace(BASE, coverage=CoverageChange(**change)),
    )


def test_the_comment_of_a_build_that_went_wrong() -> None:
    agree("report/comment.md", comment(RICH))


def test_the_comment_where_no_diagram_is_drawn() -> None:
    agree("report/comment-azure.md", render_comment(RICH, CommentOptions(provider="azure", key="shop")))


def test_the_comment_of_a_first_build() -> None:
    agree("report/comment-first.md", comment(sample_report()))


def test_the_comment_of_hostile_names() -> None:
    agree("report/comment-hostile.md", comment(hostile_report()))


def test_nothing_changed_and_all_green_is_one_line() -> None:
    first, said = comment(SAME).splitlines()
    assert first == "<!-- ci-orchestrator:report -->"
    since = "nothing changed since <code>main</code> at <code>5d0e8c11f2b3</code>"
    assert said == f"✓ PASSED: 3 tests passed, none was skipped · {since} · [the report](https://ci.example/r)"
    assert "coverage 80.0% (−1.0 points) · [" not in said
    assert " · coverage 80.0% (±0 points) · " in comment(covered(before=Counts(80, 100), changed=Counts(3, 3)))


def test_that_the_base_is_missing_is_said() -> None:
    assert " · base missing · " in comment(replace(SAME, analysis=Analysis()))
    assert "\nBase missing: there is nothing to compare with\n" in comment(sample_report())
    assert "base missing: there is nothing to compare it with" in comment(covered(changed=Counts(1, 2)))
    alone = replace(RICH, analysis=Analysis())
    assert "5 benchmarks; base missing: there is nothing to compare with." in comment(alone)


NEWS = {
    "a failure": replace(SAME, exit_code=ExitCode.TESTS_FAILED),
    "a warning": replace(SAME, warnings=("x",)),
    "a test is new": replace(SAME, analysis=replace(BASE, changes=Changes(added=("a::b::c",)))),
    "a test is flaky": replace(SAME, analysis=replace(BASE, flaky=(FlakyTest(test="a::b::c", new=True),))),
    "a test is slower": replace(
        SAME, analysis=replace(BASE, slower=(DurationChange(test="a::b::c", now=2.0, before=1.0, samples=5),))
    ),
    "coverage fell": covered(before=Counts(81, 100)),
    "a changed line is not covered": covered(before=Counts(80, 100), changed=Counts(2, 3)),
    "coverage is partial": replace(covered(before=Counts(80, 100)), coverage=CoverageSummary(partial=("x",))),
    "a gate holds": replace(SAME, gates=(GateSummary(gate="g", name="g", stage="s", verdict=Verdict.HOLD),)),
}
NO_NEWS = {
    "as before": SAME,
    "skipped as before": replace(SAME, totals=replace(SAME.totals, passed=2, skipped=1)),
    "flaky once": replace(SAME, analysis=replace(BASE, flaky=(FlakyTest(test="a::b::c", transitions=5, builds=9),))),
    "coverage stayed": covered(before=Counts(8_001, 10_000), changed=Counts()),
    "gates pass": replace(
        SAME,
        gates=(GateSummary(gate="g", name="g", stage="s", verdict=Verdict.PROCEED),),
        quality=(QualityGate(name="q", reasons=(Reason("failures", Judgement.PASS, "0 of 0"),)),),
    ),
    "a trend": replace(SAME, trend=RICH.trend),
    "a table": replace(SAME, tables=(Table(name="t", columns=("a",)),)),
    "benchmarks stayed": replace(
        SAME,
        analysis=replace(
            BASE,
            benchmarks=(
                BenchmarkChange(group="", name="b", unit="s", better=Better.SMALLER, now=1.0, before=1.0, worse=0.0,
                                shift=Shift.SAME, why="Welch's t, p = 0.9"),
            ),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("report", NEWS.values(), ids=NEWS)
def test_there_is_more_than_a_line_when(report: Report) -> None:
    assert len(comment(report).splitlines()) > 2


@pytest.mark.parametrize("report", NO_NEWS.values(), ids=NO_NEWS)
def test_there_is_but_a_line_when(report: Report) -> None:
    assert len(comment(report).splitlines()) == 2


def test_sections_are_those_of_the_plan_in_their_order() -> None:
    assert tuple(sections(COMMENTS["github"])) == SECTIONS
    names = "Gates", "What changed", "Failures", "Not proven", "Flaky", "Coverage", "Benchmarks", "Slowest", "Trend"
    headings = re.findall(r"^#### (.*?)(?: since.*)?$", comment(RICH), re.MULTILINE)
    assert headings == [*names, "Tables"]
    chosen = re.findall("#### (.*)", comment(RICH, "trend", "flaky"))
    assert chosen == ["Flaky", "Trend"]
    assert "#### " not in comment(RICH, "links")


def test_what_fails_for_the_first_time_stands_first() -> None:
    last = RICH.results[-1].id
    found = sorted(one.id for one in RICH.results if one.outcome.value in ("failed", "errored"))
    report = replace(
        RICH, analysis=replace(RICH.analysis, changes=Changes(newly_failing=(found[-1],), still_failing=(found[0],)))
    )
    text = comment(report, "failures")
    marks = re.findall(r" · (newly failing|fails in the base, too)?$", text, re.MULTILINE)
    assert marks[0] == "newly failing"
    assert "fails in the base, too" in marks
    assert last not in text


def test_a_failure_is_linked_to_its_line_at_the_revision() -> None:
    place = f"https://forge.example/shop/blob/{RICH.revision}/tests/unit/test_price.py#L41"
    assert f"[<code>tests&#47;unit&#47;test&#95;price&#46;py&#58;41</code>]({place})" in comment(RICH, "failures")
    unlinked = comment(replace(RICH, links=Links()), "failures")
    assert "<code>tests&#47;unit&#47;test&#95;price&#46;py&#58;41</code> · 31 ms" in unlinked


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"before": Counts(79, 100)}, "**80.0%** of 100 lines: +1.0 points since <code>main</code>"),
        ({"before": Counts()}, "**80.0%** of 100 lines: N/A since"),
        ({"changed": Counts(2, 3)}, "**66.7%** of 3 changed lines"),
        ({"changed": Counts(0, 1)}, "**0.0%** of 1 changed line"),
        ({"before": Counts(1, 100), "changed": Counts()}, "**N/A** of the changed lines: the diff has no executable"),
        ({"changed": Counts(), "none_measured": True}, "**N/A** of the changed lines: none of the changed files was"),
        ({"empty_diff": True}, "**Unknown** how many of the changed lines: the diff is empty"),
        ({"before": Counts(1, 100)}, "**25.0%** of 4 branches"),
        (
            {"unmeasured": ("a.py", "b.py", "c.py", "@d.py", "e.py")},
            "Not measured: 5 changed files, <code>a&#46;py</code>, <code>b&#46;py</code>, <code>c&#46;py</code> and 2",
        ),
    ],
)
def test_coverage_in_words(change: dict[str, object], said: str) -> None:
    assert said in comment(replace(covered(**change), warnings=("x",)), "coverage")


def test_coverage_without_a_diff_has_no_word_of_it() -> None:
    assert "changed lines" not in comment(covered(before=Counts(1, 100)), "coverage")


def test_no_percentage_of_a_benchmark_stands_alone() -> None:
    text = comment(RICH, "benchmarks")
    rows = [line for line in text.splitlines() if re.match(r"\| [✗✓?=] ", line)]
    assert [row.split(" | ")[0] for row in rows] == ["| ✗ worse", "| ? uncertain", "| ✓ better"]
    assert all(re.search(r"\d%.* \| <code>\w.*</code> \|$", row) for row in rows)
    assert "1 worse, 1 uncertain, 1 better and 1 same, compared with <code>main</code>" in text
    (vast,) = (replace(RICH.analysis.benchmarks[0], worse=1e300),)
    assert "over 10000% worse" in comment(replace(RICH, analysis=replace(RICH.analysis, benchmarks=(vast,))))


def test_the_way_to_the_rest_is_said() -> None:
    many = replace(SAME, warnings=("x",) * 5)
    assert "… and 3 more: [the report](https://ci.example/r)" in comment(many)
    assert "… and 3 more: report.html of the build" in comment(replace(many, links=Links()))
    artifacts = Links(artifacts="https://ci.example/a")
    assert "… and 3 more: [the artifacts](https://ci.example/a)" in comment(replace(many, links=artifacts))


@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=20))
def test_a_marker_is_one_comment_of_html(key: str) -> None:
    text = marker(key)
    assert re.fullmatch(r"<!-- ci-orchestrator:[A-Za-z0-9._~%-]+ -->", text)
    assert "--" not in text[4:-3]
    assert marker(f"{key}-") != text


@pytest.mark.parametrize(
    "options",
    [
        {"provider": "bitbucket"},
        {"sections": ("failures", "weather")},
        {"templates": {"weather": "x"}},
        {"key": ""},
        {"key": "x" * 101},
        {"limit": 23_999},
    ],
)
def test_options_that_make_no_comment_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UserError) as error:
        CommentOptions(**options)
    assert error.value.fix
