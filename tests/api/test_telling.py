"""What a build is shown by its own log and page, beside what its forge is told."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from builds_online import SCENES, Left, Scene, made_lock, make_repository
from servers.base import Fault

from ci_orchestrator.api import wire
from ci_orchestrator.api.delivery import Delivered, Delivery, deliver
from ci_orchestrator.api.project import LOCK_FILE, Project
from ci_orchestrator.api.reporting import report_files
from ci_orchestrator.api.telling import point_out
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.plan.lock import encode
from ci_orchestrator.providers.base import Finding
from ci_orchestrator.results.report import Links

POINTED = "::error file=tests/test_shop.py,line=1,title=failed%3A unit%3A%3Atests/test_shop.py"


class Machine:
    """A repository, and what 20 jobs left: one test failed, at a line."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.revision = make_repository(root / "shop")
        self.left = Left.made(root / "left")
        self.project = Project.at(root / "shop" / "testplan.yaml")

    def job(self, environ: Mapping[str, str], *paths: Path) -> tuple[Delivered, str, str]:
        """What is delivered, the log, and the summary."""
        summary, out = self.root / "summary.md", io.StringIO()
        summary.write_text("")
        told = {**environ, "GITHUB_STEP_SUMMARY": str(summary)}
        ci = wire.this_ci(told, self.project.root, out)
        delivered = deliver(self.project, paths, Delivery(publish=True), told, ci=ci)
        return delivered, out.getvalue(), summary.read_text()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("machine"))


@pytest.fixture
def github(machine: Machine) -> Iterator[Scene]:
    with SCENES["github"](machine.left, machine.revision) as scene:
        yield scene


def environ(scene: Scene, machine: Machine, which: str = "change", **but: str) -> dict[str, str]:
    place = {"GITHUB_WORKSPACE": str(machine.project.root)}
    return {**scene.environ(which, machine.root), **place, **but}


def test_what_a_check_shows_at_its_line_is_not_pointed_out_by_the_build(github: Scene, machine: Machine) -> None:
    delivered, log, summary = machine.job(environ(github, machine))
    assert delivered.posted.annotated == "github"
    [[annotation]] = github.wall.annotations.values()
    assert annotation["path"] == "tests/test_shop.py"
    assert log == ""
    assert summary.startswith("## ✗ FAILED")


def test_a_refused_check_leaves_it_to_the_build(github: Scene, machine: Machine) -> None:
    github.wall.fault(Fault.FORBIDDEN, times=9, on="POST .*/check-runs")
    delivered, log, summary = machine.job(environ(github, machine))
    assert delivered.posted.exit_code is ExitCode.PROVIDER_FAILURE
    assert log.startswith(POINTED)
    assert log.count("\n") == 1
    assert summary.startswith("## ✗ FAILED")


@pytest.mark.parametrize(("which", "token"), [("fork", "ghs_read-only"), ("change", "")])
def test_so_does_a_build_that_may_not_tell_the_forge(github: Scene, machine: Machine, which: str, token: str) -> None:
    delivered, log, summary = machine.job(environ(github, machine, which, GITHUB_TOKEN=token), machine.root / "left")
    assert delivered.posted.exit_code is ExitCode.OK
    assert github.wall.annotations == {}
    assert log.startswith(POINTED)
    assert summary.startswith("## ✗ FAILED")


@dataclass
class Listener:
    """A provider that keeps what it is shown."""

    name: str = "github"
    attempt: int | None = None
    links: Links = field(default_factory=Links)
    found: tuple[Finding, ...] = ()

    def publish(self, values: Mapping[str, str]) -> None: ...

    def summarise(self, markdown: str) -> None: ...

    def point_out(self, findings: tuple[Finding, ...]) -> None:
        self.found = findings


def test_what_has_no_line_is_pointed_out_in_any_case(machine: Machine, tmp_path: Path) -> None:
    lock = tmp_path / LOCK_FILE
    lock.write_bytes(encode(made_lock()))
    one = sorted(path for path in (machine.root / "left").iterdir())[0]
    project = Project.at(shutil.copytree(machine.project.root, tmp_path / "shop") / "testplan.yaml")
    reported = report_files(project, [one], lock_file=lock)
    listener = Listener()
    for shown in ("", "gitlab"):  # a build of one provider may be of a change at another
        point_out(listener, reported, annotated=shown)
        assert sorted({(bool(found.line), found.title.partition(":")[0]) for found in listener.found}) == [
            (False, "not-proven"),
            (True, "failed"),
        ]
    point_out(listener, reported, annotated="github")
    assert {found.title.partition(":")[0] for found in listener.found} == {"not-proven"}
