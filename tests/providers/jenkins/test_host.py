"""What is Jenkins' own: its archives, its multibranch projects, its agents, its refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from parts import PROJECT
from servers.base import BRANCH, BUILD, REPOSITORY, TOKEN, Fault, serving
from servers.jenkins import OPERATIONS, JenkinsServer, Run, job_url

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.providers.jenkins.permissions import EVERY
from ci_orchestrator.providers.online import Build, Runner, RunnerState
from ci_orchestrator.providers.transfer import fetch

FILES = {"manifest.json": b"{}", "results/a b.xml": b"<x/>"}


@pytest.fixture
def server() -> Iterator[JenkinsServer]:
    with serving(JenkinsServer(prefix="/jenkins")) as made:
        yield made


def archived(server: JenkinsServer, *paths: str) -> None:
    server.runs[REPOSITORY][int(BUILD)].files |= {path: path.encode() for path in paths}


def files_of(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in found}


# -- artifacts -------------------------------------------------------------------------------------


def test_what_a_build_archived_is_read_as_directories(server: JenkinsServer, tmp_path: Path) -> None:
    state = ".ci-orchestrator"
    archived(server, f"{state}/plan.lock.json", f"{state}/history.sqlite", f"{state}/report/merged.xml")
    archived(server, f"{state}/report/charts/durations.svg", f"{state}/bundles/dtf-unit-1/results/x.xml")
    archived(server, "dist/shop.whl", "bundles/nobodys/x", f"{state}/bundles/no-directory")
    host = server.host()
    found = {artifact.name: artifact for artifact in host.artifacts()}
    assert sorted(found) == ["ci-orchestrator-lock", "ci-orchestrator-report", "dtf-unit-1"]
    got = {}
    for name, artifact in found.items():
        fetch(host, artifact, tmp_path / name, clock=FakeClock())
        got[name] = sorted(files_of(tmp_path / name))
    assert got == {
        "ci-orchestrator-lock": ["plan.lock.json"],
        "ci-orchestrator-report": ["charts/durations.svg", "merged.xml"],
        "dtf-unit-1": ["results/x.xml"],
    }


def test_projects_below_the_root_of_a_repository(server: JenkinsServer, tmp_path: Path) -> None:
    archived(server, *(f"{root}.ci-orchestrator/bundles/dtf-unit-1/x" for root in ("", "a b/", "c#d/%2F/")))
    host = server.host()
    for number, artifact in enumerate(host.artifacts()):
        assert artifact.name == "dtf-unit-1"
        fetch(host, artifact, tmp_path / str(number), clock=FakeClock())
        assert list(files_of(tmp_path / str(number))) == ["x"]
    assert number == 2


def test_names_that_are_patterns(server: JenkinsServer, tmp_path: Path) -> None:
    archived(server, ".ci-orchestrator/bundles/dtf-*/mine", ".ci-orchestrator/bundles/dtf-x/not mine")
    host = server.host()
    star = next(artifact for artifact in host.artifacts() if artifact.name == "dtf-*")
    fetch(host, star, tmp_path / "star", clock=FakeClock())
    assert list(files_of(tmp_path / "star")) == ["mine"]


def test_builds_by_number_and_by_full_name(server: JenkinsServer) -> None:
    server.add_job("other/feature%2Fx")
    server.add_artifact("dtf-here-1", FILES, build="41")
    server.add_artifact("dtf-there-1", FILES, build="other/feature%2Fx#3")
    host = server.host()
    assert [one.name for one in host.artifacts("41")] == ["dtf-here-1"]
    assert [one.name for one in host.artifacts("other/feature%2Fx#3")] == ["dtf-there-1"]
    assert server.asked[-1].path == "/jenkins/job/other/job/feature%252Fx/3/api/json"


@pytest.mark.parametrize("build", ["x", "../1", "a#b#1", "42?", "4 2", "lastBuild", "٤٢"])
def test_what_is_no_build_is_not_asked_for(build: str, server: JenkinsServer) -> None:
    with pytest.raises(ProviderError, match="is no build of Jenkins"):
        list(server.host().artifacts(build))
    assert server.asked == ()


def test_single_artifacts_cannot_be_deleted(server: JenkinsServer) -> None:
    server.add_artifact("dtf-unit-1", FILES)
    host = server.host()
    with pytest.raises(ProviderError, match="cannot delete"):
        host.delete(next(host.artifacts()))


# -- builds ----------------------------------------------------------------------------------------


def test_the_last_good_build_of_a_multibranch_project(server: JenkinsServer) -> None:
    server.add_job("acme/shop", multibranch=True)
    for job in ("acme/shop/PR-7", "acme/shop/main", "acme/shop/feature%2Fx"):
        server.add_job(job)
    server.add_build(Build(id="5", revision="5" * 40, branch=BRANCH), good=True, job="acme/shop/main")
    server.add_build(Build(id="6", revision="6" * 40, branch=BRANCH), good=False, job="acme/shop/main")
    server.add_build(Build(id="9", revision="9" * 40, branch="feature/x"), good=True, job="acme/shop/feature%2Fx")
    for repository in ("acme/shop", "acme/shop/PR-7"):
        host = server.host(repository, "acme/shop/PR-7#42")
        found = host.last_good(BRANCH)
        assert found == Build(
            id="acme/shop/main#5",
            revision="5" * 40,
            branch=BRANCH,
            url=f"{server.url}/jenkins{job_url('acme/shop/main')}/5/",
        )
        other = host.last_good("feature/x")
        assert other is not None
        assert other.id == "acme/shop/feature%2Fx#9"
        assert host.last_good("gone") is None
        assert host.last_good("PR-7") is None, "it has no stable build yet"


def test_a_job_beside_others_in_a_folder_is_not_taken_for_a_branch(server: JenkinsServer) -> None:
    server.add_job("acme/main")
    server.add_build(Build(id="5", revision="5" * 40, branch=BRANCH), good=True, job="acme/main")
    assert server.host().last_good(BRANCH) is None


def test_unstable_builds_are_not_good(server: JenkinsServer) -> None:
    server.runs[REPOSITORY][41] = Run(41, "UNSTABLE", "1" * 40, BRANCH)
    server.runs[REPOSITORY][40] = Run(40, "SUCCESS", "2" * 40, BRANCH)
    found = server.host().last_good(BRANCH)
    assert found is not None
    assert found.id == f"{REPOSITORY}#40"


# -- agents ----------------------------------------------------------------------------------------


def test_an_agent_with_a_free_executor_is_idle_and_one_without_executors_is_none(server: JenkinsServer) -> None:
    server.runners = [Runner(name=name, state=RunnerState.IDLE, labels=("linux",)) for name in ("c", "a", "b")]
    server.executors = {"a": [False, True], "b": [False, False], "c": []}
    found = [(runner.name, runner.state, runner.labels) for runner in server.host().runners()]
    assert found == [("a", RunnerState.IDLE, ("a", "linux")), ("b", RunnerState.BUSY, ("b", "linux"))]


# -- refusals --------------------------------------------------------------------------------------


def test_a_wrong_token_and_none(server: JenkinsServer) -> None:
    for token in ("ci-bot:wrong-one", "wrong-one", ""):
        with pytest.raises(ProviderError) as caught:
            list(server.host(token=token).runners())
        assert "listing agents of acme/shop at 127.0.0.1: HTTP 401 Unauthorized" in caught.value.what
        assert "JENKINS_USER_ID" in caught.value.fix
        assert "JENKINS_API_TOKEN" in caught.value.fix
        assert "wrong-one" not in str(caught.value)
    assert list(server.host(token=TOKEN).runners()) == [], "a bearer's, where Jenkins takes those"


def test_a_page_is_said_in_a_line(server: JenkinsServer) -> None:
    server.fault(Fault.FORBIDDEN)
    with pytest.raises(ProviderError) as caught:
        server.host().last_good(BRANCH)
    assert caught.value.what.endswith("HTTP 403 Forbidden: HTTP ERROR 403 ci-bot is missing")
    assert "*Job/Read*" in caught.value.fix


def test_a_log_in_page_in_place_of_an_answer(server: JenkinsServer, capfd: pytest.CaptureFixture[str]) -> None:
    server.fault(Fault.GARBLED)
    with pytest.raises(ProviderError, match="answered with no JSON") as caught:
        list(server.host().artifacts())
    assert "log-in page" in caught.value.fix
    assert capfd.readouterr().err == "", "jenkinsapi logs what we raise"


# -- what a user must be allowed -------------------------------------------------------------------


def test_the_page_has_a_row_for_everything_that_is_asked() -> None:
    page = (PROJECT / "docs/how-to/jenkins.md").read_text("utf-8")
    table = page.partition("| what is asked |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([a-z ]+) \| (\*.+) \|$", table, re.MULTILINE)
    assert rows == [(one.what, one.permission) for one in EVERY]


def test_every_request_is_of_a_permission() -> None:
    described = {f"{one['method']} {one['path']}" for one in OPERATIONS.values()}
    ours = {"job": "item", "folder": "item", "build": "number", "pattern": "path", "name": "file"}
    asked = [re.sub(r"\{(\w+)\}", lambda name: f"{{{ours[name[1]]}}}", text) for one in EVERY for text in one.requests]
    assert set(asked) == described
