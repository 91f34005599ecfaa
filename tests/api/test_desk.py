"""`report --publish` where no job of a build runs: what is here is reported, with a token and without."""

from __future__ import annotations

from pathlib import Path

import pytest
from builds_online import SCENES, Left, git, make_repository
from projects import make_project, run_cli
from servers.base import HEAD, TOKEN

from ci_orchestrator.api.access import of_providers
from ci_orchestrator.api.checkup import State
from ci_orchestrator.api.delivery import Delivery, deliver
from ci_orchestrator.api.online import places
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.running import run_project
from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import UserError
from ci_orchestrator.providers.base import Place

PLANNED = "gitlab=https://gitlab.example.com/shop/web"


def forge_of(lives_at: Place | None) -> str:
    return f"{lives_at.kind} {lives_at.web} {lives_at.repository}" if lives_at else ""


def lives_at(root: Path, environ: dict[str, str], forge: str = "") -> str:
    return forge_of(places(environ, root, forge=forge, planned=lambda: PLANNED)[2])


def test_the_plan_tells_where_changes_live_when_nobody_else_does(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert lives_at(tmp_path, {}) == "gitlab https://gitlab.example.com shop/web"
    assert lives_at(tmp_path, {}, "github=https://github.com/a/b") == "github https://github.com a/b"
    git(tmp_path, "remote", "add", "origin", "git@github.com:acme/shop.git")
    assert lives_at(tmp_path, {}) == "github https://github.com acme/shop"


def test_doctor_says_what_becomes_of_the_plan_s_forge(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    [forge, changes] = of_providers(tmp_path, {}, FakeClock(), planned=PLANNED)
    assert (forge.name, forge.state, forge.found) == ("forge", State.OK, f"{PLANNED}, as the plan says")
    assert (changes.name, changes.found) == ("builds and changes at gitlab", "shop/web: no token")
    git(tmp_path, "remote", "add", "origin", "git@github.com:acme/shop.git")
    [forge, changes] = of_providers(tmp_path, {}, FakeClock(), planned=PLANNED)
    assert forge.found.endswith("in rendered pipelines; here the environment or the git remote tells acme/shop")
    assert changes.name == "builds and changes at github"


def passing(root: Path, forge: str) -> Project:
    """A repository of a project whose plan says where it lives; its one test was run here."""
    project = make_project(root / "desk", {"tests/test_it.py": "def test_it(): pass"}, pipeline={"forge": forge})
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "begin"]):
        git(project.root, *words)
    run_project(project, clock=FakeClock())
    return project


@pytest.mark.parametrize("token", [TOKEN, ""])
def test_what_was_run_here_is_reported_with_a_token_and_without(tmp_path: Path, token: str) -> None:
    with SCENES["github"](Left({}), HEAD) as scene:
        project = passing(tmp_path, f"github={scene.server.url}/acme/shop")
        environ = {"GITHUB_TOKEN": token} if token else {}
        delivered = deliver(project, [], Delivery(publish=True), environ, clock=FakeClock())
    assert delivered.reported.report.totals.passed == 1
    assert delivered.posted.refused == ()
    assert (len(scene.statuses()) == 1) is bool(token), "the plan's forge was told, if it could be"
    assert ("no comments and statuses at github: there is no token" in str(delivered.posted.said)) is not bool(token)


@pytest.mark.parametrize("token", [TOKEN, ""])
def test_nothing_to_report_on_is_told_with_the_ways_out(tmp_path: Path, token: str) -> None:
    make_repository(tmp_path / "desk")
    project = Project.at(tmp_path / "desk" / "testplan.yaml")
    environ = {"GITHUB_TOKEN": token} if token else {}
    how = Delivery(publish=True, forge="github=https://github.example.com/acme/shop")
    with pytest.raises(UserError, match="nothing here to report on, and this is no job of a build") as caught:
        deliver(project, [], how, environ, clock=FakeClock())
    assert caught.value.fix == "name a PATH, or the build to collect from with --build N"


@pytest.mark.parametrize(
    ("forge", "fix"),
    [
        ("github=https://github.example.com/a/b", "set GITHUB_TOKEN or GH_TOKEN; or name what to report on: a PATH"),
        ("", "--host KIND=URL says where builds run; or name what to report on: a PATH"),
    ],
)
def test_a_build_that_cannot_be_asked_for_says_what_it_takes(tmp_path: Path, forge: str, fix: str) -> None:
    make_repository(tmp_path / "desk")
    project = Project.at(tmp_path / "desk" / "testplan.yaml")
    with pytest.raises(UserError, match="there is no build to collect from") as caught:
        deliver(project, [], Delivery(publish=True, forge=forge, build="12"), {}, clock=FakeClock())
    assert caught.value.fix == fix


def test_options_that_would_do_nothing_are_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"tests/test_it.py": "def test_it(): pass"})
    for words in (["--build", "12"], ["--forge", "x"], ["--host", "x"], ["--only-on-change"], ["--on-failure"]):
        done = run_cli(project, "report", *words)
        assert done.returncode == 2
        assert f"without --publish nothing is asked or told, and {words[0]} does nothing" in done.stderr
        assert "fix: add --publish, or leave it out" in done.stderr
