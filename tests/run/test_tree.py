from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.run.tree import MARK, Tree, is_alive, marked, sample

MARKS = st.text(st.sampled_from("ab-1"), min_size=1, max_size=4)


@given(st.lists(MARKS, max_size=5))
def test_marks_add_up_and_each_stands_once(marks: list[str]) -> None:
    env: dict[str, str] = {"A": "1"}
    for mark in marks:
        env = marked(env, mark)
    assert env["A"] == "1"
    found = [mark for mark in env.get(MARK, "").split(":") if mark]
    assert sorted(found) == sorted(set(marks))
    assert not marks or found[-1] == marks[-1]


@pytest.fixture
def family() -> Iterator[subprocess.Popen[bytes]]:
    """A parent that used 0.3 s of CPU and holds 50 MB, and its child, which holds 50 MB too."""
    source = """
import os, sys, time
held = bytearray(b"x" * 50_000_000)
child = os.fork()
if child == 0:
    held[:] = b"y" * len(held)
    sys.stdout.write("child\\n"); sys.stdout.flush()
else:
    while time.process_time() < 0.3: pass
    sys.stdout.write("parent\\n"); sys.stdout.flush()
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert {process.stdout.readline(), process.stdout.readline()} == {b"child\n", b"parent\n"}
        yield process
        for member in [*psutil.Process(process.pid).children(recursive=True), process]:
            member.kill()


def test_members_and_usage_of_a_tree(family: subprocess.Popen[bytes]) -> None:
    root = psutil.Process(family.pid)
    children = [child.pid for child in root.children()]
    assert [member.pid for member in Tree(root, "no-such-mark").members()] == sorted([family.pid, *children])
    usage = sample(family.pid)
    assert usage.processes == 2
    assert usage.cpu >= 0.3
    assert usage.rss >= 100_000_000


def test_everything_recognised_is_shown_at_once(family: subprocess.Popen[bytes]) -> None:
    seen: list[int] = []
    members = Tree(psutil.Process(family.pid), "no-such-mark").members(
        on_sight=lambda process: seen.append(process.pid)
    )
    assert sorted(seen) == [member.pid for member in members]


def test_we_are_no_member_of_our_own_tree() -> None:
    assert os.getpid() not in {member.pid for member in Tree(psutil.Process(), "no-such-mark").members()}


def test_what_is_gone_uses_nothing_and_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        known = psutil.Process(process.pid)
    assert not is_alive(known)
    assert sample(process.pid).processes == 0
