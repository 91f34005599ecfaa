"""Texts mean what they hold: Groovy itself says so."""

from __future__ import annotations

import json
from pathlib import Path

from engine_tools import clean_environment, debian_tool, run_tool
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_orchestrator.providers.jenkins import groovy

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text("'\\u0027$n\n\r\"{}", max_size=12)
EDGES = ["", "'", "'''", "\\", "\\u0027", "\\\\u0027", "\\\\\\u0027", "${x}", "\\n", "\n", "\x00", "a'", "\U0001f600"]


def evaluated(texts: list[str], place: Path) -> list[str]:
    """Each text as Groovy has it, by its numbers."""
    java = debian_tool("java", "openjdk-17-jre-headless").resolve()
    script = place / "texts.groovy"
    lines = "\n".join(f"all << {text}" for text in texts)
    script.write_text(f"def all = []\n{lines}\nprintln groovy.json.JsonOutput.toJson(all)\n", "ascii")
    env = clean_environment(place, extra={"JAVA_HOME": str(java.parent.parent)})
    output = run_tool([debian_tool("groovy", "groovy"), script], cwd=place, env=env, timeout=60)
    assert output.code == 0, output.text
    return list(json.loads(output.out))


def test_a_text_comes_out_as_it_went_in(tmp_path_factory) -> None:
    @settings(max_examples=2)
    @given(st.lists(TEXTS, min_size=60, max_size=200))
    def check(found: list[str]) -> None:
        texts = [*EDGES, *found]
        place = tmp_path_factory.mktemp("groovy")
        lines = [text.replace("\x00", "") for text in texts]
        seen = evaluated([*map(groovy.text, texts), groovy.block(lines, 4)], place)
        assert seen[:-1] == texts
        assert seen[-1] == "\n" + "".join(f"        {line}\n" for line in lines) + "    "

    check()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_comment_is_one_line_of_nothing_else(text: str) -> None:
    line = groovy.comment(text)
    assert line.startswith("//")
    assert line.isascii()
    assert line.splitlines() == [line]
    assert "\\u" not in line


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_the_size_is_that_of_a_class_file(text: str) -> None:
    units = [text.encode("utf-16-be")[at : at + 2] for at in range(0, len(text.encode("utf-16-be")), 2)]
    codes = [int.from_bytes(unit, "big") for unit in units]
    assert groovy.size(text) == sum(
        2 if code == 0 else 1 if code < 0x80 else 2 if code < 0x800 else 3 for code in codes
    )
