"""Finding and running other people's engines: what is installed where, and a small, clean environment for each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parts import need

ENGINES = Path(__file__).resolve().parent / "engines"
NODE_MODULES = ENGINES / "node_modules"


class EngineError(Exception):
    """The engine refused the pipeline, broke down, or ran out of time; the message holds what it printed."""


@dataclass(frozen=True)
class Output:
    """What one run of a tool printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return f"{self.out}\n{self.err}".strip()


def node_package(name: str) -> Path:
    """Folder of an npm package of tests/engines, or skip."""
    need(shutil.which("node"), "Node.js is missing: apt-get install -y nodejs npm")
    folder = NODE_MODULES / name
    need(folder.is_dir(), f"npm package {name} is missing: npm ci --prefix tests/engines")
    return folder


def python_tool(name: str, package: str) -> Path:
    """A program that a Python package put beside this interpreter, or on PATH; or skip."""
    beside = Path(sys.executable).parent / name
    found = beside if beside.exists() else shutil.which(name)
    need(found, f"{name} is missing: pip install {package}")
    return Path(str(found))


def debian_tool(name: str, package: str) -> Path:
    """A program of a Debian package, or skip."""
    found = shutil.which(name)
    need(found, f"{name} is missing: apt-get install -y --no-install-recommends {package}")
    return Path(str(found))


def clean_environment(
    home: Path, *, path: Sequence[Path | str] = (), extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """An environment that holds nothing of this machine's own CI or user: PATH (`path` first), an empty HOME, UTF-8."""
    search = [*(str(each) for each in path), os.environ.get("PATH", os.defpath)]
    git = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    return (
        {"PATH": os.pathsep.join(search), "HOME": str(home), "LANG": "C.UTF-8", "NO_COLOR": "1"}
        | git
        | dict(extra or {})
    )


def run_tool(argv: Sequence[Path | str], *, cwd: Path, timeout: float, env: Mapping[str, str] | None = None) -> Output:
    """Run to the end within `timeout` seconds; EngineError when it takes longer.

    `timeout -k` bounds it, for an engine that spins does not answer to a plain signal.
    """
    command = ["timeout", "-k", "2", f"{timeout:g}", *map(str, argv)]
    done = subprocess.run(
        command,
        cwd=cwd,
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    output = Output(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
    if output.code in {124, 137}:
        raise EngineError(f"{Path(argv[0]).name} did not end within {timeout:g} s:\n{output.text[-4000:]}")
    return output


def git_repository(repo: Path, env: Mapping[str, str]) -> None:
    """Make `repo` a git repository with everything committed and a remote `origin`, where it is not one yet."""

    def git(*args: str) -> Output:
        identity = ["-c", "user.name=Engine", "-c", "user.email=engine@example.org", "-c", "commit.gpgsign=false"]
        return run_tool([debian_tool("git", "git"), *identity, *args], cwd=repo, env=env, timeout=60)

    if not (repo / ".git").exists():
        git("init", "--quiet", "--initial-branch=main", ".")
    if git("rev-parse", "--verify", "--quiet", "HEAD").code:
        git("add", "--all")
        git("commit", "--quiet", "--allow-empty", "--message=everything")
    if not git("remote", "get-url", "origin").out:
        git("remote", "add", "origin", "https://git.example.org/group/project.git")
