"""Mistakes in what the pipeline is told of places outside: the memory, the forge, and secrets for both."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.finding import Finding
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.memory_place import FORMS, is_branch
from ci_orchestrator.plan.models import Plan

UNIT = "suites:\n  unit: {tool: pytest}\n"
NEW = "name one that does not exist yet, such as branch:test-history"
OURS = "variables that begin with CI_ORCHESTRATOR_ are ci-orchestrator's own"
KINDS = "write KIND=URL, where KIND is azure, github or gitlab, such as github=https://github.example.com/shop/web"


def load(line: str) -> Plan:
    """A plan with this line for its pipeline: line 4, column 3."""
    return load_plan(f"{UNIT}pipeline:\n  {line}\n")


def problem(line: str) -> PlanError:
    with pytest.raises(PlanError) as caught:
        load(line)
    [found] = caught.value.problems
    assert found.where is not None
    assert found.where.line == 4
    return found


@pytest.mark.parametrize(
    ("place", "what", "fix"),
    [
        ("''", "'' is no address of a memory", FORMS),
        ("'branch:'", "'' cannot be the name of a branch", "write branch:NAME, or NAME@REMOTE"),
        ("branch:-x", "'-x' cannot be the name of a branch", "write branch:NAME, or NAME@REMOTE"),
        ("branch:a..b", "'a..b' cannot be the name of a branch", "write branch:NAME, or NAME@REMOTE"),
        ("branch:a.lock@up", "'a.lock' cannot be the name of a branch", "write branch:NAME, or NAME@REMOTE"),
        ("branch:HEAD", "'HEAD' cannot be the name of a branch", "write branch:NAME, or NAME@REMOTE"),
        ("'branch:a@{1}'", "'branch:a@{1}' is no address of a memory", FORMS),
        ("branch:a@--all", "'--all' is no remote", "write the name of a remote after the @, or its address"),
        ("branch:main", "'main' is a branch of code, whose pushes start builds", NEW),
        ("branch:main@origin", "'main' is a branch of code, whose pushes start builds", NEW),
        ("'memory:x'", "a memory that ends with the process keeps nothing between builds", FORMS),
        ("s3:///prefix", "'s3:///prefix' names no bucket", "write s3://BUCKET/PREFIX"),
        ("'postgresql:'", "'postgresql:' names no place", FORMS),
    ],
)
def test_what_cannot_keep_a_memory(place: str, what: str, fix: str) -> None:
    found = problem(f"memory: {place}")
    assert (found.what, found.fix) == (f"pipeline.memory: {what}", fix)


@pytest.mark.parametrize(
    "place", ["branch:ci/history", "branch:main@elsewhere", ".history", "a:b/c", "./x:y", "s3://b", "postgres://h/d#n"]
)
def test_what_can(place: str) -> None:
    assert load(f"memory: '{place}'").pipeline.memory == place


@given(st.text(st.sampled_from("a.@{}/-lock_~ \\^:1?*["), max_size=8))
@settings(max_examples=40, deadline=None)
@example("a.lock/b")
@example("a/.b")
@example("@")
@example("HEAD")
def test_no_name_is_taken_that_git_refuses(name: str) -> None:
    if is_branch(name):
        checked = subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True, check=False)
        assert checked.returncode == 0


@pytest.mark.parametrize(
    "forge", ["jenkins=https://ci.example.com/x", "local=https://x.example.com/y", "shop/web", "''"]
)
def test_what_keeps_no_changes_is_no_forge(forge: str) -> None:
    found = problem(f"forge: {forge}")
    assert found.what.endswith(" is no address of a forge that keeps changes")
    assert found.fix == KINDS


BREAKING = {
    "PATH": "a secret cannot be called PATH: programs are found by it",
    "IFS": "a secret cannot be called IFS: the shell divides words by it",
    "ENV": "a secret cannot be called ENV: sh runs the file that it names",
    "LD_PRELOAD": "variables that begin with LD_ decide which libraries programs load",
    "PYTHONPATH": "variables that begin with PYTHON are settings of Python",
    "GIT_CONFIG_COUNT": "variables that begin with GIT_ are settings of git",
    "CI_ORCHESTRATOR_JOB": OURS,
    "GITHUB_PAT": "GitHub keeps no secret whose name begins with GITHUB_, but GITHUB_TOKEN, which it makes itself",
    "github_pat": "GitHub keeps no secret whose name begins with GITHUB_, but GITHUB_TOKEN, which it makes itself",
}


@pytest.mark.parametrize("name", BREAKING)
@pytest.mark.parametrize(
    "text",
    [
        f"{UNIT}pipeline: {{secrets: [%s]}}\n",
        "suites:\n  unit: {tool: pytest, secrets: [%s]}\n",
        f"{UNIT}gates: {{g: {{error-rate: {{}}, secrets: [%s]}}}}\n",
    ],
    ids=["pipeline", "suite", "gate"],
)
def test_a_secret_that_would_break_its_job(text: str, name: str) -> None:
    with pytest.raises(PlanError) as caught:
        load_plan(text % name)
    [found] = caught.value.problems
    assert found.what.partition("secrets[0]: ")[2] == BREAKING[name]
    assert found.fix == "call the secret something else"


def test_names_of_secrets_that_are_good() -> None:
    names = "GITHUB_TOKEN, GITLAB_TOKEN, PGPASSWORD, AWS_SECRET_ACCESS_KEY, ENV_KEY, PATHS, HOMEPAGE_TOKEN"
    assert load(f"secrets: [{names}]").pipeline.secrets == tuple(names.split(", "))


def test_what_another_room_finds_is_told_at_its_place() -> None:
    wrong = Finding(("pipeline", "memory"), "nobody keeps that", "write another")
    with pytest.raises(PlanError) as caught:
        load_plan(f"{UNIT}pipeline:\n  memory: s4://x\n", also=lambda _: [wrong])
    assert str(caught.value.problems[0].where).endswith(":4:11")
