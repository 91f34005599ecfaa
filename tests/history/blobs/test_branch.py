"""The branch in real repositories: it alone is touched, and what git says is told without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from blob_places import checkout, git

from ci_orchestrator.errors import UserError
from ci_orchestrator.history.base import HistoryError
from ci_orchestrator.history.blobs.branch import BranchBlobs


def keep(work: Path, data: bytes, address: str = "memory") -> bool:
    blobs = BranchBlobs(address, work)
    return blobs.write(data, replacing=blobs.read())


def kept(work: Path, address: str = "memory") -> list[bytes]:
    return [blob.data for blob in BranchBlobs(address, work).read()]


def state(work: Path) -> object:
    """All that is in a checkout."""
    return {path.relative_to(work).as_posix(): path.read_bytes() for path in work.rglob("*") if path.is_file()}


def test_the_checkout_stays_as_it_is(tmp_path: Path) -> None:
    work = checkout(tmp_path)
    git(work, "fetch", "--quiet")
    before = state(work)
    for number in range(3):
        assert keep(work, b"content %d" % number)
    assert kept(work) == [b"content 2"]
    assert state(work) == before


def test_the_branch_has_one_commit_and_says_what_it_is(tmp_path: Path) -> None:
    work = checkout(tmp_path)
    for number in range(3):
        keep(work, b"content %d" % number)
    origin = tmp_path / "origin.git"
    assert git(origin, "rev-list", "--count", "memory") == "1\n"
    assert git(origin, "ls-tree", "--name-only", "memory") == "README.md\nhistory.bin\n"
    assert "[skip ci]" in git(origin, "log", "-1", "--format=%B", "memory")
    assert git(origin, "log", "-1", "--format=%an", "memory") == "ci-orchestrator\n"


def test_other_branches_are_left_alone(tmp_path: Path) -> None:
    work = checkout(tmp_path)
    origin = tmp_path / "origin.git"
    before = git(origin, "rev-parse", "main")
    with pytest.raises(HistoryError, match="branch main of origin holds something else"):
        kept(work, "main")
    with pytest.raises(HistoryError, match="holds something else"):
        keep(work, b"content", "main")
    assert not BranchBlobs("main", work).write(b"content", replacing=())
    assert git(origin, "rev-parse", "main") == before


@pytest.mark.parametrize("tree", ["history.bin more", "history.bin/file", "README.md"])
def test_a_branch_that_only_looks_like_ours_is_left_alone(tmp_path: Path, tree: str) -> None:
    work = checkout(tmp_path)
    git(work, "checkout", "--quiet", "--orphan", "memory")
    git(work, "rm", "-rfq", ".")
    for name in tree.split():
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text("text")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "mine")
    git(work, "push", "--quiet", "origin", "memory")
    with pytest.raises(HistoryError, match="holds something else"):
        keep(work, b"content")


def test_shallow_checkouts_and_subdirectories_will_do(tmp_path: Path) -> None:
    work = checkout(tmp_path)
    git(work, "commit", "--quiet", "--allow-empty", "-m", "second")
    git(work, "push", "--quiet")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path}/origin.git", "shallow")
    project = tmp_path / "shallow" / "project"
    project.mkdir()
    before = state(tmp_path / "shallow")
    keep(work, b"one")
    assert kept(project) == [b"one"]
    assert keep(project, b"two")
    assert kept(work) == [b"two"]
    assert state(tmp_path / "shallow") == before


def test_an_address_serves_as_remote(tmp_path: Path) -> None:
    work = checkout(tmp_path)
    git(tmp_path, "init", "--quiet", "--bare", "elsewhere.git")
    address = f"memory@file://{tmp_path}/elsewhere.git"
    assert keep(work, b"content", address)
    assert kept(work, address) == [b"content"]
    assert kept(work) == []


def test_hooks_of_the_checkout_do_not_run(tmp_path: Path) -> None:
    work = checkout(tmp_path)
    hook = work / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert keep(work, b"content")


def test_a_refusal_is_told_with_its_remedy(tmp_path: Path) -> None:
    work = checkout(tmp_path)
    hook = tmp_path / "origin.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'protected by the house' >&2; exit 1\n")
    hook.chmod(0o755)
    with pytest.raises(HistoryError, match=r"(?s)memory of origin cannot be written.*protected by the house.*fix: let"):
        keep(work, b"content")
    assert kept(work) == []


def test_a_push_whose_answer_got_lost_was_one(tmp_path: Path) -> None:
    """The forge takes the branch, and the connection breaks before it says so."""
    work = checkout(tmp_path)
    line = tmp_path / "line"
    line.write_text('#!/bin/sh\nshift\neval "$*"\ncase "$*" in *receive*) echo cut >>"$0.log"; exit 1;; esac\n')
    line.chmod(0o755)
    git(work, "config", "core.sshCommand", str(line))
    git(work, "config", "ssh.variant", "simple")
    git(work, "remote", "set-url", "origin", f"ssh://forge{tmp_path}/origin.git")
    assert keep(work, b"content")
    assert kept(work) == [b"content"]
    assert (tmp_path / "line.log").read_text() == "cut\n"


def test_no_login_is_told(tmp_path: Path) -> None:
    work = checkout(tmp_path)
    blobs = BranchBlobs("memory@https://robot:t0ken@127.0.0.1:9/none.git", work)
    assert "t0ken" not in blobs.place
    with pytest.raises(HistoryError) as caught:
        blobs.read()
    assert "t0ken" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


@pytest.mark.parametrize("address", ["", "-f", "a b", "a..b:c", "@origin", "x@--upload-pack=touch", "é"])
def test_what_names_no_branch_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(UserError, match="names no branch\n  fix: write branch:NAME"):
        BranchBlobs(address, tmp_path)


def test_where_there_is_no_repository_this_is_said(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="not a git repository"):
        kept(tmp_path)
