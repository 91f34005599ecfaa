"""The action: one implementation, its inputs the command line's, its environment private."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import github_engine
import linters
import pytest
import yaml
from parts import PROJECT
from providers.github import plans

sys.path.extend([str(PROJECT / "scripts"), str(PROJECT / "action")])

import action_files
import install
import invoke
import workflows

from ci_orchestrator.cli.parser import build
from ci_orchestrator.providers.github.pins import pinned

ACTIONS = [PROJECT / "action.yml", PROJECT / "action" / "action.yml"]
COLLECT = action_files.COLLECT
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
HOW = {"command", "working-directory", "version", "spec", "extras", "wheelhouse", "python", "cache"}
"""Inputs that say how, not what."""


def load(path: Path) -> dict:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "path", [*action_files.files(), PROJECT / workflows.TARGET], ids=lambda path: "/".join(path.parts[-2:])
)
def test_what_is_made_is_current(path: Path) -> None:
    made = {**action_files.files(), PROJECT / workflows.TARGET: workflows.workflow()}
    assert path.read_text("utf-8") == made[path], "run python scripts/action_files.py and python scripts/workflows.py"


def test_the_two_differ_only_in_where_the_scripts_are() -> None:
    root, source = (yaml.safe_dump(load(path)) for path in ACTIONS)
    assert root.replace("$GITHUB_ACTION_PATH/action/", "$GITHUB_ACTION_PATH/") == source


def test_inputs_are_what_the_scripts_read() -> None:
    inputs = set(load(ACTIONS[0])["inputs"])
    assert inputs == HOW | {name for options in invoke.OPTIONS.values() for name in options}
    given = {name for step in load(ACTIONS[0])["runs"]["steps"] for name in step.get("env", {})}
    assert {name.removeprefix("INPUT_").lower() for name in given if name.startswith("INPUT_")} == inputs - {
        "working-directory",
        "cache",
    }


@pytest.mark.parametrize("command", invoke.OPTIONS)
def test_inputs_are_options_of_the_command_line(command: str) -> None:
    parser = build()[1][command]
    parser.fill()
    words = parser.format_help()
    for option in filter(None, invoke.OPTIONS[command].values()):
        assert option in words


def test_the_page_says_which_command_takes_what() -> None:
    page = (PROJECT / "docs/reference/action.md").read_text("utf-8").replace("\n", " ")
    for command, options in invoke.OPTIONS.items():
        *first, last = options
        assert f"`{command}` takes {', '.join(f'`{name}`' for name in first)} and `{last}`" in page


def test_nothing_is_evaluated_in_a_script_and_everything_is_pinned() -> None:
    for step in load(COLLECT)["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert step.get("uses", pinned("actions/download-artifact").value) == pinned("actions/download-artifact").value
    for step in load(ACTIONS[0])["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert step.get("uses", pinned("actions/cache").value) == pinned("actions/cache").value


def test_linters_have_nothing_to_say() -> None:
    assert github_engine.check(*ACTIONS, COLLECT, *WORKFLOWS) == []
    assert linters.zizmor(*ACTIONS, COLLECT, *WORKFLOWS) == []
    assert linters.github_action_schema(*ACTIONS, COLLECT) == []
    assert linters.github_workflow_schema(*WORKFLOWS) == []
    assert linters.actionlint(*WORKFLOWS) == []
    assert linters.yamllint(*ACTIONS, COLLECT, *WORKFLOWS) == []


def arguments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **inputs: str) -> list[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_RUN_ATTEMPT", raising=False)
    for name, value in inputs.items():
        monkeypatch.setenv(f"INPUT_{name.upper()}", value)
    return invoke.arguments(invoke.inputs(), Path("jobs.json"))


LOCK = ".ci-orchestrator/plan.lock.json"


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"command": "run", "emit": "false"}, ["run"]),
        ({"command": "run", "job": "unit"}, ["run", "--lock", LOCK, "--job", "unit"]),
        (
            {"command": "run", "job": "unit", "resume": "true"},
            ["run", "--lock", LOCK, "--job", "unit", "--resume"],
        ),
        ({"command": "history", "memory": "branch:x", "publish": "false"}, ["history", "--memory", "branch:x"]),
        (
            {"command": "report", "publish": "true", "memory": "s3://b/k", "gate": "true"},
            ["report", "--out", ".ci-orchestrator/report", "--gate", "--memory", "s3://b/k", "--publish"],
        ),
        ({"command": "gate", "stage": "a-50"}, ["gate", "--lock", LOCK, "--stage", "a-50"]),
        (
            {"command": "report", "paths": "a b\n\n c\n"},
            ["report", "--out", ".ci-orchestrator/report", "--", "a b", "c"],
        ),
        ({"command": "plan", "shards": "a=1\nb=2"}, ["plan", "--lock-out", LOCK, "--shards", "a=1", "--shards", "b=2"]),
        (
            {"command": "plan", "emit": "true", "lock": "x.json", "plan": "$(id).yaml"},
            ["plan", "--lock-out", "x.json", "--provider", "github", "--emit", "jobs.json", "--plan", "$(id).yaml"],
        ),
    ],
)
def test_the_command_line(
    inputs: dict[str, str], words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert arguments(monkeypatch, tmp_path, **inputs) == words


def test_a_path_is_never_an_option(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {"command": "report", "paths": "--publish\n--forge=github=https://eve.example/a/b", "out": "kept"}
    parsed = build()[0].parse_args(arguments(monkeypatch, tmp_path, **given))
    assert (parsed.out, parsed.publish, parsed.forge) == (Path("kept"), False, "")
    assert parsed.paths == [Path("--publish"), Path("--forge=github=https://eve.example/a/b")]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"command": "x%0A::y"}, "not 'x%250A::y'"),
        ({"command": "gate", "job": "unit"}, "The command gate has no input job."),
    ],
)
def test_inputs_that_make_no_sense_are_refused(
    inputs: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        arguments(monkeypatch, tmp_path, **inputs)
    printed = capsys.readouterr().out
    assert end.value.code == 2
    assert printed.startswith("::error title=ci-orchestrator::")
    assert said in printed


@pytest.mark.parametrize(
    ("inputs", "wanted"),
    [
        ({}, str(PROJECT)),
        ({"extras": "github,s3"}, f"{PROJECT}[github,s3]"),
        ({"extras": "github", "version": "1.2.3"}, "ci-orchestrator[github]==1.2.3"),
        ({"extras": "github", "wheelhouse": "wheels"}, "ci-orchestrator[github]"),
        ({"extras": "github", "spec": "a.whl"}, "a.whl"),
    ],
)
def test_extras_are_installed_with_all_but_a_spec(
    inputs: dict[str, str], wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in inputs.items():
        monkeypatch.setenv(f"INPUT_{name.upper()}", value)
    assert install.requirement() == wanted


def test_extras_are_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INPUT_EXTRAS", "github] --index-url=https://evil.example [s3")
    with pytest.raises(SystemExit):
        install.requirement()


def test_other_extras_are_another_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INPUT_VERSION", "1.2.3")
    alone = install.key()
    monkeypatch.setenv("INPUT_EXTRAS", "github")
    assert install.key() != alone


WHEEL = {
    "ci_orchestrator/__init__.py": "",
    "ci_orchestrator/__main__.py": "import sys\nprint('from the wheel', sys.argv[1:], sys.prefix)\nsys.exit(3)\n",
    "ci_orchestrator-1.2.3.dist-info/METADATA": "Metadata-Version: 2.1\nName: ci-orchestrator\nVersion: 1.2.3\n",
    "ci_orchestrator-1.2.3.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "ci_orchestrator-1.2.3.dist-info/RECORD": "",
}
WORKFLOW = """\
on: push
jobs:
  test:
    runs-on: any
    steps:
      - uses: actions/checkout@v7
      - id: here
        uses: org/dtf-action@v1
        continue-on-error: true
        with: {command: run, wheelhouse: wheelhouse, version: 1.2.3}
      - id: again
        uses: org/dtf-action@v1
        continue-on-error: true
        with: {command: run, wheelhouse: wheelhouse, version: 1.2.3}
      - run: test "$(command -v ci-orchestrator)" = "" && echo "code ${{ steps.here.outputs.exit-code }}"
"""


def test_a_private_environment_from_a_wheelhouse(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    for name, text in {".github/workflows/ci.yml": WORKFLOW, "ci_orchestrator/__init__.py": "1 / 0"}.items():
        (repo / name).parent.mkdir(parents=True)
        (repo / name).write_text(text)
    (repo / "wheelhouse").mkdir()
    with zipfile.ZipFile(repo / "wheelhouse/ci_orchestrator-1.2.3-py3-none-any.whl", "w") as wheel:
        for name, text in WHEEL.items():
            wheel.writestr(name, text)
    plans.commit(repo)
    run = github_engine.execute(
        repo,
        ".github/workflows/ci.yml",
        work=tmp_path / "work",
        actions={"org/dtf-action": PROJECT},
        path=f"{Path(sys.base_prefix) / 'bin'}{os.pathsep}{os.defpath}",
        timeout=120,
    )
    assert run.conclusion == "success", run.job("test").log
    job = run.job("test")
    first, second = job.step("here"), job.step("again")
    assert "from the wheel ['run']" in first.text
    assert "ci-orchestrator-Linux" in first.text, "its own environment"
    assert first.outcome == second.outcome == "failure"
    assert "code 3" in job.log
    assert len(second.steps) < len(first.steps) or "skipped" in {step.conclusion for step in second.steps}
