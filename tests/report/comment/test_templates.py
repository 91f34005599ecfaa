"""Templates of users: what they can say, and that nothing else can be done with them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered import read
from report_samples import rich_report
from test_verdict import GREEN

from ci_orchestrator.errors import UserError
from ci_orchestrator.report.comment import CommentOptions, render_comment
from ci_orchestrator.report.comment.overriding import values
from ci_orchestrator.report.comment.templates import OUTPUT_LIMIT, Markdown, render_template

RICH = rich_report()
VALUES = {**values(RICH), "built_in": Markdown("**as it was**")}


def said(template: str) -> str:
    return render_template(template, VALUES)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ totals.failed }} of {{ totals.tests|count }}", "2 of 427"),
        ("{{ wall|seconds }}, {{ coverage.lines.share|percent }}", "62 s, 88.7%"),
        ("{{ analysis.base.branch }}", "<code>main</code>"),
        ("{{ revision|code(9) }}", "<code>9f1 … 31 characters left out … 7e8f90</code>"),
        ("{{ links.report|link('all') }}", "[<code>all</code>](https://ci.example/shop/builds/113/report.html)"),
        ("{{ 'javascript:x'|link('x') }}", "<code>x</code>"),
        ("{% for one in changes.fixed[:2] %}{{ loop.index + 1 }}{% endfor %}", "23"),
        ("{{ flaky|length - 1 }} {{ 1 / 4 }} {{ -1 }}", "1 0.25 -1"),
        ("{% if changes.any %}changed{% else %}same{% endif %}", "changed"),
        ("{{ 'a' if totals.flaky > 0 and not totals.passed in (1, 2) else 'b' }}", "<code>a</code>"),
        ("{{ tables[0].columns|join(' or ') }}", "<code>suite</code> or <code>tests</code> or <code>seconds</code>"),
        ("{{ none }}{{ true }} {{ title|default('x') }} {{ ''|default(3) }}", "yes <code>shop</code> 3"),
        ("{{ built_in }} and **mine**", "**as it was** and **mine**"),
        ("{{ started|moment }} {{ 0.5|points }}", "2026-03-04 09:30 UTC +50.0 points"),
        ("{# nothing #}  ", ""),
    ],
)
def test_a_template_shows_values(template: str, text: str) -> None:
    assert said(template) == text


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ nope }}", "'nope' is undefined"),
        ("{{ totals.nope }}", "a value has no attribute 'nope'"),
        ("{{ totals }}", "a value that has fields, or is a list, cannot be shown"),
        ("{% for", "unexpected 'end of template'"),
        ("{{ 1/0 }}", "division by zero"),
        ("{{ title.upper() }}", "a template has no calls"),
        ("{{ title.format }}", "cannot be shown"),
        ("{{ title.__class__.__mro__ }}", "of a value is unsafe"),
        ("{{ title|attr('__class__') }}", "No filter named 'attr'"),
        ("{{ self.__init__ }}", "of a value is unsafe"),
        ("{% set x = title %}", "a template has no assignments"),
        ("{% set x %}{{ title }}{% endset %}", "a template has no assignments"),
        ("{% macro x() %}{% endmacro %}", "a template has no macros"),
        ("{% include 'x' %}", "a template has no includes"),
        ("{% import 'x' as y %}", "a template has no imports"),
        ("{% autoescape true %}{% endautoescape %}", "a template has no"),
        ("{{ title ~ title }}", "a template has no joining of texts"),
        ("{{ title + title }}", "+ is for numbers"),
        ("{{ 'a' * 1000000000 }}", "* is for numbers"),
        ("{{ 10 ** 10 }}", "a template has no powers"),
        ("{{ '%99999999d' % 1 }}", "a template has no %"),
        ("{{ 999999999 * 999999999 * 2 }}", "* is for numbers"),
        ("{{ [title, title] }}", "a template has no lists"),
        ("{{ title|safe }}", "No filter named 'safe'"),
        ("{% for a in trend recursive %}{% endfor %}", "a template has no recursive loops"),
        ("{{ " + "(" * 4_000 + "1" + ")" * 4_000 + " }}", "recursion"),
        ("x" * 10_001, "longer than 10,000 characters"),
        ("{% for a in trend %}" * 6 + "{% endfor %}" * 6, "more than 100,000 steps"),
        ("{% for a in trend %}" * 4 + "{{ trend|length }}" + "{% endfor %}" * 4, "more than 100,000 steps"),
        ("{% for a in trend %}" * 2 + "y" * 4_000 + "{% endfor %}" * 2, f"more than {OUTPUT_LIMIT:,} characters"),
    ],
)
def test_what_a_template_cannot_do(template: str, why: str) -> None:
    with pytest.raises(UserError) as error:
        said(template)
    assert why in error.value.what


def test_a_template_takes_the_place_of_its_section() -> None:
    mine = {"coverage": "#### Mine\n\n{{ coverage.lines.share|percent }}", "flaky": "", "trend": " \n"}
    text = render_comment(RICH, CommentOptions(templates=mine))
    assert "#### Mine\n\n88.7%\n" in text
    assert "#### Coverage" not in text
    assert "#### Trend" not in text
    assert "#### Flaky" in text  # an empty file is no template
    assert text.index("#### Flaky") < text.index("#### Mine") < text.index("#### Benchmarks")


def test_a_broken_template_costs_nothing_and_is_said() -> None:
    text = render_comment(RICH, CommentOptions(templates={"coverage": "{{ @team }}", "changes": "{{ 1/0 }}"}))
    assert "The template of <code>coverage</code> cannot be used: <code>unexpected char" in text
    assert text.count("> The template of ") == 2
    assert "#### Coverage" in text
    nothing = render_comment(GREEN, CommentOptions(templates={"coverage": "{{ 1/0 }}"}))
    assert "> The template of <code>coverage</code> cannot be used" in nothing


def test_a_template_makes_no_news() -> None:
    text = render_comment(GREEN, CommentOptions(templates={"coverage": "always"}))
    assert len(text.splitlines()) == 2
    assert "always" in render_comment(RICH, CommentOptions(templates={"coverage": "always"}))


@settings(max_examples=60)
@given(st.text(min_size=1))
def test_text_in_a_template_is_code(text: str) -> None:
    made = render_template("{{ x }}\n\n- {{ x }}\n\n| a |\n| - |\n| {{ x }} |", {"x": text})
    names = [one.name for one in read(made).elements if one.name != "wbr"]
    table = ["table", "thead", "tr", "th", "tbody", "tr", "td", "code"]
    assert names == ["p", "code", "ul", "li", "code", *table]


PIECES = (
    "{% for a in trend %}|{% endfor %}|{{ a }}|{{|}}|{% if 1 %}|{% endif %}|title|.__class__|~|*|1e9|loop|{%|%}|set x="
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([*PIECES.split("|"), "|code", "|join(", ")", "(", "[", "]", "'", " "]), max_size=14))
def test_any_template_ends_with_a_text_or_a_reason(pieces: list[str]) -> None:
    options = CommentOptions(sections=("tables",), templates={"tables": "".join(pieces)})
    text = render_comment(RICH, options)
    assert text.startswith("<!-- ci-orchestrator:report -->\n### ✗ GATE FAILED")


def test_jinja_is_loaded_only_for_a_template() -> None:
    code = "import sys, ci_orchestrator.report.comment; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_without_jinja_the_reason_is_said() -> None:
    code = (
        "import sys; sys.modules['jinja2'] = None\n"
        "from ci_orchestrator.errors import MissingPartError\n"
        "from ci_orchestrator.report.comment.templates import render_template\n"
        "try: render_template('x', {})\n"
        "except MissingPartError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "Jinja2 is not installed\n  fix: pip install 'ci-orchestrator[templates]'\n"
