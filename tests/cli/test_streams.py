"""Standard streams that are closed, or that take nothing, as shells and CI systems hand them over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from parts import need
from projects import make_project

from ci_orchestrator.errors import ExitCode

FULL = Path("/dev/full")


def shell(redirections: str, *words: str, at: Path) -> subprocess.CompletedProcess[str]:
    """Run our command as a shell does it, with `redirections`; all words are ours."""
    command = ["sh", "-c", f'exec "$@" {redirections}', "sh", sys.executable, "-m", "ci_orchestrator", *words]
    return subprocess.run(command, cwd=at, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one test, which passes."""
    return make_project(tmp_path_factory.mktemp("streams"), {"tests/test_a.py": "def test_a(): print('said')\n"}).root


@pytest.mark.parametrize("redirections", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_a_run_needs_no_open_stream(here: Path, redirections: str) -> None:
    done = shell(redirections, "run", "--workers", "1", at=here)
    assert done.returncode == ExitCode.OK, done.stderr
    assert "Traceback" not in done.stderr
    done = shell(redirections, "report", at=here)
    assert done.returncode == ExitCode.OK, done.stderr
    assert shell(redirections, "--help", at=here).returncode == ExitCode.OK


def test_notes_that_find_no_room_change_nothing(here: Path) -> None:
    need(FULL.exists(), "/dev/full is absent: run this on Linux")
    done = shell(f"2>{FULL}", "run", "--workers", "1", at=here)
    assert done.returncode == ExitCode.OK
    assert "PASSED" in done.stdout
    assert shell(f"2>{FULL}", "run", "--workers", "0", at=here).returncode == ExitCode.USER_ERROR


@pytest.mark.parametrize(
    "words", [["--help"], ["run", "--workers", "1"], ["plan", "--json"], ["run", "--jsn", "--json"]]
)
def test_a_result_that_finds_no_room_is_told(here: Path, words: list[str]) -> None:
    need(FULL.exists(), "/dev/full is absent: run this on Linux")
    done = shell(f">{FULL}", *words, at=here)
    assert done.returncode == ExitCode.USER_ERROR
    assert "standard output cannot be written: No space left on device" in done.stderr
