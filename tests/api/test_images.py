"""The charts of the comment, as images that each forge keeps; and what is said where one does not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builds_online import PLAN, SCENES, Left, Scene, make_repository
from servers.base import Fault

from ci_orchestrator.api.attaching import attach
from ci_orchestrator.api.delivery import Delivered, Delivery, deliver
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.reporting import report_files
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.local.api import LocalForge
from ci_orchestrator.providers.online import Ability
from ci_orchestrator.report.comment.options import CommentOptions
from ci_orchestrator.results.report import Links

FORGES = ["azure", "github", "gitlab"]
IMAGE = b"\x89PNG"


class Machines:
    """Where jobs run: each has a copy of a repository with two builds, of which the second is at the providers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.revision = make_repository(root / "shop")
        Left.made(root / "before", failing=3)
        self.left = Left.made(root / "left")
        report_files(Project.at(root / "shop" / "testplan.yaml"), [root / "before"])
        self._count = 0

    def job(self, scene: Scene, links: Links | None = None) -> Delivered:
        self._count += 1
        place = shutil.copytree(self.root / "shop", self.root / f"machine-{self._count}" / "shop")
        environ = scene.environ("change", place.parent)
        return deliver(Project.at(place / "testplan.yaml"), [], Delivery(publish=True), environ, links=links)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    return Machines(tmp_path_factory.mktemp("machines"))


@pytest.fixture(params=FORGES)
def scene(request: pytest.FixtureRequest, machines: Machines) -> Iterator[Scene]:
    with SCENES[request.param](machines.left, machines.revision) as made:
        yield made


def test_a_comment_shows_images_that_are_kept_once(scene: Scene, machines: Machines) -> None:
    first = machines.job(scene)
    assert first.posted.refused == ()
    assert not any("no images" in one for one in first.posted.said)
    [comment] = scene.bodies()
    kept = {"azure": 1, "github": 2, "gitlab": 1}[scene.name]  # only GitHub shows another one in the dark
    assert [data[:4] for data in scene.images()] == [IMAGE] * kept
    addresses = re.findall(r'(?:src|srcset)="([^"]+)"|!\[[^]]*\]\(([^)]+)\)', comment)
    assert len(addresses) == kept
    assert all("".join(one).startswith(scene.wall.url) for one in addresses)
    assert "mermaid" not in comment
    asked = len(scene.asked)
    assert asked <= 60
    again = machines.job(scene)
    assert "nothing new on change 7" in again.posted.said, "the same bytes have the same addresses"
    assert len(scene.images()) == kept
    assert scene.bodies() == [comment]


KEEPS = {"azure": "POST .*/attachments/", "github": "PUT .*/contents/", "gitlab": "POST .*/uploads"}


def test_a_refused_image_is_said_and_costs_nothing_else(scene: Scene, machines: Machines) -> None:
    scene.wall.fault(Fault.FORBIDDEN, times=9, on=KEEPS[scene.name])
    delivered = machines.job(scene)
    assert delivered.posted.exit_code is ExitCode.OK
    [said] = [one for one in delivered.posted.said if one.startswith("no images: ")]
    assert "403" in said
    assert "fix: " in said
    [comment] = scene.bodies()
    assert ("| build | when |" if scene.name == "azure" else "```mermaid") in comment


@pytest.mark.parametrize(
    ("name", "says", "kept"),
    [
        ("azure", "when: always", 1),
        ("github", "when: always", 0),
        ("gitlab", "when: always", 1),
        ("gitlab", "images: false", 0),
        ("gitlab", "images: true, when: failure", 1),
        ("gitlab", "images: true, sections: [failures]", 0),
    ],
)
def test_unless_the_plan_says_otherwise_nothing_is_committed(
    name: str, says: str, kept: int, machines: Machines, tmp_path: Path
) -> None:
    left = Left.made(tmp_path, plan=PLAN.replace("images: true", says))
    with SCENES[name](left, machines.revision) as scene:
        assert not any("no images" in one for one in machines.job(scene).posted.said)
        assert len(scene.bodies()) == 1
        assert len(scene.images()) == kept


def test_what_somebody_hosts_is_not_kept_at_the_forge(machines: Machines, tmp_path: Path) -> None:
    left = Left.made(tmp_path, plan=PLAN.replace("images: true", "when: always"))
    with SCENES["gitlab"](left, machines.revision) as scene:
        machines.job(scene, Links(images="https://img.example/1"))
        [comment] = scene.bodies()
        assert "(https://img.example/1/trend.png)" in comment
        assert scene.images() == []


def test_a_comment_that_may_not_be_has_no_images(machines: Machines, tmp_path: Path) -> None:
    left = Left.made(tmp_path, failing=0, plan=PLAN.replace("images: true", "images: true, when: failure"))
    with SCENES["gitlab"](left, machines.revision) as scene:
        assert machines.job(scene).posted.refused == ()
        assert (scene.bodies(), scene.images()) == ([], [])


class Elsewhere(LocalForge):
    """A forge that keeps images where it likes, if at all."""

    address = ""
    keeps = frozenset({Ability.ATTACH})

    @property
    def abilities(self) -> frozenset[Ability]:
        return self.keeps

    def attach(self, change: int, name: str, data: bytes) -> str:
        return self.address


@pytest.mark.parametrize(
    "address", ["", "file:///a.png", "javascript:alert(1)", "https://a:b@img.example/a.png", "//img.example/a.png"]
)
def test_an_address_that_no_comment_can_show(address: str, machines: Machines, tmp_path: Path) -> None:
    forge = Elsewhere(Place(kind="local", api=str(tmp_path), web="", repository=""), Secret(""), context=Context())
    charts = {name: tmp_path / name for name in ("trend.png", "trend-dark.png")}
    for path in charts.values():
        path.write_bytes(IMAGE)
    forge.address = "https://img.example/a.png"
    project = Project.at(shutil.copytree(machines.root / "shop", tmp_path / "shop") / "testplan.yaml")
    report, options = report_files(project, [machines.root / "left"]).report, CommentOptions()
    assert attach(report, options, charts, forge, 7, asked=True).images == dict.fromkeys(sorted(charts), forge.address)
    forge.address = address
    found = attach(report, options, charts, forge, 7, asked=True)
    assert (found.images, "no comment can show" in found.why) == ({}, True)
    assert attach(report, options, charts, forge, 7, asked=False).why == ""
    assert "ci-orchestrator[charts]" in attach(report, options, {}, forge, 7, asked=True).why
    assert attach(replace(report, trend=()), options, charts, forge, 7, asked=True).why == ""
    (tmp_path / "trend.png").unlink()
    forge.address = "https://img.example/a.png"
    assert attach(report, options, charts, forge, 7, asked=True).images == {}
    forge.keeps = frozenset()
    assert attach(report, options, charts, forge, 7, asked=True).why == "no images: local keeps none for this token"
    assert attach(report, options, charts, forge, 7, asked=False).why == ""
