"""`report --publish` and `runners` as a job of each provider's build calls them, against its contract server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from builds_online import JOBS, SCENES, Left, Scene, git, make_repository
from projects import CLI
from servers.base import BUILD, CHANGE, HEAD, RUNNERS, TOKEN, Asked
from servers.gitlab import JOB_TOKEN
from servers.jenkins import USER

from ci_orchestrator.api.delivery import Delivered, Delivery, deliver
from ci_orchestrator.api.inventory import take_inventory
from ci_orchestrator.api.project import Project
from ci_orchestrator.errors import ExitCode, UserError
from ci_orchestrator.providers.online import Build

TESTS = JOBS * 5
SECRETS = (
    TOKEN.encode(),
    JOB_TOKEN.encode(),
    b64encode(f":{TOKEN}".encode()),
    b64encode(f"{USER}:{TOKEN}".encode()),
)
"""Also as they are sent."""
FIRST_LINE = "<!-- ci-orchestrator:shop -->"


class Machines:
    """Where jobs run: each has its own copy of the repository."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.template = root / "template"
        self.revision = make_repository(self.template)
        self.left = Left.made(root / "left")
        self._count = 0

    def new(self) -> Project:
        self._count += 1
        place = shutil.copytree(self.template, self.root / f"machine-{self._count}" / "shop")
        return Project.at(place / "testplan.yaml")


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    return Machines(tmp_path_factory.mktemp("machines"))


@pytest.fixture(params=["azure", "github", "gitlab", "jenkins"])
def scene(request: pytest.FixtureRequest, machines: Machines) -> Iterator[Scene]:
    with SCENES[request.param](machines.left, machines.revision) as made:
        yield made


def command(project: Project, environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [*CLI, *words], cwd=project.root, env=environ, capture_output=True, text=True, timeout=120, check=False
    )


def job(scene: Scene, project: Project, which: str = "change", **how: str) -> Delivered:
    """The same in this process."""
    environ = scene.environ(which, project.root.parent)
    return deliver(project, [], Delivery(publish=True, **how), environ)  # type: ignore[arg-type]


def written(*places: Path) -> bytes:
    return b"".join(path.read_bytes() for place in places for path in sorted(place.rglob("*")) if path.is_file())


def test_a_build_of_20_jobs_is_told_at_its_change_and_remembered(scene: Scene, machines: Machines) -> None:
    first, second = machines.new(), machines.new()
    memory = machines.root / f"memory-{scene.name}"
    environ = scene.environ("change", first.root.parent)
    done = command(first, environ, "report", "--publish", "--memory", str(memory))
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "1 failed + 99 passed" in done.stdout
    assert f"certificate complete: collected = planned = reported = {TESTS} tests" in said
    assert "refused" not in said
    assert re.search(rf"^builds at {scene.server.name}: [0-9]+ requests, .* MB received", said, re.MULTILINE)
    assert scene.statuses() == {("ci-orchestrator: shop", FAILED[scene.wall.name])}
    [comment] = scene.bodies()
    assert comment.startswith(FIRST_LINE)
    assert "FAILED" in comment
    assert "not results" not in comment, "each file that was collected is one of a bundle"
    check_results(scene, first)

    scene.wall.add_comment(f"{FIRST_LINE}\nwhat somebody else copied")
    environ = scene.environ("change", second.root.parent)
    again = deliver(second, [], Delivery(publish=True, memory=str(memory)), environ)
    assert len(again.reported.report.trend) == 1, "it was remembered under one name, on another machine"
    assert again.posted.refused == ()
    now, theirs = scene.bodies()
    assert now != comment, "the history is in it"
    assert theirs.endswith("copied")
    told = (said + repr(again) + "".join(scene.bodies())).encode()
    found = told + written(first.root, second.root, memory)
    assert [secret for secret in SECRETS if secret in found] == []


FAILED = {"azure": "failed", "github": "failure", "gitlab": "failed"}


def check_results(scene: Scene, project: Project) -> None:
    """They are there, as the forge shows them itself."""
    match scene.wall.name:
        case "github":
            [check] = scene.wall.checks.values()
            [[annotation]] = scene.wall.annotations.values()
            assert (check["conclusion"], annotation["path"], annotation["start_line"]) == (
                "failure",
                "tests/test_shop.py",
                1,
            )
        case "azure":
            [run] = scene.wall.runs.values()
            assert run["summary"] == {"failed": 1, "passed": 99}
            assert len(run["results"]) == 1
            assert {"merged.xml", "report.html", "results.json"} <= set(run["files"])
        case "gitlab":
            [problem] = json.loads((project.place / "report" / "gl-code-quality-report.json").read_text())
            assert problem["location"]["path"] == "tests/test_shop.py"


def test_a_build_of_azure_is_told_at_github_where_its_change_lives(machines: Machines) -> None:
    with SCENES["azure-github"](machines.left, machines.revision) as scene:
        scene.wall.add_comment(f"{FIRST_LINE}\nas an earlier build said", ours=True)
        assert job(scene, machines.new()).posted.refused == ()
        [comment] = scene.bodies()
        assert "FAILED" in comment
        assert scene.statuses() == {("ci-orchestrator: shop", "failure")}
        assert scene.server.posted == []


def test_two_jobs_that_race_leave_one_comment(scene: Scene, machines: Machines) -> None:
    both = threading.Barrier(2)
    waiting = 2

    def before(asked: Asked) -> None:
        nonlocal waiting
        if asked.method == "POST" and CREATES.search(asked.path) and waiting:
            waiting -= 1
            both.wait(30)  # each has seen that there is no comment yet

    scene.wall.before = before
    delivered: list[Delivered] = []
    threads = [
        threading.Thread(target=lambda at: delivered.append(job(scene, at)), args=(machines.new(),)) for _ in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.posted.refused for one in delivered] == [(), ()]
    assert waiting == 0
    assert len(scene.bodies()) == 1


CREATES = re.compile(r"/(comments|notes|threads)$")


def test_a_build_of_a_fork_says_nothing(scene: Scene, machines: Machines) -> None:
    project, environ = machines.new(), scene.environ("fork", machines.root)
    if scene.name in {"azure", "jenkins"}:  # where its jobs have no token at all
        with pytest.raises(UserError, match=r"no build to collect from: .* there is no token; set "):
            deliver(project, [], Delivery(publish=True), environ)
    with_paths = deliver(project, [machines.root / "left"], Delivery(publish=True), environ)
    assert with_paths.reported.report.totals.failed == 1
    assert "jobs of a fork may not write" in with_paths.posted.said[0]
    assert scene.bodies() == []
    assert scene.statuses() == set()
    assert {asked.method for asked in scene.asked} <= {"GET"}


def test_at_github_a_workflow_that_follows_tells_what_the_build_of_a_fork_found(machines: Machines) -> None:
    project = machines.new()
    with SCENES["github"](machines.left, machines.revision) as scene:
        memory = machines.root / "memory-fork"
        job(scene, project, "fork", memory=str(memory))
        assert scene.bodies() == []
        scene.wall.pulls = {CHANGE: (scene.wall.pulls[CHANGE][0], "eve:faster", "open")}
        delivered = job(scene, project, "following-fork", memory=str(memory))
        assert delivered.posted.refused == ()
        [comment] = scene.bodies()
        assert comment.startswith(FIRST_LINE)
        assert scene.statuses() == {("ci-orchestrator: shop", "failure")}
        assert delivered.reported.report.revision == scene.wall.pulls[CHANGE][0], "and not what is checked out here"
        assert written(memory) == b"", "what a fork says is not remembered"
        scene.wall.pulls[CHANGE] = ("b" * 40, "eve:faster", "open")
        said = " ".join(job(scene, project, "following-fork").posted.said)
        assert "proposes bbbbbbbbbb now" in said


def test_a_merge_that_jenkins_made_is_told_at_what_the_change_proposes(machines: Machines) -> None:
    project = machines.new()
    git(project.root, "checkout", "-q", "-b", "main", "HEAD")
    git(project.root, "commit", "-q", "--allow-empty", "-m", "meanwhile")
    git(project.root, "checkout", "-q", "--detach", machines.revision)
    git(project.root, "merge", "-q", "--no-ff", "--no-edit", "main")
    assert git(project.root, "rev-parse", "HEAD") != machines.revision
    with SCENES["jenkins"](machines.left, machines.revision) as scene:
        assert f"status of {machines.revision[:10]} at github" in job(scene, project).posted.said
        assert len(scene.bodies()) == 1


DESKS = {
    "azure": ("{0}/Contoso/acme/_git/shop", BUILD, {"AZURE_DEVOPS_EXT_PAT": TOKEN}),
    "github": ("{0}/acme/shop", BUILD, {"GITHUB_TOKEN": TOKEN}),
    "gitlab": ("{0}/acme/shop", BUILD, {"GITLAB_TOKEN": TOKEN}),
    "jenkins": (
        "{0}",
        f"acme/shop/PR-7#{BUILD}",
        {"GITHUB_TOKEN": TOKEN, "JENKINS_USER_ID": USER, "JENKINS_API_TOKEN": TOKEN},
    ),
}


def test_a_build_of_the_past_is_told_from_a_desk(scene: Scene, machines: Machines) -> None:
    project, proposed = machines.new(), HEAD
    git(project.root, "commit", "-q", "--allow-empty", "-m", "later")
    _, build, tokens = DESKS[scene.name]
    if scene.name == "jenkins":
        proposed = machines.revision
        change = Build(id=BUILD, revision=proposed, branch="faster", change=CHANGE)
        scene.server.add_build(change, good=False, job="acme/shop/PR-7")
    host, forge = (f"{one.name}={DESKS[one.name][0].format(one.url)}" for one in (scene.server, scene.wall))
    environ = {"PATH": os.environ["PATH"], **tokens}
    delivered = deliver(project, [], Delivery(publish=True, build=build, host=host, forge=forge), environ)
    assert delivered.posted.refused == ()
    assert f"status of {proposed[:10]} at {scene.wall.name}" in delivered.posted.said
    assert scene.statuses() == {("ci-orchestrator: shop", FAILED[scene.wall.name])}
    assert len(scene.bodies()) == 1
    report = delivered.reported.report
    assert report.revision == proposed
    assert BUILD in report.links.build
    assert [one for one in report.warnings if "is checked out here" in one]
    if scene.name == "gitlab":
        assert not list(project.place.rglob("gl-code-quality-report.json")), "there is no job that would carry it"


def test_a_job_of_a_fork_tells_of_no_other_build_either(machines: Machines) -> None:
    with SCENES["github"](machines.left, machines.revision) as scene:
        scene.server.add_build(Build(id="41", revision=HEAD, branch="main"), good=True)
        for name, files in machines.left.artifacts.items():
            scene.server.add_artifact(name, files, build="41")
        said = job(scene, machines.new(), "fork", build="41").posted.said
        assert "jobs of a fork may not write" in said[0]
        assert scene.statuses() == set()


def test_runners_are_listed_and_held_against_the_plan(scene: Scene, machines: Machines) -> None:
    project = machines.new()
    scene.server.runners = RUNNERS
    found = take_inventory(project, scene.environ("change", project.root.parent))
    assert found.exit_code is ExitCode.USER_ERROR
    assert [one.name for one in found.runners if one.name in {each.name for each in RUNNERS}] == [
        "big-1",
        "small-1",
        "small-2",
    ]
    big, lost = found.classes
    assert [one.name for one in big.fitting] == ["big-1"]
    assert not big.waits_for_ever
    assert (lost.lacking, dict(lost.near)) == (("gpu-a10O",), {"gpu-a10O": "gpu-a100"})
    assert lost.waits_for_ever


def test_runners_as_a_command(machines: Machines) -> None:
    project = machines.new()
    with SCENES["jenkins"](machines.left, machines.revision) as scene:
        scene.server.runners = RUNNERS
        done = command(project, scene.environ("change", project.root.parent), "runners")
    assert done.returncode == 2, done.stderr
    assert "busy     small-1: linux, small-1\n" in done.stdout
    assert "3 runners at jenkins, 1 idle\n" in done.stdout
    assert "runner class big: 1 runners have gpu-a100, 1 of them idle\n" in done.stdout
    assert "runner class lost: no runner has gpu-a10O (did you mean gpu-a100?)\n" in done.stdout
    assert TOKEN not in done.stdout + done.stderr
