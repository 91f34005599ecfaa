"""Whatever a path leads to, opening it comes back: only regular files are read."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ci_orchestrator.api.against import Against
from ci_orchestrator.api.opening import open_regular, read_regular
from ci_orchestrator.api.outputs import comment_options
from ci_orchestrator.api.project import read_lock
from ci_orchestrator.errors import LockError, ResultsError
from ci_orchestrator.plan.loading import load_plan


def made(root: Path, kind: str) -> Path:
    path = root / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        return Path(os.devnull)
    return path


KINDS = pytest.mark.parametrize("kind", ["pipe", "folder", "device"])


@KINDS
def test_what_is_no_regular_file_is_said_at_once(tmp_path, kind):
    with pytest.raises(OSError, match=f"it is a {kind}, and no regular file"):
        open_regular(made(tmp_path, kind))


def test_a_socket_does_not_open(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        with pytest.raises(OSError, match="socket"):
            open_regular(Path("socket"))


def test_a_regular_file_is_read_within_its_limit(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    (tmp_path / "link").symlink_to(path)
    assert read_regular(tmp_path / "link", 5) == b"12345"
    with pytest.raises(OSError, match="longer than"):
        read_regular(path, 4)


@KINDS
def test_a_lock_a_base_and_a_diff_are_regular_files(tmp_path, kind):
    path = made(tmp_path, kind)
    with pytest.raises(LockError, match="no regular file"):
        read_lock(path)
    against = Against(base=path, diff=path)
    with pytest.raises(ResultsError, match="no regular file"):
        against.read_base()
    with pytest.raises(ResultsError, match="no regular file"):
        against.read_diff(".")


def test_a_template_of_the_comment_is_a_regular_file(tmp_path):
    made(tmp_path, "pipe")
    plan = load_plan(
        "version: 1\nsuites: {unit: {tool: pytest}}\nreport: {comment: {templates: {failures: pipe}}}\n",
    )
    said: list[str] = []
    assert comment_options(plan, tmp_path, "github", said.append).templates == {}
    assert said == ["the template pipe of the comment cannot be read: it is a pipe, and no regular file"]
