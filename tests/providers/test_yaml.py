from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_orchestrator.providers.yaml import Flow, Note, Raw, comment, dump, scalar

TRICKY = [
    "on", "No", "y", "TRUE", "null", "~", "", " ", "1e3", "0x1", "0o17", "010", "12:30", "1_000", "3.10", ".5", ".inf",
    ".NaN", "=", "<<", "-", "- a", "?", "? a", ":", "a: b", "a:", "a #b", "#a", "&a", "*a", "!a", "%a", "@a", "`a", "|",
    ">", "'", '"', "'a'", '"a"', "\\", "a\\nb", "a\nb", "a\nb\n", "a\n\nb\n\n", " a\nb", "\na", "a \nb", "a\tb", "\ta",
    "a\r\nb", "\x85", "\u2028", "\ufeffa", "\x00", "\x1b[31m", "\u202eabc", "é", "😀", "日本\nb", "${{ a }}", "$(a)",
    "---", "...", "--- a", "2001-01-01", "a, b", "[a]", "{a}", "{a: b}", "a]", "trailing ", "a" * 300,
]  # fmt: skip
TEXTS = st.text(max_size=12) | st.sampled_from(TRICKY) | st.text("a: #-\n\"'\\[]{},&*!|>%@`?\t\x85 ", max_size=10)
SCALARS = TEXTS | st.booleans() | st.integers() | st.none()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.lists(VALUES, max_size=4) | st.dictionaries(TEXTS, VALUES, max_size=4)


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS)
def test_what_is_written_is_what_is_read(value: object) -> None:
    assert yaml.safe_load(dump(value)) == value
    assert yaml.safe_load(dump({"flow": Flow(value)})) == {"flow": value}


@pytest.mark.parametrize("text", TRICKY)
def test_a_text_stays_a_text(text: str) -> None:
    for value in ([text], {text: text}, {"a": [{"b": text}]}):
        assert yaml.safe_load(dump(value)) == value
        assert yaml.safe_load(dump([Flow(value)])) == [value]


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS, SCALARS)
def test_comments_and_blank_lines_change_nothing(above: str, beside: str, value: object) -> None:
    noted = {"a": Note(value, above=[above], beside=beside, blank=True), "b": Note([Note(value, [above], beside)])}
    assert yaml.safe_load(dump(noted, head=[above, beside])) == {"a": value, "b": [value]}
    first = [{"a": Note(value, above=[above], blank=True)}, [Note(value, above=[above], beside=beside)]]
    assert yaml.safe_load(dump(first)) == [{"a": value}, [value]]


def test_a_comment_is_one_line() -> None:
    assert comment("a\nrun: evil\u2028\r b") == "# a?run: evil?? b"
    assert comment("") == "#"


@pytest.mark.parametrize("text", ["._", ".e+5", ".E-1", "._1"])
def test_what_is_a_number_to_ruby_or_an_older_pyyaml_is_quoted(text: str) -> None:
    assert scalar(text) == scalar(text, flow=True) == f'"{text}"'


PLAIN_BY_RULES = re.compile(r"[A-Za-z_./$][^\n]*")


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_plain_texts_could_be_nothing_else(text: str) -> None:
    written = scalar(text)
    if written == text:
        assert PLAIN_BY_RULES.fullmatch(text)
        assert text.lower() not in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def test_it_looks_as_if_written_by_hand() -> None:
    document = {
        "name": "tests",
        Raw("on"): {"push": {"branches": Flow(["main", "release/*"])}, "workflow_dispatch": None},
        "permissions": {},
        "jobs": {
            "unit": Note(
                {
                    "name": "${{ matrix.name }}",
                    "if": "!cancelled()",
                    "steps": [
                        {"uses": Note("actions/checkout@0123", beside="v4.2.2"), "with": {"fetch-depth": 1}},
                        Note({"run": "pip install a\npytest -q\n", "env": {"A": "a: b", "B": "3.10"}}, blank=True),
                        Note({"run": "true"}, above=["It must be a text."]),
                    ],
                    "script": [Raw("!reference [.base, script]"), 'say "no"', ""],
                },
                above=["The tests."],
                blank=True,
            )
        },
    }
    assert dump(document, head=["Made by hand."]) == HAND


HAND = """\
# Made by hand.
name: tests
on:
  push:
    branches: [main, "release/*"]
  workflow_dispatch:
permissions: {}
jobs:

  # The tests.
  unit:
    name: ${{ matrix.name }}
    if: "!cancelled()"
    steps:
      - uses: actions/checkout@0123  # v4.2.2
        with:
          fetch-depth: 1

      - run: |
          pip install a
          pytest -q
        env:
          A: "a: b"
          B: "3.10"
      # It must be a text.
      - run: "true"
    script:
      - !reference [.base, script]
      - say "no"
      - ""
"""
