"""How a job gets ready: the lines are run by a shell here, the rest is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from providers.gitlab.shell import sh

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.environment import Cache, Setup, Toolchain
from ci_orchestrator.providers.gitlab import setup, words


def program(place: Path, name: str, printed: str) -> None:
    """A program on the PATH that prints this."""
    file = place / "bin" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\ncat <<'END'\n{printed}\nEND\n", "utf-8")
    file.chmod(0o755)


@pytest.mark.parametrize(
    ("language", "version", "name", "printed", "right"),
    [
        ("python", "3.12", "python", "Python 3.12.4", True),
        ("python", "3.12", "python", "Python 3.12", True),
        ("python", "3.1", "python", "Python 3.12.4", False),
        ("node", "20", "node", "v20.1.0", True),
        ("node", "20", "node", "v18.20.0", False),
        ("go", "1.22", "go", "go version go1.22.3 linux/amd64", True),
        ("go", "1.2", "go", "go version go1.22.3 linux/amd64", False),
        ("java", "21", "java", 'Picked up JAVA_TOOL_OPTIONS: -x\nopenjdk version "21.0.2" 2024-01-16', True),
        ("java", "17", "java", 'openjdk version "21.0.2" 2024-01-16', False),
    ],
)
def test_another_version_is_said_with_what_to_do(
    language: str, version: str, name: str, printed: str, *, right: bool, tmp_path: Path
) -> None:
    program(tmp_path, name, printed)
    lines = setup.preparation(Setup(toolchain=Toolchain.model_validate({language: version})), ())
    done = sh([*lines, "echo on"], tmp_path)
    assert (done.returncode == 0, done.stdout) == (right, "on\n" if right else "")
    assert right or ("container" in done.stderr and version in done.stderr)


def test_a_missing_language_is_said_too(tmp_path: Path) -> None:
    done = sh(setup.preparation(Setup(toolchain=Toolchain(go="1.22")), ()), tmp_path)
    assert done.returncode == 1
    assert "This job asks for Go 1.22" in done.stderr


def test_a_missing_secret_is_said_before_anything_else(tmp_path: Path) -> None:
    lines = setup.preparation(Setup(run=(("echo", "on"),)), ("TOKEN",))
    missing, there = sh(lines, tmp_path), sh(lines, tmp_path, TOKEN="x")
    assert missing.returncode != 0
    assert "TOKEN: is missing: add it under Settings, CI/CD, Variables" in missing.stderr
    assert (missing.stdout, there.stdout) == ("", "on\n")


def test_a_cache_of_the_home_is_kept_inside_the_repository(tmp_path: Path) -> None:
    (tmp_path / "home" / ".known").mkdir(parents=True)
    wanted = Cache(paths=("~/.a/b", "~/.known", "own"))
    lines = [*setup.preparation(Setup(cache=wanted), ()), "echo kept > ~/.a/b/file; echo own > ~/.known/file"]
    for _ in range(2):  # the second time the link is there already
        done = sh(lines, tmp_path)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / ".ci-orchestrator/home/.a/b/file").read_text() == "kept\n"
    assert not (tmp_path / ".ci-orchestrator/home/.known").exists(), "what the runner has is left alone"
    made = setup.cache(wanted, "sub", "cpu")
    assert isinstance(made, dict)
    assert made["paths"].value == ["sub/.ci-orchestrator/home/.a/b", "sub/.ci-orchestrator/home/.known", "sub/own"]
    assert made["key"] == "cpu-a-b-known-own"


def test_the_image_is_the_plans_or_that_of_the_only_language() -> None:
    assert setup.image("a/b:1", Toolchain(python="3.12")) == {"image": "a/b:1"}
    assert setup.image(None, Toolchain(python="3.12")) == {"image": "python:3.12"}
    assert setup.image(None, Toolchain(java="21.0.1+12")) == {"image": "eclipse-temurin:21.0.1_12"}
    assert setup.image(None, Toolchain(python="3.12", node="20")) == setup.image(None, Toolchain()) == {}


@pytest.mark.parametrize(
    ("seconds", "said"), [(1, "1m"), (60, "1m"), (61, "2m"), (3600, "1h"), (5400, "1h 30m"), (2_591_940, "719h 59m")]
)
def test_time_outs_are_whole_minutes(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


def test_a_time_out_of_more_than_thirty_days_is_refused() -> None:
    with pytest.raises(PlanError, match="GitLab takes 2,591,940"):
        words.duration(2_591_940, more=1)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(86_400, "1 day"), (14 * 86_400, "14 days"), (7200, "2 hours"), (90, "90 seconds"), (60, "1 minute")],
)
def test_artifacts_are_kept_as_long_as_the_plan_says(seconds: float, said: str) -> None:
    assert words.expiry(seconds) == said
