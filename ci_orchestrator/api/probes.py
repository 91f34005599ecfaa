"""Questions to this machine, each answered within a time limit."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import psutil

from ci_orchestrator.api import kvm_probe

T = TypeVar("T")


def ask(command: Sequence[str], *, seconds: float = 20.0, cwd: Path | None = None) -> tuple[int, str] | None:
    """Exit code and output of `command`; None when it is not there or does not end in time.

    A process that not even a kill ends (stuck in a driver) is left behind: the answer is None all the same.
    """
    try:
        process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError:
        return None
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=1.0)
        return None
    return process.returncode, output.decode("utf-8", "replace").strip()


def answers(questions: Sequence[Callable[[], T]], *, seconds: float) -> list[T | None]:
    """What the questions, asked all at once, give within so many seconds together; None for what takes longer.

    It is left behind: looking up the name of a host cannot be ended. Raises what a question raised.
    """
    found: list[T | None] = [None] * len(questions)
    raised: list[BaseException] = []

    def ask_one(number: int) -> None:
        try:
            found[number] = questions[number]()
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits
            raised.append(error)

    threads = [threading.Thread(target=ask_one, args=(number,), daemon=True) for number in range(len(questions))]
    until = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    if raised:
        raise raised[0]
    return list(found)


def kvm_works() -> bool:
    """True when a virtual CPU runs. The device file alone proves nothing: it can be there and hang."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    answer = ask([sys.executable, "-I", kvm_probe.__file__], seconds=5.0)
    return answer is not None and answer[0] == 0


def wal_works(folder: Path) -> bool:
    """True when a SQLite database in `folder` can be read while it is written (write-ahead log)."""
    database = folder / "probe.sqlite"
    with (
        contextlib.closing(sqlite3.connect(database)) as writer,
        contextlib.closing(sqlite3.connect(database)) as reader,
    ):
        mode = writer.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        writer.execute("CREATE TABLE probe (one INTEGER)")
        writer.commit()
        writer.execute("INSERT INTO probe VALUES (1)")
        return bool(mode == "wal" and reader.execute("SELECT count(*) FROM probe").fetchone() == (0,))


def memory() -> int:
    """Bytes that this process and its children may use: the machine's, or the control group's if that is less."""
    total = int(psutil.virtual_memory().total)
    with contextlib.suppress(OSError, ValueError):
        return min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total


def free_bytes(folder: Path) -> int:
    """Bytes that can still be written where `folder` is."""
    return shutil.disk_usage(folder).free
