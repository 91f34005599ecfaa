from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ci_orchestrator import __version__
from ci_orchestrator.cli import table
from ci_orchestrator.cli.main import main
from ci_orchestrator.cli.table import COMMANDS
from ci_orchestrator.errors import ExitCode

PROGRAM = [sys.executable, "-m", "ci_orchestrator"]


def test_no_command_shows_the_help_and_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == ExitCode.USER_ERROR
    shown = capsys.readouterr()
    assert "usage: ci-orchestrator" in shown.out
    assert "no command" in shown.err


def test_help_names_every_command_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in COMMANDS:
        assert f"ci-orchestrator {command.examples[0][0]}" in shown


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_has_help_with_its_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    for typed, does in table.BY_NAME[command].examples:
        assert typed in shown
        assert does in shown
    assert ("--json" in shown) is table.BY_NAME[command].data


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"ci-orchestrator {__version__}\n"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["docter"], "did you mean 'doctor'?"),
        (["zzz"], "one of: init, plan"),
        (["init", "--forse"], "did you mean --force?"),
        (["init", "extra"], "see ci-orchestrator init --help"),
        (["--color", "alway", "doctor"], "did you mean 'always'?"),
        (["init", "--demo"], "see ci-orchestrator init --help"),
    ],
)
def test_a_mistake_in_the_arguments_gets_a_hint(
    words: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == ExitCode.USER_ERROR
    assert hint in capsys.readouterr().err


def test_options_are_not_abbreviated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--forc"]) == ExitCode.USER_ERROR
    assert "unrecognized arguments: --forc" in capsys.readouterr().err


def test_with_json_errors_are_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "testplan.yaml").touch()
    assert main(["-C", str(tmp_path), "init", "--json"]) == ExitCode.USER_ERROR
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["type"] == "UserError"
    assert error["exit_code"] == ExitCode.USER_ERROR
    assert "--force" in error["fix"]
    assert error["where"] == "testplan.yaml"


def test_with_json_a_mistake_in_the_arguments_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--json", "--forse"]) == ExitCode.USER_ERROR
    assert "--forse" in json.loads(capsys.readouterr().out)["error"]["what"]


@pytest.mark.parametrize("words", [["-C", "{}", "init"], ["init", "-C", "{}"]])
def test_c_works_there_and_comes_back(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path.cwd()
    assert main([word.format(tmp_path) for word in words]) == ExitCode.OK
    assert (tmp_path / "testplan.yaml").is_file()
    assert Path.cwd() == before


def test_c_of_nothing_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(tmp_path / "none"), "init"]) == ExitCode.USER_ERROR
    assert "No such file or directory" in capsys.readouterr().err


class TestUnexpectedErrors:
    """A bug is told as a bug: exit code 70, a short message, the traceback kept."""

    @pytest.fixture
    def broken(self, tmp_path: Path) -> list[str]:
        """A program whose `doctor` has a bug."""
        (tmp_path / "broken.py").write_text(
            "import sys\n"
            "from ci_orchestrator.cli import doctor, main\n"
            "def run(args):\n"
            "    raise ZeroDivisionError('a secret of ours')\n"
            "doctor.run = run\n"
            "sys.exit(main.main(sys.argv[1:]))\n"
        )
        return [sys.executable, str(tmp_path / "broken.py"), "doctor"]

    def test_the_traceback_goes_to_a_private_file(self, broken: list[str], tmp_path: Path) -> None:
        done = subprocess.run(broken, capture_output=True, text=True, env={**os.environ, "TMPDIR": str(tmp_path)})
        assert done.returncode == ExitCode.BUG
        assert "Traceback" not in done.stderr
        assert "ZeroDivisionError" in done.stderr
        assert "please report" in done.stderr
        (kept,) = tmp_path.glob("ci-orchestrator-crash-*.txt")
        assert str(kept) in done.stderr
        assert "Traceback" in kept.read_text()
        assert kept.stat().st_mode & 0o077 == 0

    def test_debug_prints_it(self, broken: list[str], tmp_path: Path) -> None:
        done = subprocess.run(
            [*broken, "--debug"], capture_output=True, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
        )
        assert done.returncode == ExitCode.BUG
        assert "Traceback" in done.stderr
        assert list(tmp_path.glob("ci-orchestrator-crash-*")) == []

    def test_with_json_it_is_json(self, broken: list[str], tmp_path: Path) -> None:
        done = subprocess.run(
            [*broken, "--json"], capture_output=True, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
        )
        assert json.loads(done.stdout)["error"]["exit_code"] == ExitCode.BUG


@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize("words", [["completion", "bash"], ["doctor"]])
def test_a_reader_that_goes_away_is_no_error(words: list[str], buffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": buffered}
    with subprocess.Popen(
        [*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == ExitCode.INTERRUPTED


def test_an_interrupt_ends_with_130(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from ci_orchestrator.cli import doctor, main\n"
        "def run(args):\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
        "doctor.run = run\n"
        "sys.exit(main.main(['doctor']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "interrupted" in err
    assert "Traceback" not in err


def test_names_that_the_terminal_cannot_show_are_escaped(tmp_path: Path) -> None:
    folder = tmp_path / "grün-緑"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*PROGRAM, "init", "--demo", str(folder)], capture_output=True, env=environment)
    assert done.returncode == ExitCode.OK, done.stderr
    assert b"gr\\xfcn-\\u7dd1" in done.stdout
