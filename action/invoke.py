"""Runs one command of ci-orchestrator with the action's inputs, and says what came of it. Standard library only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from files import fail, write_output

HELPER = '!f() { if [ "$1" = get ]; then printf "username=x-access-token\\npassword=%s\\n" "$GITHUB_TOKEN"; fi; }; f'
"""What git runs for a login; it keeps nothing. See gitcredentials(7); the name of the user is GitHub's for tokens."""
LOCK = ".ci-orchestrator/plan.lock.json"
REPORT = ".ci-orchestrator/report"

OPTIONS = {
    "history": {"plan": "--plan", "memory": "--memory"},
    "plan": {"plan": "--plan", "lock": "--lock-out", "shards": "--shards", "emit": "--emit"},
    "run": {"plan": "--plan", "lock": "--lock", "job": "--job", "resume": "--resume", "out": "--out"},
    "gate": {"plan": "--plan", "lock": "--lock", "stage": "--stage", "out": "--out"},
    "report": {
        "plan": "--plan",
        "lock": "--lock",
        "base": "--base",
        "diff": "--diff",
        "gate": "--gate",
        "checks": "--check",
        "publish": "--publish",
        "forge": "--forge",
        "memory": "--memory",
        "out": "--out",
        "paths": "",
    },
}
"""Command → the inputs that it knows → their options; one without is given as it is, one path a line."""

SWITCHES = ("emit", "gate", "publish", "resume")


def inputs() -> dict[str, str]:
    """What was given, by name; what is empty, or a switch that is off, was not."""
    names = sorted({"command", *(name for options in OPTIONS.values() for name in options)})
    given = {name: os.environ.get(f"INPUT_{name.upper()}", "") for name in names}
    return {name: value for name, value in given.items() if value and not (name in SWITCHES and value == "false")}


def arguments(given: dict[str, str], emitted: Path) -> list[str]:
    """The command line, without the program. Ends the step when the inputs make no sense together."""
    command = given.get("command", "")
    if command not in OPTIONS:
        fail(f"The input command is one of {', '.join(OPTIONS)}, not {command!r}.")
    known = OPTIONS[command]
    unknown = sorted(set(given) - set(known) - {"command"})
    if unknown:
        fail(f"The command {command} has no input {unknown[0]}. It has: {', '.join(known)}.")
    words = [command]
    for name, value in {**defaults(command, given), **given}.items():
        if name == "emit":
            words += ["--provider", "github", "--emit", str(emitted)]
        elif name in SWITCHES:
            words.append(known[name])
        elif name in {"shards", "checks"}:
            words += [word for line in lines(value) for word in (known[name], line)]
        elif name not in {"command", "paths"}:
            words += [known[name], value]
    paths = lines(given.get("paths", ""))
    return [*words, "--", *paths] if paths else words


def defaults(command: str, given: dict[str, str]) -> dict[str, str]:
    """The lock is where the plan job puts it, and the report where the pipeline looks for it."""
    if command == "report":
        return {"out": REPORT, **({"lock": LOCK} if Path(LOCK).exists() else {})}
    return {"lock": LOCK} if command in {"plan", "gate"} or "job" in given else {}


def lines(text: str) -> list[str]:
    """The lines of an input that have something on them."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def environment(given: dict[str, str]) -> dict[str, str]:
    """The environment of the command. Where a branch is the memory, git is told by variables how the job's token opens
    GitHub, and GitHub alone; they end with the step, and no other helper is asked that would keep the token.
    """
    environ = dict(os.environ)
    server = environ.get("GITHUB_SERVER_URL", "")
    if given.get("memory", "").startswith("branch:") and server and environ.get("GITHUB_TOKEN"):
        count = int(environ.get("GIT_CONFIG_COUNT") or 0)
        for number, helper in enumerate(("", HELPER), start=count):
            environ |= {f"GIT_CONFIG_KEY_{number}": f"credential.{server}.helper", f"GIT_CONFIG_VALUE_{number}": helper}
        environ["GIT_CONFIG_COUNT"] = str(count + 2)
    return environ


def run(command: list[str], environ: dict[str, str]) -> int:
    """Run to the end; a cancelled job's signals are handed on, so that what has finished is kept."""
    with subprocess.Popen(command, env=environ) as process:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda got, _frame: process.send_signal(got))
        return process.wait()


def program() -> list[str]:
    """How ci-orchestrator is started; never by what lies in the directory that the tests are in."""
    command = os.environ.get("COMMAND", "")
    if command:
        return [command]
    place = Path(os.environ["DIRECTORY"])
    return [str(place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")), "-I", "-m", "ci_orchestrator"]


def main() -> int:
    """The exit code is that of the command."""
    given = inputs()
    emitted = Path(os.environ["RUNNER_TEMP"]) / "ci-orchestrator-jobs.json"
    emitted.unlink(missing_ok=True)
    code = run([*program(), *arguments(given, emitted)], environment(given))
    write_output("exit-code", str(code))
    write_output("lock", given.get("lock", LOCK))
    if emitted.is_file():
        write_output("jobs", emitted.read_text("utf-8").strip())
    if given["command"] == "report":
        write_output("report", Path(given.get("out", REPORT)).as_posix())
    return code


if __name__ == "__main__":
    sys.exit(main())
