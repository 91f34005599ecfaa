"""The parts of the page beside the tests: only there when they have something to say, and never better than it is."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from report_samples import rich_report, sample_report
from rich_samples import PRICE, VISA
from test_verdict import GREEN

from ci_orchestrator.report.html import render_html, stream_html
from ci_orchestrator.report.html_rows import Rows
from ci_orchestrator.report.terminal import render_terminal
from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.coverage import Counts, CoverageSummary
from ci_orchestrator.results.findings import Analysis, Base, Changes, CoverageChange, DurationChange, FlakyTest
from ci_orchestrator.results.quality import Judgement, QualityGate, Reason
from ci_orchestrator.results.report import Links, Report, Table

SECTIONS = ("quality", "gates", "changes", "trend", "slower", "slowest", "coverage", "benchmarks", "workers", "jobs")


@pytest.fixture(scope="module")
def html() -> bytes:
    return render_html(rich_report())


def text_of(report: Report, section: str) -> str:
    """The words of a section, without markup."""
    found = re.search(rf'<section class="card" id="{section}">(.*?)</section>', render_html(report).decode(), re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", found[1]).split()) if found else ""


def test_all_sections_are_there_and_none_of_them_without_a_reason(html: bytes) -> None:
    found = re.findall(r'<section class="card" id="([a-z]+)"', html.decode())
    assert [one for one in found if one in SECTIONS] == list(SECTIONS)
    assert re.findall(r'id="(?:{})"'.format("|".join(SECTIONS)), render_html(GREEN).decode()) == []


def test_the_stream_is_the_page_and_its_first_content_precedes_the_data(html: bytes) -> None:
    assert b"".join(stream_html(rich_report())) == html
    content = [html.index(mark) for mark in (b"<h1>", b'id="quality"', b'id="tests"', b"<footer>")]
    assert content == sorted(content)
    assert content[-1] < html.index(b'<script type="application/json"')


def test_rows_are_found_by_id() -> None:
    results = sample_report().results
    rows = Rows(results)
    assert [rows.of(one.id) for one in results] == list(range(len(results)))
    assert [rows.of(test) for test in ("", "unit::nothing", results[-1].id + "x")] == [None, None, None]
    assert rows.link("<b>") == "<bdi>&lt;b&gt;</bdi>"


def test_what_changed_is_told_against_its_base(html: bytes) -> None:
    said = text_of(rich_report(), "changes")
    assert "against main · 5d0e8c11f2b3 · 2026-03-04" in said
    assert "✗ newly failing 2" in said
    for test in (PRICE, VISA):
        assert f"<bdi>{test}</bdi></a>" in html.decode()
    same = Analysis(base=Base(branch="main", complete=False), changes=Changes())
    assert text_of(replace(GREEN, analysis=same), "changes") == (
        "What changed against main ; not all its tests ran, so none is called removed Every test ended as it did there."
    )


def test_coverage_says_what_is_missing() -> None:
    report = replace(GREEN, coverage=CoverageSummary(lines=Counts(999_999, 1_000_000), partial=("job a is missing",)))
    assert text_of(report, "coverage").startswith(
        "Coverage lines 99.9% 999,999 of 1,000,000 ? partial job a is missing"
    )
    no_base = replace(report, analysis=Analysis(base=Base(), coverage=CoverageChange(changed=Counts())))
    said = text_of(no_base, "coverage")
    assert "the base's coverage is missing" in said
    assert "lines of the change N/A the change has no executable line" in said
    elsewhere = replace(no_base, analysis=Analysis(coverage=CoverageChange(changed=Counts(), none_measured=True)))
    assert "lines of the change N/A none of its files was measured" in text_of(elsewhere, "coverage")
    empty = replace(no_base, analysis=Analysis(coverage=CoverageChange(empty_diff=True)))
    assert "lines of the change unknown the diff is empty" in text_of(empty, "coverage")


def test_a_final_gate_that_fails_leaves_no_calm() -> None:
    fails = QualityGate(name="merge", reasons=(Reason("coverage.total", Judgement.FAIL, "70.0% of lines"),))
    page = render_html(replace(GREEN, quality=(fails,))).decode()
    assert "Nothing failed" not in page
    assert "GATE FAILED" in page
    assert "Nothing failed" in render_html(replace(GREEN, quality=(QualityGate(name="merge"),))).decode()


def test_a_flaky_test_of_the_history_is_listed_though_it_passed() -> None:
    test = GREEN.results[0].id
    known = Analysis(flaky=(FlakyTest(test=test, contradictions=1, new=True), FlakyTest(test="gone::x::y")))
    page = render_html(replace(GREEN, analysis=known)).decode()
    assert "Flaky <span" in page
    assert "newly flaky" in page
    assert "both passed and failed on 1 revision" in page
    assert f"flaky       ↻ {test} and 1 more\n" in render_terminal(replace(GREEN, analysis=known))


def test_numbers_that_are_none_break_nothing() -> None:
    report = replace(
        GREEN,
        benchmarks=(Benchmark(name="b", value=math.nan, unit="s", spread=math.inf),),
        tables=(Table(name="t", columns=("a", "b"), rows=(("x", math.nan), ("y", 1.0)), more=3),),
        analysis=Analysis(slower=(DurationChange(test="a", now=math.nan, before=math.inf, samples=1),)),
    )
    page = render_html(report).decode()
    assert "unknown" in page
    assert "… and 3 more rows</p>" in page


def test_tables_sort_by_mouse_and_keyboard(open_page, html: bytes) -> None:
    page = open_page(html).page
    page.click("#coverage summary")
    missed = page.locator("#coverage details th", has_text="missed")
    missed.locator("button").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert missed.get_attribute("aria-sort") == "descending"
    files = page.locator("#coverage details tbody th")
    assert files.all_inner_texts()[:2] == ["shop/mail.py", "shop/login.py"]
    page.click("#benchmarks thead button >> text=before")
    assert page.locator("#benchmarks tbody tr").last.locator("td").nth(2).inner_text() == "–"


def test_links_lead_to_the_source_and_nowhere_else(open_page, html: bytes) -> None:
    page = open_page(html).page
    revision = rich_report().revision
    place = f"https://forge.example/shop/blob/{revision}/tests/unit/test_price.py#L41"
    assert page.locator(f'a.outward[href="{place}"]').count() == 1
    page.click("text=test_discount_rounds_half_even >> nth=0")
    assert page.locator("#detail a.outward").get_attribute("href") == place
    targets = page.evaluate("[...document.links].map((link) => link.getAttribute('href'))")
    assert all(re.match(r"#|https://(forge|ci)\.example/", target) for target in targets)


@pytest.mark.parametrize("file", ["/etc/passwd", "../up.py", "a/../../up.py", "a\\up.py"])
def test_no_link_leaves_the_project(open_page, file: str) -> None:
    attempt = replace(GREEN.results[0].attempts[0], file=file, line=3)
    results = (replace(GREEN.results[0], attempts=(attempt,)),)
    links = Links(source="https://forge.example/blob/{path}#L{line}")
    page = open_page(render_html(replace(GREEN, results=results, links=links)), "#t0").page
    assert page.locator("#detail .facts").count() == 1
    assert page.locator("a.outward").count() == 0
