"""One run of a tool for a batch of tests: its process, what is measured while it goes on, and what it prints."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from ci_orchestrator.errors import UserError
from ci_orchestrator.run.process import Process
from ci_orchestrator.run.tree import sample

LIST_LIMIT = 64 << 20
"""Bytes that a list command may print."""

_LOOK = (0.1, 1.0)  # seconds between two samples of a run's memory: the first, and the longest


@dataclass(slots=True)
class Batch:
    """A run for `tests`, with directories for its results and its coverage, and a log, all its own.

    `at`: Unix seconds; `clock`: the same moment on `time.perf_counter`. `duration` and `peak` (bytes) are measured.
    """

    tests: list[str]
    process: Process
    results: Path
    coverage: Path
    log: Path
    at: float
    clock: float
    duration: float = 0.0
    peak: int = 0

    @property
    def alone(self) -> bool:
        """It runs a single test."""
        return len(self.tests) == 1

    def wait(self, limit: float | None) -> int:
        """Its exit code, once it and all that it started are gone; it is ended when it is `limit` seconds old."""
        code = self.wait_until(limit)
        if code is None:
            self.process.end()
            code = self.process.wait()
        self.duration = time.perf_counter() - self.clock
        self.process.sweep()
        self.peak = max(self.peak, self.process.usage.peak_memory)
        return code

    def wait_until(self, age: float | None) -> int | None:
        """The program's exit code; None when it still runs at the `age` of so many seconds."""
        pause, longest = _LOOK
        while age is None or (left := self.clock + age - time.perf_counter()) > 0:
            code = self.process.wait(pause if age is None else min(pause, left))
            if code is not None:
                return code
            self.peak = max(self.peak, sample(self.process.pid).rss)
            pause = min(pause * 2, longest)
        return self.process.poll()


def read_all(process: Process) -> bytes:
    """What the process writes until it ends: what it left running may not keep the pipe open.

    Raises `UserError`, and ends it, when that is more than `LIST_LIMIT`.
    """
    output: list[bytes] = []

    def read() -> None:
        output.append(process.stdout.read(LIST_LIMIT + 1))
        if len(output[0]) > LIST_LIMIT:
            process.end()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    process.wait()
    process.sweep()
    reader.join()
    process.stdout.close()
    if len(output[0]) > LIST_LIMIT:
        raise UserError(f"the list command printed more than {LIST_LIMIT >> 20} MiB", fix="print one id a line")
    return output[0]
