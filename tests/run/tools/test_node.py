"""Patterns of titles, tried by the regular expressions of the real Node.js; and where its tools are found."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import need
from tool_workers import NODE_MODULES

from ci_orchestrator.errors import UserError
from ci_orchestrator.results.formats.fields import plain
from ci_orchestrator.results.formats.names import TITLES
from ci_orchestrator.results.formats.text import cut_name
from ci_orchestrator.run.tools.node import title_pattern
from ci_orchestrator.run.tools.program import find_node_program, mentions

TRY = """
const pairs = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(pairs.map(([pattern, full]) => new RegExp(pattern).test(full))));
"""
WORDS = st.text(st.sampled_from("ab.*+?^${}()|[]\\/-'\"›@ \t\n\x07\u2028é😀"), max_size=12)
ODD = [
    ["(a+b)*[x]$^", "{2}|\\d/"],
    ["a › b", "c"],
    ["", "  two  spaces\tand\na line"],
    ["\x1b[31mred\x1b[0m", "bell \x07 \ud800"],
    ["same (2)"],
    ["(2)"],
    ["x" * 5_000],
    ["word " * 2_000],
]


def named(titles: list[str]) -> str:
    """The test as the report's reader and the tool name it."""
    name = cut_name(TITLES.join(cut_name(plain(title)) for title in titles))
    return f"a.test.js::{' '.join(name.split())}"


def tried(*pairs: tuple[str, str]) -> list[bool]:
    """Whether each pattern is found in its text."""
    need(shutil.which("node"), "Node.js is missing: apt-get install -y nodejs npm")
    done = subprocess.run(
        ["node", "-e", TRY], input=json.dumps(pairs), capture_output=True, text=True, check=True, timeout=60
    )
    found: list[bool] = json.loads(done.stdout)
    return found


@settings(max_examples=5)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=3), min_size=20, max_size=40))
def test_a_pattern_finds_the_title_that_the_name_came_from(every: list[list[str]]) -> None:
    pairs = [(title_pattern([named(titles)]), " ".join(titles)) for titles in [*ODD, *every]]
    assert [full for (_, full), found in zip(pairs, tried(*pairs), strict=True) if not found] == []


def test_a_pattern_finds_no_other_title() -> None:
    titles = [["adds"], ["adds more"], ["sums", "adds"], ["(adds)"], ["add."], ["adds › more", "x"], ["adds (3)"]]
    pairs = [(title_pattern([named(one)]), " ".join(other)) for one in titles for other in titles if one != other]
    expected = [one == ["adds (3)"] and other == ["adds"] for one in titles for other in titles if one != other]
    assert tried(*pairs) == expected  # a count may be ours or the title's own


def test_a_program_is_found_as_node_finds_packages(tmp_path: Path) -> None:
    need((NODE_MODULES / "jest").is_dir(), "npm package jest is missing: make engines")
    inner = tmp_path / "packages" / "web"
    inner.mkdir(parents=True)
    env = {"PATH": str(Path(str(shutil.which("node"))).parent)}
    with pytest.raises(UserError, match="no `jest` on the PATH") as refused:
        find_node_program("jest", inner, env)
    assert "npm install" in refused.value.fix
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    assert find_node_program("jest", inner, env) == str(tmp_path / "node_modules/.bin/jest")


def test_options_are_told_from_values() -> None:
    assert mentions(["-x", "--coverage=false"], "--coverage")
    assert not mentions(["--coverages", "coverage"], "--coverage")
