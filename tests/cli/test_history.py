"""What is remembered, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from projects import make_project, run_cli

from ci_orchestrator.api.project import Project
from ci_orchestrator.clock import FakeClock
from ci_orchestrator.history.base import BuildRecord, Observation
from ci_orchestrator.history.blobs.folder import FolderBlobs
from ci_orchestrator.history.carrying import push
from ci_orchestrator.history.sqlite import SqliteHistory
from ci_orchestrator.results.model import Outcome


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project, and beside it a folder in which two builds of it are kept."""
    kept = tmp_path / "elsewhere.sqlite"
    store = SqliteHistory(kept)
    for number, branch in enumerate(("main", "\x1b[31mred"), start=1):
        seen = [Observation(f"unit::t.py::test_{n}", Outcome.PASSED, 0.5) for n in range(3)]
        store.record(
            BuildRecord(
                build=f"b{number}", started=86_400.0 * number, branch=branch, revision="a" * 40, observations=seen
            )
        )
    store.close()
    push(kept, FolderBlobs(str(tmp_path / "kept"), tmp_path), keep=10, clock=FakeClock())
    return make_project(tmp_path / "shop", {"tests/test_it.py": "def test_it(): pass\n"})


def test_what_is_kept_elsewhere_is_fetched_once_and_told(project: Project) -> None:
    first = run_cli(project, "history", "--memory", "../kept")
    assert first.returncode == 0, first.stderr
    newest, older = first.stdout.splitlines()[1:3]
    assert newest.startswith("1970-01-03 00:00")
    assert older.split() == ["1970-01-02", "00:00", "UTC", "b1", "main", "aaaaaaaaaa", "3", "0", "0"]
    assert "\x1b[31m" not in first.stdout, "a branch may be called anything"
    assert "2 builds remembered, 2 of them fetched" in first.stdout
    again = json.loads(run_cli(project, "history", "--memory", "../kept", "--json").stdout)
    assert (again["fetched"], [one["build"] for one in again["builds"]]) == (0, ["b2", "b1"])


def test_a_build_of_no_time_at_all_ends_no_command(project: Project) -> None:
    """A bundle can say that it began whenever it likes; each build that plans with a memory would fail from then on."""
    seen = [Observation("unit::t.py::test_it", Outcome.PASSED, 0.5)]
    store = SqliteHistory(project.history_file)
    store.record(BuildRecord(build="odd", started=1e300, branch="main", revision="a" * 40, observations=seen))
    store.close()
    done = run_cli(project, "history")
    assert (done.returncode, done.stdout.splitlines()[1].split()[0]) == (0, "odd")


def test_no_memory_is_no_failure_and_an_address_that_is_none_is(project: Project) -> None:
    empty = run_cli(project, "history")
    assert (empty.returncode, empty.stdout.splitlines()[-1]) == (0, "no builds remembered")
    for file in (project.root.parent / "kept").iterdir():
        file.write_bytes(b"garbage")
    damaged = run_cli(project, "history", "--memory", "../kept")
    assert damaged.returncode == 0
    assert "is damaged, and not used" in damaged.stderr
    unknown = run_cli(project, "history", "--memory", "ftp:elsewhere")
    assert unknown.returncode == 2
    assert "fix:" in unknown.stderr
