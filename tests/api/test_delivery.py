"""From the jobs of a build to its comment, over a folder in place of a provider."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from projects import make_project

from ci_orchestrator.api.delivery import Delivered, Delivery, deliver
from ci_orchestrator.api.planning import plan_project
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.remembering import fetch_history
from ci_orchestrator.api.running import run_job
from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ExitCode, ProviderError, UserError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.local.api import LocalForge, LocalHost
from ci_orchestrator.providers.online import StatusState

CHANGE = 7
TESTS = "import pytest\n@pytest.mark.parametrize('n', range(8))\ndef test_it(n): assert n != BROKEN\n"


class Shop:
    """A project in a repository, a build of a change of it, and a folder that is host and forge."""

    def __init__(self, root: Path, *, broken: int = 99) -> None:
        suites = {"unit": {"tool": "pytest", "paths": ["tests"], "shards": 2, "retries": {"max": 0}}}
        files = {"tests/test_it.py": TESTS.replace("BROKEN", str(broken))}
        self.project = make_project(root / "shop", files, suites, name="shop")
        git = ["git", "-C", str(self.project.root), "-c", "user.name=a", "-c", "user.email=a@example.com"]
        for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "begin"]):
            subprocess.run([*git, *words], check=True)
        head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
        self.head = head.stdout.strip()
        self.at = str(root / "provider")
        self.place = Place(kind="local", api=self.at, web="", repository="")
        self.forge = LocalForge(self.place, Secret(""), context=Context())
        self.host = LocalHost(self.place, Secret(""), context=Context(), clock=FakeClock())
        self.propose(self.head)

    def propose(self, head: str) -> None:
        change = Path(self.at, "changes", str(CHANGE), "change.json")
        change.parent.mkdir(parents=True, exist_ok=True)
        change.write_text(json.dumps({"head": head, "branch": "faster", "open": True}))

    def run_jobs(self) -> None:
        lock = plan_project(self.project).lock
        for job in lock.jobs:
            out = self.project.root / "out"
            bundle = run_job(self.project, self.project.lock_file, job.id, out=out, clock=FakeClock()).bundle
            self.host.put(bundle.name, bundle, retain=3600)
        self.place_lock()

    def place_lock(self) -> None:
        place = self.project.root / "lock"
        place.mkdir(exist_ok=True)
        (place / "plan.lock.json").write_bytes(self.project.lock_file.read_bytes())
        self.host.put("ci-orchestrator-lock", place, retain=3600)

    def deliver(self, project: Project | None = None, **how: str) -> Delivered:
        local = f"local={self.at}"
        how = {"forge": local, "host": local, **how}
        return deliver(project or self.project, [], Delivery(publish=True, **how), {}, clock=FakeClock())  # type: ignore[arg-type]

    def comments(self) -> list[str]:
        return [one.body for one in self.forge.comments(CHANGE)]


@pytest.fixture(scope="module")
def red(tmp_path_factory) -> Shop:
    shop = Shop(tmp_path_factory.mktemp("red"), broken=5)
    shop.run_jobs()
    return shop


def test_the_jobs_of_a_build_become_a_certified_report_a_status_and_one_comment(red):
    delivered = red.deliver()
    report = delivered.reported.report
    assert report.certificate.complete
    assert (report.totals.passed, report.totals.failed) == (7, 1)
    assert delivered.posted.refused == ()
    [status] = red.forge.statuses(red.head)
    assert (status.name, status.state) == ("ci-orchestrator: shop", StatusState.FAILURE)
    assert "FAILED" in status.description
    [comment] = red.comments()
    assert comment.startswith("<!-- ci-orchestrator:shop -->\n")
    assert "test_it[5]".replace("_", "&#95;").replace("[", "&#91;").replace("]", "&#93;") in comment


def test_a_second_time_the_same_comment_says_what_is_new(red):
    red.deliver()
    before = [one.id for one in red.forge.comments(CHANGE)]
    red.deliver()
    assert [one.id for one in red.forge.comments(CHANGE)] == before


def test_two_jobs_that_race_leave_one_comment(red, tmp_path):
    for one in list(red.forge.comments(CHANGE)):
        red.forge.delete_comment(CHANGE, one)
    machines = [Project.at(shutil.copytree(red.project.root, tmp_path / name) / "testplan.yaml") for name in "ab"]
    threads = [threading.Thread(target=red.deliver, args=(machine,)) for machine in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(red.comments()) == 1


def test_an_older_build_that_ends_late_says_nothing_on_the_change(red):
    for one in list(red.forge.comments(CHANGE)):
        red.forge.delete_comment(CHANGE, one)
    red.propose("c0ffee")
    try:
        said = " ".join(red.deliver().posted.said)
    finally:
        red.propose(red.head)
    assert red.comments() == []
    assert "no comment" in said


def test_a_green_build_needs_no_comment_when_only_failures_are_wanted(tmp_path):
    shop = Shop(tmp_path)
    shop.run_jobs()
    shop.deliver(when="failure")
    assert shop.comments() == []
    shop.forge.create_comment(CHANGE, "<!-- ci-orchestrator:shop -->\n✗ FAILED, some builds ago")
    shop.deliver(when="failure")
    [comment] = shop.comments()
    assert "PASSED" in comment


def test_the_history_travels(red, tmp_path):
    shop = Shop(tmp_path, broken=5)
    shop.run_jobs()
    memory = str(tmp_path / "memory")
    shop.deliver(memory=memory)
    shop.project.history_file.unlink()
    again = shop.deliver(memory=memory)
    assert len(again.reported.report.trend) == 1
    assert again.reported.report.analysis.flaky == ()


def test_a_build_without_bundles_is_no_green_build(tmp_path):
    shop = Shop(tmp_path)
    with pytest.raises(ProviderError, match="build local at local has no bundles"):
        shop.deliver()
    assert shop.comments() == []


def test_a_build_whose_jobs_all_got_lost_is_not_proven_and_that_is_told(tmp_path):
    shop = Shop(tmp_path)
    plan_project(shop.project)
    shop.place_lock()
    delivered = shop.deliver()
    assert delivered.reported.report.exit_code is ExitCode.NOT_PROVEN
    assert delivered.reported.report.totals.not_proven == 8
    [comment] = shop.comments()
    assert "NOT PROVEN" in comment


def test_what_was_run_here_is_no_result_of_a_build_whose_jobs_all_got_lost(tmp_path):
    """Its lock may be the same: that of another revision with the same tests is."""
    shop = Shop(tmp_path)
    for job in plan_project(shop.project).lock.jobs:
        run_job(shop.project, shop.project.lock_file, job.id, clock=FakeClock())
    shop.place_lock()
    assert shop.deliver().reported.report.exit_code is ExitCode.NOT_PROVEN
    [status] = shop.forge.statuses(shop.head)
    assert status.state is StatusState.FAILURE


def test_a_file_that_a_test_keeps_is_no_lock(tmp_path):
    shop = Shop(tmp_path)
    suites = {"unit": {"tool": "pytest", "paths": ["tests"], "artifacts": {"paths": {"locks": "*.lock.json"}}}}
    make_project(shop.project.root, {"plan.lock.json": "{}"}, suites, name="shop")
    plan_project(shop.project)
    shop.place_lock()  # the first of the artifacts
    shop.run_jobs()
    report = shop.deliver().reported.report
    assert (report.exit_code, report.certificate.complete) == (ExitCode.OK, True)


def test_what_steps_of_the_pipeline_brought_is_not_fetched_again(tmp_path):
    shop = Shop(tmp_path)
    lock = plan_project(shop.project).lock
    for job in lock.jobs:
        run_job(shop.project, shop.project.lock_file, job.id, clock=FakeClock())
    how = Delivery(publish=True, host=f"local={shop.at}")
    delivered = deliver(shop.project, [], how, {}, lock_file=shop.project.lock_file, clock=FakeClock())
    assert delivered.reported.report.exit_code is ExitCode.OK
    assert not (shop.project.state / "collected").exists()


def test_without_a_forge_the_comment_is_saved_and_that_is_said(red):
    delivered = red.deliver(forge="")
    assert delivered.posted.exit_code is ExitCode.OK
    said = " ".join(delivered.posted.said)
    assert "no comments and statuses" in said
    assert str(delivered.reported.out / "comment.md") in said


class Past:
    """A build of long ago, at a folder; what is checked out here is newer. `told`: what the build was of."""

    def __init__(self, red: Shop, root: Path, **told: object) -> None:
        self.project = Project.at(shutil.copytree(red.project.root, root / "shop") / "testplan.yaml")
        self.head = red.head
        self._git("commit", "-q", "--allow-empty", "-m", "later")
        place = Path(shutil.copytree(red.at, root / "provider"))
        shutil.copytree(place / "builds" / "local", place / "builds" / "41")
        described = {"id": "41", "revision": red.head, "branch": "faster", "url": "https://ci.example/41", **told}
        (place / "builds" / "41" / "build.json").write_text(json.dumps(described))
        shutil.rmtree(place / "revisions", ignore_errors=True)
        shutil.rmtree(place / "changes" / str(CHANGE) / "comments", ignore_errors=True)
        self.at = f"local={place}"
        self.change = place / "changes" / str(CHANGE) / "change.json"
        self.forge = LocalForge(
            Place(kind="local", api=str(place), web="", repository=""), Secret(""), context=Context()
        )

    def _git(self, *words: str) -> None:
        git = ["git", "-C", str(self.project.root), "-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run([*git, *words], check=True)

    def check_out(self, revision: str) -> None:
        self._git("checkout", "-q", revision)

    def deliver(self, **how: str) -> Delivered:
        options = Delivery(publish=True, **{"host": self.at, "forge": self.at, "build": "41", **how})  # type: ignore[arg-type]
        return deliver(self.project, [], options, {}, clock=FakeClock())

    def told(self, revision: str) -> list[StatusState]:
        return [one.state for one in self.forge.statuses(revision)]

    def comments(self) -> int:
        return len(list(self.forge.comments(CHANGE)))


def test_a_build_of_the_past_is_told_at_what_it_was_of_and_not_at_what_is_checked_out_here(red, tmp_path):
    past = Past(red, tmp_path, revision="f" * 40, change=CHANGE, base="main", fork=False)
    past.change.write_text(json.dumps({"head": "f" * 40, "branch": "faster", "open": True}))
    delivered = past.deliver()
    assert delivered.posted.refused == ()
    assert past.told("f" * 40) == [StatusState.FAILURE]
    assert past.told(past.head) == []
    assert past.comments() == 1
    report = delivered.reported.report
    assert (report.revision, report.links.build) == ("f" * 40, "https://ci.example/41")
    [warning] = [one for one in report.warnings if "checked out here" in one]
    assert warning.startswith("build 41 was of ffffffffff, and ")


def test_a_build_of_what_is_checked_out_here_needs_no_warning(red, tmp_path):
    past = Past(red, tmp_path)
    past.check_out(past.head)
    assert "checked out here" not in str(past.deliver().reported.report.warnings)
    assert past.comments() == 1, "the change was found by what it proposes"


def test_the_revision_of_a_build_is_not_guessed(red, tmp_path):
    past = Past(red, tmp_path, revision="")
    with pytest.raises(UserError, match="local does not tell which revision build 41 was of") as caught:
        past.deliver()
    assert caught.value.fix
    with pytest.raises(ProviderError, match="there is no build '9999'"):
        past.deliver(build="9999")
    assert (past.comments(), past.told(past.head)) == (0, [])


def test_what_a_fork_s_build_of_the_past_said_is_told_and_not_remembered(red, tmp_path):
    past = Past(red, tmp_path, change=CHANGE, fork=True)
    past.project.history_file.unlink(missing_ok=True)
    memory = tmp_path / "memory"
    said = past.deliver(memory=str(memory)).posted.said
    assert f"this build is of a fork, and not remembered at {memory}" in said
    assert past.comments() == 1
    assert not [path for path in memory.rglob("*") if path.is_file()]
    trusted = Delivery(memory=str(memory))
    bundle = next((past.project.root / "out").iterdir())  # another build, which is carried with what is known here
    deliver(past.project, [bundle], trusted, {}, clock=FakeClock())
    assert len(fetch_history(past.project, str(memory)).builds) == 1
