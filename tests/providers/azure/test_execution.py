"""A rendered pipeline, executed as far as it can be without Azure (`agent`), against the contract server.

The jobs of a change run, one fails, what failed is run again; a fork's build follows. What jobs tell their forge is
held against the published contract when the server ends.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from builds_online import Left, Scene, git, on_azure
from providers.azure import plans
from providers.azure.agent import Build, path_with_our_command
from servers.base import BUILD, TOKEN

from ci_orchestrator import __version__
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.providers.azure.limits import LIMITS
from ci_orchestrator.translate.pipelines import dynamic_pipeline

TESTS = """
import os
from pathlib import Path

import pytest

HERE = Path({place!r})

@pytest.mark.parametrize("number", range(4))
def test_it(number):
    assert "SYSTEM_ACCESSTOKEN" not in os.environ
    assert "KEEPER" not in os.environ
    with (HERE / "ran").open("a") as file:
        file.write(f"{{number}}\\n")
    assert number != 3 or (HERE / "mended").exists()
"""
SECRET = "k33p3r-s3cr3t"


def plan(place: Path) -> str:
    """Without images: to draw them takes longer than all the rest."""
    suite = {"tool": "pytest", "paths": ["tests"], "shards": 2, "python": sys.executable}
    pipeline = {"memory": str(place / "memory"), "secrets": ["KEEPER", "MISSING"]}
    report = {"comment": {"images": False}}
    return yaml.safe_dump(
        {"version": 1, "name": "shop", "pipeline": pipeline, "report": report, "suites": {"unit": suite}}
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("azure")


@pytest.fixture(scope="module")
def sources(place: Path) -> Path:
    root = place / "sources"
    (root / "tests").mkdir(parents=True)
    (root / "tests" / "test_it.py").write_text(TESTS.format(place=str(place)))
    (root / "testplan.yaml").write_text(plan(place))
    for words in (["init", "-q", "-b", "faster"], ["add", "."], ["commit", "-qm", "Faster"]):
        git(root, *words)
    return root


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with on_azure(Left({}), "") as made:
        yield made


def build(scene: Scene, sources: Path, place: Path, which: str) -> Build:
    """A build of this project, in the environment that the documentation has."""
    place.mkdir()
    made = dynamic_pipeline(
        load_plan((sources / "testplan.yaml").read_text()), LIMITS, plan_file="testplan.yaml", tool=__version__
    )
    variables = scene.environ(which, place)
    token = variables.pop("SYSTEM_ACCESSTOKEN")
    secrets = {} if which == "fork" else {"System.AccessToken": token, "KEEPER": SECRET}
    variables["PATH"] = path_with_our_command(place / "bin")
    return Build(yaml.safe_load(plans.rendered(made)), scene.server, sources, place / "jobs", variables, secrets)


def results(build: Build, attempt: int) -> dict[str, list[str]]:
    """Outcomes of each test's attempts, by the report that was kept."""
    report = json.loads(build.kept[f"ci-orchestrator-report-{attempt}"]["results.json"])
    return {one["id"]: [tried["outcome"] for tried in one["attempts"]] for one in report["results"]}


@pytest.fixture(scope="module")
def two_attempts(scene: Scene, sources: Path, place: Path) -> Build:
    """A test fails in the first attempt; somebody mends it, and has what failed run again."""
    made = build(scene, sources, place / "change", "change")
    made.run()
    assert made.results == {"plan": "Succeeded", "unit": "Failed", "report": "Failed"}, made.log
    [comment] = scene.bodies()
    assert "FAILED" in comment
    assert [run["summary"] for run in scene.server.runs.values()] == [{"failed": 1, "passed": 3}]
    (place / "mended").touch()
    made.rerun_failed()
    return made


def test_the_report_of_both_attempts_is_told_at_the_change_in_place_of_the_first(
    scene: Scene, two_attempts: Build
) -> None:
    assert two_attempts.results == dict.fromkeys(["plan", "unit", "report"], "Succeeded"), two_attempts.log
    assert [one["state"] for one in scene.server.posted] == ["failed", "succeeded"]
    [comment] = scene.bodies()
    assert comment.startswith("<!-- ci-orchestrator:shop -->")
    assert "FAILED" not in comment
    [run] = scene.server.runs.values()
    assert run["summary"] == {"passed": 4}
    assert run["run"]["build"] == {"id": BUILD}
    assert two_attempts.shown == [], "it would be there twice"


def test_a_later_attempt_runs_what_did_not_pass_and_each_try_counts_once(two_attempts: Build, place: Path) -> None:
    assert sorted((place / "ran").read_text().split()) == ["0", "1", "2", "3", "3"]
    outcomes = {f"unit::tests/test_it.py::test_it[{number}]": ["passed"] for number in range(4)}
    assert results(two_attempts, 2) == outcomes | {"unit::tests/test_it.py::test_it[3]": ["failed", "passed"]}
    again = "dtf-unit_2of2-2"
    assert sorted(name for name in two_attempts.kept if name.startswith("dtf-")) == [
        "dtf-unit_1of2-1",
        "dtf-unit_2of2-1",
        again,
    ]
    files = {f"{again}/{name}" for name in ("events.ndjson", "manifest.json", "results/junit.xml")}
    assert set(two_attempts.kept[again]) == files, "and none of the first attempt"


def test_no_step_that_runs_or_lists_tests_is_handed_the_token_or_a_secret(two_attempts: Build) -> None:
    keeper = {("Fetch the history", "KEEPER"), ("Report", "KEEPER")}
    assert two_attempts.handed == {*keeper, ("Report", "SYSTEM_ACCESSTOKEN")}
    said = "".join(two_attempts.log.values())
    left = b"".join(data for files in two_attempts.kept.values() for data in files.values())
    for secret in (TOKEN, SECRET):
        assert secret not in said
        assert secret.encode() not in left


def test_a_fork_remembers_what_was_and_shows_its_results_without_a_token(
    scene: Scene, sources: Path, place: Path, two_attempts: Build
) -> None:
    """Its test jobs get lost: then nothing is proven, which is a report, too."""
    told = (scene.bodies(), list(scene.server.posted), dict(scene.server.runs))
    fork = build(scene, sources, place / "fork", "fork")
    fork.run(but=["unit"])
    assert "remembered, 2 of them fetched" in fork.log["plan-1"]
    assert "NOT PROVEN" in fork.log["report-1"]
    assert "nothing was told: jobs of a fork may not write" in fork.log["report-1"]
    assert [path.name for path in fork.shown] == ["merged.xml"]
    assert all(path.is_file() for path in fork.shown)
    assert (scene.bodies(), list(scene.server.posted), dict(scene.server.runs)) == told
