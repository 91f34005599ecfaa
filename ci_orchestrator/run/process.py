"""The process executor: start a program by argument list, and end it with everything that it started.

Never a shell, never a process group of ours. A signal reaches a process only after psutil has checked, by its creation
time, that the number still belongs to the process that was meant.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, Literal, cast, overload

import psutil

from ci_orchestrator.errors import UserError
from ci_orchestrator.run.tree import GONE, Tree, is_alive, marked

if sys.platform != "win32":
    import resource

GRACE = (5.0, 5.0)  # seconds to obey an interrupt, then a request to terminate
KILL_LIMIT = 10.0  # seconds after which what even SIGKILL did not end (uninterruptible I/O) is reported instead
UNKNOWN_EXIT = 255  # somebody else reaped our child, so its code is lost; never taken for success

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # getrusage(2), ru_maxrss: bytes there, KiB elsewhere
_POLL = (0.001, 0.02)  # seconds between two looks: the first, and the longest


@dataclass(frozen=True, slots=True)
class Leftover:
    """A process that was found after its time. `command`: its name."""

    pid: int
    command: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What an ended process used, with the children that it waited for. `cpu`: user and system seconds.

    `peak_memory`: bytes resident, of the largest one of them; 0 when it was no larger than we were ourselves, because a
    child is accounted our size until it becomes its program. Both are 0 where the system does not tell (Windows).
    """

    cpu: float = 0.0
    peak_memory: int = 0


class Process:
    """A running program and its descendants. Thread-safe."""

    def __init__(self, popen: subprocess.Popen[bytes], marker: str) -> None:
        self.pid = popen.pid
        self.usage = Usage()
        self._popen = popen
        self._root = psutil.Process(popen.pid)
        self._tree = Tree(self._root, marker)
        self._own_size = _own_size()
        self._reaping = threading.Lock()
        self._ending = threading.Lock()
        self._hurry = threading.Event()

    @property
    def stdin(self) -> BinaryIO:
        """The pipe to its standard input. Raises ValueError when none was asked for."""
        return _pipe(self._popen.stdin)

    @property
    def stdout(self) -> BinaryIO:
        """The pipe from its standard output. Raises ValueError when none was asked for."""
        return _pipe(self._popen.stdout)

    def poll(self) -> int | None:
        """The exit code, negative for a signal, or None while the program runs."""
        with self._reaping:
            if self._popen.returncode is None:
                self._reap()
            return self._popen.returncode

    @overload
    def wait(self) -> int: ...
    @overload
    def wait(self, timeout: float) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the program (not for its descendants); None when `timeout` seconds were not enough."""
        return self.poll() if _until(lambda: self.poll() is not None, timeout) else None

    def end(self, grace: tuple[float, float] = GRACE) -> tuple[Leftover, ...]:
        """End the whole tree: interrupt, terminate, kill. Returns what survived even that (nothing, normally).

        `grace`: seconds to obey the first and the second request; 0 leaves a request out. May be called again and from
        several threads: a later call waits for an earlier one, and with a grace of (0, 0) it makes that one hurry.
        """
        if not any(grace):
            self._hurry.set()
        with self._ending:
            for request, seconds in zip(_REQUESTS, grace, strict=True):
                if seconds > 0 and not self._hurry.is_set() and self._ask(request, seconds):
                    return ()
            return _leftovers(self._kill())

    def sweep(self, grace: float = 0.0) -> tuple[Leftover, ...]:
        """End what the program left behind after it ended by itself; returns what was found and ended."""
        with self._ending:
            found = [process for process in self._tree.members() if process.pid != self.pid]
            left = _leftovers(found)
            if left and not (grace > 0 and self._ask(psutil.Process.terminate, grace)):
                self._kill()
            return left

    def _reap(self) -> None:
        """Take the exit code and the usage of the program, if it has ended. The caller holds the lock."""
        if sys.platform == "win32":
            self._popen.poll()
            return
        try:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
        except ChildProcessError:
            self._popen.returncode = UNKNOWN_EXIT
            return
        if pid == self.pid:
            self._popen.returncode = os.waitstatus_to_exitcode(status)
            peak = used.ru_maxrss * _RSS_UNIT
            self.usage = Usage(cpu=used.ru_utime + used.ru_stime, peak_memory=peak if peak > self._own_size else 0)

    def _ask(self, request: _Act, seconds: float) -> bool:
        """Send `request` to every member, waking the stopped; True when the tree was gone within `seconds`."""
        members = self._tree.members()
        for process in members:
            _do(request, process)
            _do(psutil.Process.resume, process)
        _until(lambda: self._hurry.is_set() or self._gone(members), seconds)
        return self.poll() is not None and not self._tree.members()

    def _gone(self, members: list[psutil.Process]) -> bool:
        self.poll()  # an ended child of ours stays a zombie until it is reaped
        return not any(map(is_alive, members))

    def _kill(self) -> list[psutil.Process]:
        """Kill the tree, so that nothing escapes by forking: freeze until nobody new turns up, then kill all.

        Returns the members that were left when `KILL_LIMIT` was over.
        """
        deadline = time.monotonic() + KILL_LIMIT
        freeze_until = deadline - KILL_LIMIT / 2
        frozen: set[psutil.Process] = set()

        def freeze(process: psutil.Process) -> None:
            if process not in frozen:
                frozen.add(process)
                _do(psutil.Process.suspend, process)

        while time.monotonic() < deadline:
            before = len(frozen)
            members = self._tree.members(on_sight=freeze)
            if not members and self.poll() is not None:
                return []
            if len(frozen) == before or time.monotonic() > freeze_until:
                for process in members:
                    _do(psutil.Process.kill, process)
                _until(partial(self._gone, members), 1.0)
        return self._tree.members()


def start(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    marker: str,
    stdin: bool = False,
    stdout: Literal["pipe", "log"] | Path = "log",
) -> Process:
    """Start `argv` in `cwd` with exactly `env` (plus the mark), in a session of its own.

    stderr, and stdout unless it is a pipe or a file of its own, are appended to the file `log`. `marker` must be
    unique: by it the descendants are found. A program without a slash is looked up on the PATH of `env`; one with a
    slash is relative to `cwd`. Raises `UserError` when it cannot be started.
    """
    if not cwd.is_dir():
        raise UserError(f"cannot start {_shown(argv)}: the directory {cwd} does not exist", fix="check `cwd`")
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("ab") as output, (stdout if isinstance(stdout, Path) else log).open("ab") as written:
            popen = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=marked(env, marker),
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE if stdout == "pipe" else written,
                stderr=output,
                start_new_session=True,
                close_fds=True,
            )
    except (OSError, ValueError, IndexError) as error:
        raise UserError(f"cannot start {_shown(argv)}: {_why(error)}", fix=_remedy(error)) from error
    return Process(popen, marker)


def signal_name(code: int) -> str:
    """The signal that an exit code stands for (``SIGKILL``), empty when the program exited by itself."""
    if code >= 0:
        return ""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def describe_exit(code: int) -> str:
    """An exit code in words. A shell reports the signal that ended its program as 128 + the signal's number."""
    if code < 0:
        return f"killed by {signal_name(code)}"
    shell = f" (128 + {name})" if code > 128 and (name := signal_name(128 - code)).startswith("SIG") else ""
    return f"exit code {code}{shell}"


_Act = Callable[[psutil.Process], None]


def _interrupt(process: psutil.Process) -> None:
    if sys.platform != "win32":  # there, only a console can be interrupted, never one process
        process.send_signal(signal.SIGINT)


_REQUESTS: tuple[_Act, _Act] = (_interrupt, psutil.Process.terminate)


def _do(act: _Act, process: psutil.Process) -> None:
    """Act on a process that may have ended meanwhile, or that we may not touch (another user's)."""
    with suppress(*GONE):
        act(process)


def _own_size() -> int:
    """The most bytes that we have had resident so far."""
    return 0 if sys.platform == "win32" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT


def _pipe(pipe: IO[bytes] | None) -> BinaryIO:
    if pipe is None:
        raise ValueError("the process was started without this pipe")
    return cast(BinaryIO, pipe)


def _leftovers(processes: Sequence[psutil.Process]) -> tuple[Leftover, ...]:
    return tuple(Leftover(process.pid, _name(process)) for process in processes)


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except GONE:
        return "?"


def _until(done: Callable[[], bool], timeout: float | None) -> bool:
    """Wait until `done()`, at most `timeout` seconds (None: as long as it takes); whether it was."""
    deadline = None if timeout is None else time.monotonic() + timeout
    pause, longest = _POLL
    while not done():
        left = longest if deadline is None else deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(pause * 2, longest)
    return True


def _shown(argv: Sequence[str]) -> str:
    """The program, bounded and escaped: it may come from a hostile plan."""
    return repr(argv[0][:200]) if argv else "an empty command"


def _why(error: Exception) -> str:
    match error:
        case OSError(errno=errno.ENOENT):
            return "there is no such program"
        case OSError(errno=errno.EACCES):
            return "it is not executable"
        case OSError():
            return error.strerror or str(error)
        case IndexError():
            return "it names no program"
    return str(error)


def _remedy(error: Exception) -> str:
    match error:
        case OSError(errno=errno.ENOENT):
            return "install it, or name it by a path that is relative to the suite's `cwd` (./run.sh)"
        case OSError(errno=errno.EACCES):
            return "make it executable (chmod +x)"
        case OSError(errno=errno.ENOEXEC):
            return "begin the script with its interpreter, as in `#!/bin/sh`"
        case OSError(errno=errno.E2BIG):
            return "hand over fewer or shorter arguments and environment variables"
    return "check the command in the plan"
