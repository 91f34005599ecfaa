"""The page in a real browser: it can be searched, filtered, walked with the keyboard, and shows what happened."""

from __future__ import annotations

import re

import pytest
from report_samples import large_report, rich_report, sample_report

from ci_orchestrator.report.html import render_html

PAYMENT = "test_payment_is_captured_once[visa]"


@pytest.fixture(scope="module")
def html() -> bytes:
    return render_html(sample_report())


@pytest.fixture
def page(open_page, html):
    return open_page(html).page


def listed(page) -> list[str]:
    return page.locator("#rows [role=row] .name").all_inner_texts()


def matches(page) -> str:
    return page.locator("#matches").inner_text()


def says(page, text: str) -> None:
    """Waits until the table says how many tests match: what follows a click is drawn a moment later."""
    sync_api = pytest.importorskip("playwright.sync_api")
    sync_api.expect(page.locator("#matches")).to_have_text(text)


def shows(page, rows: int) -> None:
    """Waits until the table shows so many tests."""
    sync_api = pytest.importorskip("playwright.sync_api")
    sync_api.expect(page.locator("#rows [role=row]")).to_have_count(rows)


def test_it_says_what_happened_first(page):
    assert page.locator("h1").inner_text() == "✗ FAILED"
    assert page.locator(".sentence").inner_text() == "2 failed, 1 errored and 2 not proven, of 427 tests"
    assert "425 of 427 tests proven, 2 missing" in page.locator("#certificate").inner_text()
    assert page.title() == "✗ FAILED · shop"


def test_failures_come_first_in_the_table(page):
    assert matches(page) == "427 tests"
    assert listed(page)[:6] == [
        PAYMENT,
        "test_discount_rounds_half_even",
        "test_refund_needs_reason",
        "test_login_with_passkey",
        "test_native_index_survives_reload",
        "test_webhook_is_retried",
    ]


def test_search_finds_all_words_in_any_part_of_the_id(page):
    page.fill("#search", "CHECKOUT refund")
    shows(page, 1)
    assert listed(page) == ["test_refund_needs_reason"]
    assert matches(page) == "1 test of 427"
    page.fill("#search", "no such test")
    shows(page, 0)
    assert matches(page) == "0 tests of 427: nothing matches, reset the filters"
    page.click("text=Reset")
    page.wait_for_selector("#rows [role=row]")
    assert matches(page) == "427 tests"


def test_filters_combine(page):
    page.click("[data-outcome=failed]")
    page.click("[data-outcome=not-proven]")
    assert matches(page) == "4 tests of 427"
    page.select_option("#suite", label="unit")
    assert listed(page) == ["test_discount_rounds_half_even", "test_native_index_survives_reload"]
    page.click("[data-outcome=failed]")
    page.click("[data-outcome=not-proven]")
    page.select_option("#suite", label="All suites")
    page.select_option("#job", label="e2e_1")
    assert matches(page) == "70 tests of 427"
    page.select_option("#job", label="All jobs")
    page.click("#flaky")
    assert listed(page) == ["test_webhook_is_retried"]


def test_counts_lead_to_the_tests_they_count(page):
    page.click(".tiles .skipped a")
    assert matches(page) == "13 tests of 427"
    page.click(".tiles .flaky a")
    assert matches(page) == "1 test of 427"


def test_columns_sort(page):
    page.click("[data-sort=time]")
    assert listed(page)[0] == PAYMENT
    assert page.locator("[role=columnheader].time").get_attribute("aria-sort") == "ascending"
    page.click("[data-sort=time]")
    assert PAYMENT not in listed(page)


def test_the_panel_shows_all_there_is_of_a_failure(page):
    page.click("text=test_discount_rounds_half_even >> nth=0")
    panel = page.locator("#detail")
    assert panel.locator("h2").inner_text() == "test_discount_rounds_half_even"
    assert "E       AssertionError: assert Decimal('0.13')" in panel.locator("pre.traceback").inner_text()
    assert panel.locator("pre.traceback .at").inner_text().startswith(">       assert cart.total()")
    assert "rates: 31 currencies" in panel.locator("details pre").inner_text()
    facts = re.sub(r"\s+", " ", panel.locator(".facts").inner_text())
    assert "where tests/unit/test_price.py:41 took 31 ms cpu 25 ms peak memory 46 MiB" in facts
    assert re.search(r"#t\d+$", page.url)


def test_the_panel_shows_every_attempt(page):
    page.click("text=test_webhook_is_retried >> nth=0")
    assert page.locator("#detail h3").all_inner_texts() == ["✓ Attempt 2 of 2: passed", "✗ Attempt 1 of 2: failed"]
    page.click("#detail-close")
    page.click("text=test_native_index_survives_reload >> nth=0")
    assert page.locator("#detail .reason").inner_text() == "lost its worker twice (SIGSEGV)"
    assert "worker lost" in page.locator("#detail .facts >> nth=0").inner_text()


def test_the_keyboard_reaches_everything(page):
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.focus("#grid")
    page.keyboard.press("ArrowDown")
    active = page.locator("#grid").get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    assert page.locator("#detail h2").inner_text() == "test_discount_rounds_half_even"
    assert page.evaluate("document.activeElement.id") == "detail-title"
    page.keyboard.press("j")
    assert page.locator("#detail h2").inner_text() == "test_refund_needs_reason"
    page.keyboard.press("k")
    page.keyboard.press("k")
    assert page.locator("#detail h2").inner_text() == PAYMENT
    page.keyboard.press("Escape")
    assert page.locator("#detail").is_hidden()
    assert page.evaluate("document.activeElement.id") == "grid"
    page.keyboard.press("End")
    assert page.locator("#rows [aria-selected=true]").get_attribute("aria-rowindex") == "428"


def test_the_timeline_opens_tests_by_mouse_and_keyboard(page):
    canvas = page.locator("#timeline canvas")
    assert canvas.get_attribute("aria-label").startswith("Timeline of 2 workers over 62 s. w1: ")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#timeline-said").inner_text().startswith("? unit::tests/unit/test_search.py::test_native")
    page.keyboard.press("Enter")
    assert page.locator("#detail h2").inner_text() == "test_native_index_survives_reload"
    page.keyboard.press("Escape")
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] * 0.3, "y": 13})
    assert canvas.get_attribute("title").startswith(f"✗ api::tests/api/test_checkout.py::{PAYMENT}")
    canvas.click(position={"x": box["width"] * 0.3, "y": 13})
    assert page.locator("#detail h2").inner_text() == PAYMENT


def test_an_address_opens_its_test(open_page, html):
    results = sample_report().results
    row = next(row for row, one in enumerate(results) if one.name == PAYMENT)
    assert open_page(html, f"#t{row}").page.locator("#detail h2").inner_text() == PAYMENT
    assert open_page(html, "#t99999").page.locator("#detail").is_hidden()


def test_without_scripts_the_essentials_are_there(open_page, html):
    text = open_page(html, scripts=False).page.locator("body").inner_text()
    assert "FAILED" in text
    assert PAYMENT in text
    assert "AssertionError: assert Decimal('0.13') == Decimal('0.12')" in text
    assert "all tests are in results.json" in text


def test_everything_that_can_be_used_has_a_name(page):
    page.click(f"text={PAYMENT} >> nth=0")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a, summary, [role=grid], [role=dialog], canvas")]
        .filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label") || one.closest("label")?.innerText
            || one.getAttribute("aria-labelledby"))).map((one) => one.outerHTML)"""
    )
    assert nameless == []


CONTRAST = """() => {
  const linear = (one) => (one /= 255) <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const one of document.querySelectorAll("body *")) {
    const written = [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!written || !one.checkVisibility() || one.closest("svg")) continue;
    const levels = [light(parse(getComputedStyle(one).color)), light(ground(one))].sort((a, b) => b - a);
    const contrast = (levels[0] + 0.05) / (levels[1] + 0.05);
    if (contrast < 4.5) poor.add(`${one.tagName}.${one.className} ${contrast.toFixed(2)}`);
  }
  return [...poor];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(open_page, scheme):
    """Contrast of at least 4.5:1 (WCAG 2.2, 1.4.3)."""
    page = open_page(render_html(rich_report())).page
    page.emulate_media(color_scheme=scheme)
    page.click("text=test_webhook_is_retried >> nth=0")
    assert page.evaluate(CONTRAST) == []


def test_it_prints_without_what_cannot_be_printed(page):
    page.emulate_media(media="print")
    assert page.locator("#tests").is_hidden()
    assert page.locator("#certificate").is_visible()


def test_a_narrow_window_scrolls_in_one_direction_only(open_page):
    page = open_page(render_html(rich_report())).page
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_100000_results_open_and_can_be_searched_filtered_and_walked(open_page):
    html = render_html(large_report(100_000))
    assert html.index(b'<ol class="tests">') < html.index(b'id="index"'), "what matters precedes the data"
    page = open_page(html).page
    says(page, "100,000 tests")
    assert page.locator("#rows [role=row]").count() < 100
    page.fill("#search", "behaviour_0077777")
    shows(page, 1)
    page.focus("#grid")
    page.keyboard.press("Enter")
    assert page.locator("#detail h2").inner_text() == "TestFeature::test_behaviour_0077777[case-0]"
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    page.click("[data-outcome=failed]")
    page.select_option("#suite", label="api")
    says(page, "67 tests of 100,000")
    page.click("text=Reset")
    says(page, "100,000 tests")
    page.focus("#grid")
    page.keyboard.press("End")
    assert page.locator("#rows [aria-selected=true]").get_attribute("aria-rowindex") == "100001"
