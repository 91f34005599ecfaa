"""Nothing that a test, a plan or a provider names can act: not in a browser, a terminal, markdown or a file."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import HOSTILE, hostile_report

from ci_orchestrator.report.escape import for_html, for_markdown, for_script, one_line, output, visible
from ci_orchestrator.report.html import render_html
from ci_orchestrator.report.terminal import render_terminal

any_text = st.text(st.characters(exclude_categories=()))


@pytest.fixture(scope="module")
def html() -> bytes:
    return render_html(hostile_report())


def test_no_script_of_a_test_runs_and_its_text_is_shown(open_page, html):
    page = open_page(html).page
    for row, one in enumerate(hostile_report().results):
        page.evaluate(f"location.hash = '#t{row}'")
        page.wait_for_selector("#detail:not([hidden])")
        texts = [output(text) for attempt in one.attempts for text in (attempt.details, attempt.stdout, attempt.stderr)]
        assert [text.removesuffix("\n") for text in page.locator("#detail pre").all_inner_texts()] == texts
        page.keyboard.press("Escape")
    for summary in page.locator("#certificate summary").all():
        summary.click()
    assert page.evaluate("'pwned' in window") is False
    assert page.locator("img, iframe, object, embed, link, base, [onerror], [onload], [src], [style*=url]").count() == 0
    text = " ".join(page.locator("body").inner_text().split())
    for said in HOSTILE:
        assert " ".join(one_line(said).split()) in text


def test_every_link_stays_on_the_page(open_page, html):
    page = open_page(html).page
    targets = page.evaluate("[...document.links].map((link) => link.getAttribute('href'))")
    assert targets
    assert all(re.fullmatch(r"#(t\d+|tests)", target) for target in targets)


def test_the_policy_allows_only_our_own_script_and_style(html):
    policy = re.search(rb'http-equiv="Content-Security-Policy" content="([^"]+)"', html)[1].decode()
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; "
        r"base-uri 'none'; form-action 'none'",
        policy,
    )


def test_a_foreign_script_would_be_stopped(chromium, tmp_path, html):
    """The policy is real: had the escaping a hole, the browser would still refuse."""
    file = tmp_path / "holed.html"
    file.write_bytes(
        html.replace(b"<main>", b"<main><script>window.pwned=1</script><img src='http://example.org/x'>", 1)
    )
    page = chromium.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate("'pwned' in window") is False
    assert sum("Content Security Policy" in one for one in complaints) == 2
    page.close()


def test_terminal_gets_no_control_and_no_direction_characters():
    text = render_terminal(hostile_report(), colour=False, limit=100, location="\x1b[2J")
    acting = [one for one in text if one != "\n" and (unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"})]
    assert acting == []
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff]", text)


def test_terminal_colours_are_only_ours():
    text = render_terminal(hostile_report(), colour=True, limit=100)
    assert re.sub(r"\x1b\[(?:\d+(?:;\d+)*)?m", "", text) == render_terminal(hostile_report(), colour=False, limit=100)


@given(any_text)
def test_visible_texts_encode_and_stay_visible(text):
    shown = visible(text)
    shown.encode("utf-8")
    assert visible(shown) == shown


@given(any_text)
def test_html_text_holds_no_markup(text):
    assert not re.search(r"[<>\"']", for_html(text))


@given(any_text)
def test_script_data_cannot_end_its_element_and_comes_back(text):
    data = for_script({text: [text]})
    assert data.isascii()
    assert not re.search("[<>&\u2028\u2029]", data)
    assert json.loads(data) == {text: [text]}


@given(any_text)
def test_markdown_code_holds_no_marks(text):
    code = for_markdown(text).removeprefix("<code>").removesuffix("</code>")
    assert re.fullmatch(r"(?:[^!-/:-@\[-`{-~\n]|&#\d+;|<wbr>&#64;)*", code)
