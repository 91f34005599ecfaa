"""What a build is described by: one line in our own words."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from parts import examples

from ci_orchestrator.providers.jenkins.context import DESCRIPTION, JenkinsCi

HOSTILE = "<img src=x onerror=alert(1)> & ${7*7} $(touch pwned) 'a' \"b\" `c` [d](e) \\ \u202e\x1b[31m"


def described(root: Path, markdown: str) -> str:
    JenkinsCi(root).summarise(markdown)
    text = (root / DESCRIPTION).read_text("ascii")
    found: str = json.loads(text)["description"]
    return found


def test_it_is_the_heading_and_the_sentence_below(tmp_path: Path) -> None:
    markdown = "## ✗ FAILED\n\n1 failed, of 37 tests. Certificate complete.\n\n| tests |\n"
    assert described(tmp_path, markdown) == "✗ FAILED: 1 failed, of 37 tests. Certificate complete."
    assert described(tmp_path, "") == "", "and not what was said before"


def test_nothing_of_it_is_markup(tmp_path: Path) -> None:
    said = described(tmp_path, f"## ✓ PASSED\n\n{HOSTILE}")
    assert said == "✓ PASSED: img src=x onerror=alert(1)  77 (touch pwned) a b c d(e)  31m"


@settings(max_examples=examples(50))
@given(st.text(max_size=900))
def test_it_is_one_bounded_line(tmp_path_factory, markdown: str) -> None:
    said = described(tmp_path_factory.getbasetemp(), markdown)
    assert len(said) <= 500
    assert said.isprintable()
    assert not set(said) & set("<>&\"'`$\\{}[]")
