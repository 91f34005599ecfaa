"""What `doctor` says of tokens: whether they are taken, and what they may do, by asking alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from builds_online import SCENES, Left, Scene, git
from servers.base import HEAD, TOKEN, Fault

from ci_orchestrator.api.access import of_providers
from ci_orchestrator.api.checkup import Check, State
from ci_orchestrator.clock import FakeClock

NOTHING = Left({})


def looked(root: Path, environ: Mapping[str, str], seconds: float = 30.0) -> dict[str, Check]:
    found = of_providers(root, environ, FakeClock(), seconds=seconds)
    assert TOKEN not in repr(found)
    assert all(check.remedy for check in found if check.state is not State.OK)
    return {check.name: check for check in found}


def states(found: Mapping[str, Check]) -> dict[str, State]:
    return {name: check.state for name, check in found.items()}


OK, UNKNOWN, WARNING = State.OK, State.UNKNOWN, State.WARNING
IN_A_BUILD = {
    "azure": (
        "SYSTEM_ACCESSTOKEN",
        {"artifacts": OK, "runners": OK, "comments": UNKNOWN, "statuses": UNKNOWN, "results": UNKNOWN},
    ),
    "github": (
        "GITHUB_TOKEN",
        {"artifacts": OK, "runners": OK, "comments": UNKNOWN, "statuses": UNKNOWN, "results": UNKNOWN},
    ),
    "gitlab": ("GITLAB_TOKEN", {"artifacts": OK, "runners": OK, "comments": OK, "statuses": OK}),
}


@pytest.mark.parametrize("name", sorted(IN_A_BUILD))
def test_in_a_build_where_runs_and_changes_are_at_one_place(name: str, tmp_path: Path) -> None:
    variable, rights = IN_A_BUILD[name]
    with SCENES[name](NOTHING, HEAD) as scene:
        found = looked(tmp_path, scene.environ("change", tmp_path))
        assert {asked.method for asked in scene.asked} <= {"GET", "OPTIONS"}
    expected = {"builds": OK, "changes": OK, **rights}
    assert states(found) == {f"{what} at {name}": state for what, state in expected.items()}
    assert found[f"builds at {name}"].found.endswith(f"answers to the token in {variable}")


def test_in_a_build_of_a_repository_elsewhere(tmp_path: Path) -> None:
    with SCENES["jenkins"](NOTHING, HEAD) as scene:
        scene.server.fault(Fault.FORBIDDEN, on="/computer")
        scene.wall.scopes = "public_repo"
        found = looked(tmp_path, scene.environ("change", tmp_path))
    assert states(found) == {
        "builds at jenkins": OK,
        "artifacts at jenkins": OK,
        "runners at jenkins": WARNING,
        "changes at github": OK,
        "comments at github": WARNING,
        "statuses at github": WARNING,
        "results at github": WARNING,
    }
    assert "*Overall/Read*" in found["runners at jenkins"].remedy
    assert "`statuses: write`" in found["statuses at github"].remedy


def test_a_job_s_own_token_at_gitlab_reads(tmp_path: Path) -> None:
    with SCENES["gitlab"](NOTHING, HEAD) as scene:
        found = looked(tmp_path, scene.environ("fork", tmp_path))
    assert states(found)["artifacts at gitlab"] is OK
    assert found["changes at gitlab"].remedy.startswith("set GITLAB_TOKEN; ")


def test_a_token_that_is_not_taken(tmp_path: Path) -> None:
    with SCENES["github"](NOTHING, HEAD) as scene:
        environ = {**scene.environ("change", tmp_path), "GITHUB_TOKEN": "ghp_expired"}
        [only] = looked(tmp_path, environ).values()
    assert (only.name, only.state) == ("builds and changes at github", WARNING)
    assert "401" in only.found
    assert only.found.endswith("(the token is in GITHUB_TOKEN)")
    assert "ghp_expired" not in repr(only)


def cloned(root: Path) -> Path:
    git(root, "init", "-q")
    git(root, "remote", "add", "origin", "git@github.com:acme/shop.git")
    return root


def test_a_desk_without_a_token_has_one_line(tmp_path: Path) -> None:
    [only] = looked(cloned(tmp_path), {}).values()
    assert (only.name, only.state, only.found) == ("builds and changes at github", WARNING, "acme/shop: no token")
    assert only.remedy.startswith("set GITHUB_TOKEN or GH_TOKEN; ")


def test_a_folder_that_is_of_no_forge_has_none(tmp_path: Path) -> None:
    assert looked(tmp_path, {"GITHUB_TOKEN": TOKEN}) == {}


def test_a_machine_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    [only] = looked(cloned(tmp_path), {"GITHUB_TOKEN": TOKEN}).values()
    assert (only.name, only.state) == ("builds and changes at github", WARNING)
    assert "proxy" in only.remedy.lower()


def test_nobody_waits_for_a_provider_that_hangs(tmp_path: Path) -> None:
    with SCENES["github"](NOTHING, HEAD) as scene:
        scene.server.fault(Fault.SLOW, times=9)
        [only] = looked(tmp_path, scene.environ("change", tmp_path), seconds=0.3).values()
    assert "has not answered within 0.3 seconds" in only.found


WITHOUT = "import sys; sys.modules['{}'] = None; from ci_orchestrator.cli.main import main; main(['doctor', '--json'])"


def command(scene: Scene, root: Path, without: str) -> subprocess.CompletedProcess[str]:
    environ = {**scene.environ("change", root), "PYTHONPATH": os.pathsep.join(sys.path)}
    code = WITHOUT.format(without)
    return subprocess.run([sys.executable, "-c", code], cwd=root, env=environ, capture_output=True, text=True)


def test_a_client_that_is_not_installed(tmp_path: Path) -> None:
    with SCENES["github"](NOTHING, HEAD) as scene:
        done = command(scene, tmp_path, "github")
        assert scene.asked == []
    found = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert found["builds and changes at github"]["state"] == "warning"
    assert found["builds and changes at github"]["remedy"] == "pip install 'ci-orchestrator[github]'"
    assert TOKEN not in done.stdout + done.stderr
