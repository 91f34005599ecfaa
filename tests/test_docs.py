"""The documentation is true: generated pages are current, links resolve, and what the tutorial shows is what happens.

In docs/tutorial and docs/how-to, a block fenced as ``console`` is run: lines that begin with ``$ `` by bash, in one
folder a page. What follows a command is its output, held loosely: each line must appear, in order, where ``…`` stands
for anything, and lines not shown are ignored. ``$ command  # exit 1`` expects that exit code. A block fenced as
``yaml title=FILE`` (or any language) is written to FILE first. Other blocks are not touched.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from parts import PROJECT
from tool_workers import NODE_MODULES, need_go, need_node_package

sys.path.insert(0, str(PROJECT / "scripts"))

import docs_check
import reference_cli

BLOCK = re.compile(r"^```(\w+)(?: title=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted([*(PROJECT / "docs/tutorial").glob("*.md"), *(PROJECT / "docs/how-to").glob("*.md")])


@dataclass
class Step:
    """A command of a page, and what it should print; or a file to write."""

    line: int
    command: str = ""
    exit_code: int = 0
    shown: list[str] = field(default_factory=list)
    file: str = ""
    text: str = ""


def steps(page: str) -> Iterator[Step]:
    for block in BLOCK.finditer(page):
        language, file, text = block.groups()
        line = page.count("\n", 0, block.start()) + 2
        if file:
            yield Step(line, file=file, text=text)
        elif language == "console":
            yield from commands(text, line)


def commands(text: str, first: int) -> Iterator[Step]:
    step: Step | None = None
    for number, line in enumerate(text.splitlines(), start=first):
        if line.startswith("$ "):
            if step:
                yield step
            command, _, code = line[2:].partition("  # exit ")
            step = Step(number, command=command, exit_code=int(code or 0))
        elif step and line.strip():
            step.shown.append(line.strip())
    if step:
        yield step


def missing(shown: list[str], printed: str) -> str | None:
    """The first line of `shown` that does not follow the ones before it in `printed`."""
    lines = iter(printed.splitlines())
    for wanted in shown:
        pattern = re.compile(".*".join(map(re.escape, wanted.split("…"))))
        if wanted != "…" and not any(pattern.search(line) for line in lines):
            return wanted
    return None


def environment() -> dict[str, str]:
    """What a reader has: our command and a Python with pytest first on the PATH, no colours."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "CI_ORCHESTRATOR_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {
        **kept,
        "PATH": path,
        "VIRTUAL_ENV": str(Path(sys.prefix)),
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "LC_ALL": "C.UTF-8",
    }


def prepare(page: str, folder: Path) -> None:
    """What a reader of the page has installed."""
    if page == "go":
        need_go()
    elif page == "javascript":
        need_node_package("jest")
        (folder / "node_modules").symlink_to(NODE_MODULES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_is_what_happens(page: Path, tmp_path: Path) -> None:
    prepare(page.stem, tmp_path)
    for step in steps(page.read_text(encoding="utf-8")):
        place = f"{page.relative_to(PROJECT)}:{step.line}"
        if step.file:
            target = tmp_path / step.file
            assert tmp_path in target.resolve().parents, place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(step.text, encoding="utf-8")
            continue
        done = subprocess.run(
            ["bash", "-c", step.command],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        assert done.returncode == step.exit_code, f"{place}: {step.command}\n{done.stdout}"
        absent = missing(step.shown, done.stdout)
        assert absent is None, f"{place}: {step.command}\nnot printed: {absent}\n\n{done.stdout}"


def test_the_generated_reference_is_what_the_code_says() -> None:
    for path, text in reference_cli.pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} does not match the code: run `make docs`"


def test_pages_are_sound() -> None:
    assert list(docs_check.problems()) == []


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("[a](none.md)", "README.md: broken link: none.md"),
        ("[a](#nowhere)", "README.md: no such heading: #nowhere"),
        ("[a](../up.md)", "README.md: link out of the project: ../up.md"),
        ("see /home/someone/x", "README.md: path of one machine: /home/someone"),
    ],
)
def test_the_check_finds(page: str, problem: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "up.md").touch()
    (project / "README.md").write_text(f"# One\n\n{page}\n\n[one](#one) `x`\n```\n[not](a-link)\n```\n")
    found = [line for line in docs_check.problems(project) if line.startswith("README")]
    assert found == [problem]


def test_output_is_held_loosely() -> None:
    printed = "first 3.2 s\nsecond\nthird\n"
    assert missing(["first … s", "third"], printed) is None
    assert missing(["third", "first"], printed) == "first"
    assert missing(["…", "second"], printed) is None
    assert missing(["fourth"], printed) == "fourth"
