"""The lines of shell that all providers' jobs share, run by a real shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.providers.shell import TOOL, commands, install


def run(lines: tuple[str, ...], place: Path, path: str) -> subprocess.CompletedProcess[str]:
    """Run them as a job's script would be."""
    script = "\n".join(["set -e", *lines])
    env = {"PATH": path, "HOME": str(place)}
    return subprocess.run(["/bin/sh", "-c", script], cwd=place, env=env, capture_output=True, text=True, check=False)


def program(folder: Path, name: str, text: str) -> None:
    """An executable of that name."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_the_tool_of_the_path_is_taken_when_it_is_of_this_version(tmp_path: Path) -> None:
    program(tmp_path / "bin", "ci-orchestrator", "echo ci-orchestrator 1.2.3")
    assert run(install("1.2.3"), tmp_path, f"{tmp_path}/bin:{os.defpath}").returncode == 0
    assert (tmp_path / TOOL).resolve() == tmp_path / "bin" / "ci-orchestrator"


def test_without_a_python_the_job_says_what_it_needs(tmp_path: Path) -> None:
    program(tmp_path / "bin", "ci-orchestrator", "echo ci-orchestrator 1.2.2")
    for name in ("mkdir", "ln"):
        (tmp_path / "bin" / name).symlink_to(Path("/bin") / name)
    done = run(install("1.2.3"), tmp_path, f"{tmp_path}/bin")
    assert done.returncode == 1
    assert done.stderr == "this job needs Python 3.11 or newer with venv, or ci-orchestrator 1.2.3 on its PATH\n"
    assert not (tmp_path / TOOL).exists()


def test_nothing_of_the_project_is_imported_while_the_tool_is_installed(tmp_path: Path) -> None:
    for name in ("ensurepip", "pip", "sys", "venv"):
        (tmp_path / f"{name}.py").write_text("open('hacked', 'w')")
    lines = ("export PIP_NO_INDEX=1", *install("1.2.3", ["online"]))
    done = run(lines, tmp_path, f"{Path(sys.base_prefix) / 'bin'}:{os.defpath}")
    assert "No matching distribution found for ci-orchestrator[online]==1.2.3" in done.stderr
    assert not (tmp_path / "hacked").exists()


@given(st.lists(st.text(st.characters(blacklist_characters="\0", codec="utf-8")), min_size=1))
def test_words_of_a_command_stay_what_they_are(words: list[str]) -> None:
    (line,) = commands([["printf", "%s\\0", *words]])
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True)
    assert done.stdout.decode() == "".join(f"{word}\0" for word in words)
