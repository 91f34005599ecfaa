"""git in a checkout: with its remotes and credentials, and without touching anything else of it.

Objects go to a directory of their own, hooks and maintenance are off, no reference and no FETCH_HEAD is written. git
asks nobody for a password, and ends in time. git 2.31 or newer.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from ci_orchestrator.history.base import HistoryError

PATIENCE = 120.0
"""Seconds for one command."""

REMOTE = "ci-orchestrator-history"
"""What the remote is called while a command runs."""

_QUIET = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.version": "2",
}
_OPTIONS = [word for key, value in _QUIET.items() for word in ("-c", f"{key}={value}")]
_WHO = {"NAME": "ci-orchestrator", "EMAIL": "ci-orchestrator@localhost"}
_IDENTITY = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _WHO.items()}
_SETTINGS = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")
_WORDS = 400  # characters of what git said that an error repeats


class GitError(HistoryError):
    """git said no."""


class Git:
    """A checkout, seen through objects of `scratch`, which the caller removes, and one of its remotes (its name or an
    address), which is called `REMOTE` here. Raises `GitError`."""

    def __init__(self, checkout: Path, scratch: Path, remote: str) -> None:
        self._checkout = checkout
        self._environ = {**os.environ, **_SETTINGS, **_IDENTITY}
        objects = self.ask("rev-parse", "--path-format=absolute", "--git-path", "objects").decode().strip()
        self._call_it(self._address(remote))
        self._environ["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = f'"{objects}"' if ":" in objects else objects
        self._environ["GIT_OBJECT_DIRECTORY"] = str(scratch)

    def _address(self, remote: str) -> str:
        try:
            found = self.ask("remote", "get-url", "--push", remote).decode("utf-8", "surrogateescape")
        except GitError:
            return remote
        return found.partition("\n")[0]

    def _call_it(self, address: str) -> None:
        """By its own name, git would write down what it saw there, as a reference to objects that will be gone. An
        address among the arguments would show its login to all users of the machine."""
        number = int(self._environ.get("GIT_CONFIG_COUNT") or 0)
        ours = {f"KEY_{number}": f"remote.{REMOTE}.url", f"VALUE_{number}": address, "COUNT": str(number + 1)}
        self._environ |= {f"GIT_CONFIG_{name}": value for name, value in ours.items()}

    def knows(self, commit: str) -> bool:
        """True when the commit is at hand."""
        try:
            self.ask("cat-file", "-e", f"{commit}^{{commit}}")
        except GitError:
            return False
        return True

    def ask(self, *arguments: str, data: bytes = b"") -> bytes:
        """What the command writes when it is handed `data`."""
        with (
            tempfile.TemporaryFile() as said,
            tempfile.TemporaryFile() as complaint,
            tempfile.TemporaryFile() as handed,
        ):
            # Files and not pipes: what git started may outlive it, and would keep a pipe open.
            handed.write(data)
            handed.seek(0)
            try:
                process = subprocess.Popen(
                    ["git", *_OPTIONS, *arguments],
                    cwd=self._checkout,
                    env=self._environ,
                    stdin=handed,
                    stdout=said,
                    stderr=complaint,
                    start_new_session=True,
                )
            except OSError as error:
                raise GitError(f"git cannot be started: {error.strerror}", fix="install git") from None
            code = _wait(process)
            said.seek(0)
            complaint.seek(0)
            if code:
                words = complaint.read().decode("utf-8", "replace").strip() if code > 0 else "it did not end in time"
                raise GitError(f"git {arguments[0]} failed: {without_logins(words)[-_WORDS:]}")
            return said.read()


def without_logins(text: str) -> str:
    """`text` with the names and passwords of its URLs taken out."""
    return _LOGIN.sub("***@", text)


def _wait(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(PATIENCE)
    except BaseException as error:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            return code or -signal.SIGKILL
        raise
