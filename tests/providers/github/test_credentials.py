"""A branch as the memory: git opens GitHub with the job's token, which nothing keeps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from parts import PROJECT
from providers.github import git_server, plans

from ci_orchestrator.history.base import HistoryError
from ci_orchestrator.history.blobs.branch import BranchBlobs

sys.path.append(str(PROJECT / "action"))

import invoke

TOKEN = "ghs_t0k3n"
MEMORY = {"command": "report", "memory": "branch:history"}


def environ(monkeypatch: pytest.MonkeyPatch, home: Path, server: str, given: dict[str, str]) -> None:
    """The environment that the action makes of a step's, with a helper that would keep what works."""
    (home / ".gitconfig").write_text(f"[credential]\n\thelper = store --file={home}/kept\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GITHUB_SERVER_URL", server)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.delenv("GIT_CONFIG_COUNT", raising=False)
    for name, value in invoke.environment(given).items():
        monkeypatch.setenv(name, value)


def test_a_branch_is_read_and_written_with_the_token_and_nothing_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare, checkout, home = tmp_path / "served/shop.git", tmp_path / "checkout", tmp_path / "home"
    home.mkdir()
    for words in (["init", "--quiet", "--bare", str(bare)], ["-C", str(bare), "config", "http.receivepack", "true"]):
        subprocess.run(["git", *words], check=True)
    checkout.mkdir()
    (checkout / "a").touch()
    plans.commit(checkout)
    with git_server.serving(bare.parent, TOKEN) as server:
        subprocess.run(["git", "-C", str(checkout), "remote", "add", "origin", f"{server}/shop.git"], check=True)
        environ(monkeypatch, home, "https://github.example.com", MEMORY)
        with pytest.raises(HistoryError):
            BranchBlobs("history", checkout).read()
        environ(monkeypatch, home, server, MEMORY)
        blobs = BranchBlobs("history", checkout)
        assert blobs.write(b"what was", replacing=())
        assert [one.data for one in blobs.read()] == [b"what was"]
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert kept == []


@pytest.mark.parametrize("given", [{"command": "report"}, {"command": "report", "memory": "s3://bucket/key"}])
def test_nobody_else_is_told_of_a_token(given: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ(monkeypatch, tmp_path, "https://github.com", given)
    assert not any(name.startswith("GIT_CONFIG") for name in invoke.environment(given))
