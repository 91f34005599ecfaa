"""The completion scripts do complete: bash itself is asked; other shells where they are installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from parts import need

from ci_orchestrator.cli.completion import SHELLS
from ci_orchestrator.cli.main import main

ASK_BASH = """
source "$1"
COMP_WORDS=("${@:2}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMP_LINE="${COMP_WORDS[*]}"
COMP_POINT=${#COMP_LINE}
complete -p ci-orchestrator >/dev/null || exit 9
handler=$(complete -p ci-orchestrator | sed 's/.*-F \\([^ ]*\\).*/\\1/')
$handler
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["completion", request.param]) == 0
    path = tmp_path / f"completion.{request.param}"
    path.write_text(capsys.readouterr().out)
    return path


@pytest.mark.parametrize("script", ["bash"], indirect=True)
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ([""], {"doctor", "init", "plan", "run", "report", "explain"}),
        (["do"], {"doctor"}),
        (["init", "--f"], {"--force"}),
        (["completion", ""], {"bash", "fish", "zsh"}),
        (["doctor", "--color", ""], {"always", "auto", "never"}),
    ],
)
def test_bash_completes(script: Path, typed: list[str], offered: set[str]) -> None:
    need(shutil.which("bash"), "bash is not installed")
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK_BASH, "bash", str(script), "ci-orchestrator", *typed],
        capture_output=True,
        text=True,
        check=True,
    )
    assert offered <= set(done.stdout.split()), done.stderr


@pytest.mark.parametrize("script", sorted(SHELLS), indirect=True)
def test_every_shell_accepts_its_script(script: Path) -> None:
    shell = script.suffix[1:]
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", str(script)], check=True)


@pytest.mark.parametrize("script", sorted(SHELLS), indirect=True)
def test_every_script_names_the_commands(script: Path) -> None:
    text = script.read_text()
    assert "ci-orchestrator" in text
    assert "doctor" in text
