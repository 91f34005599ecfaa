from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.api.detection import Found
from ci_orchestrator.api.init import init, init_demo, render
from ci_orchestrator.errors import UserError
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.models import Plan

TOOLS = ["pytest", "go", "jest", "vitest", "playwright", "make"]
NAMES = st.text(st.characters(exclude_characters="/\x00", exclude_categories=["Cs"]), min_size=1, max_size=30)


def load(path: Path) -> Plan:
    return load_plan(path.read_bytes(), path.name)


@pytest.mark.parametrize("tools", [[], ["pytest"], ["make"], ["go"], TOOLS, ["jest", "jest", "make", "make"]])
def test_what_is_written_loads(tools: list[str]) -> None:
    text, suites, commented = render(tuple(Found(tool=tool, because="x") for tool in tools), python=None)
    assert set(load_plan(text).suites) == set(suites)
    assert len(suites) + len(commented) == max(1, len(tools))
    assert all(name.startswith("make") for name in commented)


def test_the_make_suite_is_right_when_the_marks_are_taken_away() -> None:
    found = (Found(tool="pytest", because="x"), Found(tool="make", because="Makefile"))
    text, _, commented = render(found, python=None)
    assert commented == ("make",)
    head, mark, tail = text.partition("  # make:")
    uncommented = "".join(f"  {line[4:]}\n" for line in (mark + tail).splitlines())
    assert set(load_plan(head + uncommented).suites) == {"unit", "make"}


@given(because=NAMES, path=NAMES, cwd=NAMES, python=NAMES)
def test_names_of_files_cannot_change_the_plan(because: str, path: str, cwd: str, python: str) -> None:
    found = (
        Found(tool="pytest", because=because, paths=(path, path)),
        Found(tool="go", because=because, cwd=cwd, paths=(path,)),
    )
    text, suites, _ = render(found, python=python)
    written = yaml.safe_load(text)
    assert written["defaults"]["python"] == python
    [(name, go)] = [(name, suite) for name, suite in written["suites"].items() if name != "unit"]
    assert suites == tuple(sorted([name, "unit"]))
    assert written["suites"]["unit"] == {"tool": "pytest", "paths": [path, path], "shards": "auto"}
    assert go == {"tool": "go", **({} if cwd == "." else {"cwd": cwd}), "paths": [path]}


def test_it_writes_once(tmp_path: Path) -> None:
    started = init(tmp_path)
    written = started.path.read_text()
    started.path.write_text("mine")
    with pytest.raises(UserError, match="already") as refused:
        init(tmp_path)
    assert "--force" in refused.value.fix
    assert started.path.read_text() == "mine"
    init(tmp_path, force=True)
    assert started.path.read_text() == written
    assert [path.name for path in tmp_path.iterdir()] == ["testplan.yaml"]


def test_the_projects_own_environment_is_used(tmp_path: Path) -> None:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").touch()
    (suite,) = load(init(tmp_path).path).suites.values()
    assert suite.python == ".venv/bin/python"


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "testplan.yaml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="already"):
        init(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_the_demo_loads(tmp_path: Path) -> None:
    started = init_demo(tmp_path / "demo")
    assert set(load(started.path / "testplan.yaml").suites) == set(started.suites)
    with pytest.raises(UserError, match="already"):
        init_demo(tmp_path / "demo")
    init_demo(tmp_path / "demo", force=True)
    assert not [path for path in started.path.rglob("*") if path.name == "__pycache__"]


def test_the_demo_does_not_replace_a_file(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("mine")
    with pytest.raises(UserError):
        init_demo(tmp_path / "demo", force=True)
    assert (tmp_path / "demo").read_text() == "mine"
