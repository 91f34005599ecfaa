"""pytest: a worker is one pytest session in the suite's interpreter, fed over a pipe (`pytest_worker`)."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ci_orchestrator.plan.models import Suite
from ci_orchestrator.results.model import Cause, Outcome
from ci_orchestrator.run.capture import tail_text
from ci_orchestrator.run.interpreter import child_environment, find_interpreter
from ci_orchestrator.run.process import Process, start
from ci_orchestrator.run.tools.base import Collected, Finished, Gone, Message, Sink, Started, Unknown, Workspace

WORKER = Path(__file__).with_name("pytest_worker.py")

# As `pytest` itself would be started: neither the current directory nor ours on sys.path.
_BOOT = (
    "import sys; p = sys.argv[1]; sys.path[:] = sys.path[1:] if sys.path[:1] == [''] else sys.path; "
    "exec(compile(open(p, 'rb').read(), p, 'exec'), {'__name__': '__ci_orchestrator_worker__', '__file__': p})"
)
_EVIDENCE = 16 * 1024
_UNREMARKABLE = (0, 2, 5)  # ended, interrupted by us, and none of the files it was asked to collect were its own
_USAGE_ERRORS = {3: "pytest had an internal error", 4: "pytest refused its arguments"}


class PytestTool:
    """See `base.Tool`."""

    name = "pytest"

    def open(self, suite: Suite, workspace: Workspace, sink: Sink) -> PytestSession:
        """Start a worker. Raises `UserError` when the interpreter or the working directory is missing."""
        python = find_interpreter(suite.python, workspace.project, workspace.env)
        log = workspace.scratch / "worker.log"
        process = start(
            [str(python), "-c", _BOOT, str(WORKER)],
            cwd=workspace.project / suite.cwd,
            env=child_environment(workspace.env, workspace=workspace, suite_env=suite.env),
            log=log,
            stdin=True,
            stdout="pipe",
            marker=workspace.marker,
        )
        settings = {
            "args": [*suite.args, *suite.paths],
            "worker": workspace.worker,
            "cache": str(workspace.scratch / "cache"),
            "claims": str(workspace.claims) if workspace.claims else None,
            "only": sorted(workspace.only) if workspace.only is not None else None,
        }
        return PytestSession(process, workspace.worker, settings, log, sink)


class PytestSession:
    """See `base.Session`. One thread writes what we ask, one reads what happens: neither can hold up the other.

    A third waits for the process: a child that a test forked holds the pipe open for as long as it lives.
    """

    def __init__(self, process: Process, worker: str, settings: dict[str, Any], log: Path, sink: Sink) -> None:
        self.pid = process.pid
        self._process = process
        self._worker = worker
        self._log = log
        self._sink = sink
        self._outbox: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._asked = False
        self._halted = ""
        self._code: int | None = None
        self._bad = 0
        self._outbox.put(settings)
        threading.Thread(target=self._write, name=f"{worker}-in", daemon=True).start()
        threading.Thread(target=self._read, name=f"{worker}-out", daemon=True).start()
        self._reaper = threading.Thread(target=self._reap, name=f"{worker}-reap", daemon=True)
        self._reaper.start()

    def run(self, tests: Sequence[str]) -> None:
        """See `base.Session.run`."""
        self._outbox.put({"op": "run", "tests": list(tests)})

    def flush(self) -> None:
        """See `base.Session.flush`."""
        self._outbox.put({"op": "flush"})

    def stop(self) -> None:
        """See `base.Session.stop`."""
        self._asked = True
        self._outbox.put({"op": "stop"})

    def kill(self) -> None:
        """See `base.Session.kill`."""
        self._asked = True
        threading.Thread(target=self._process.end, name=f"{self._worker}-end", daemon=True).start()

    def _write(self) -> None:
        stream = self._process.stdin
        while (message := self._outbox.get()) is not None:
            try:
                stream.write((json.dumps(message) + "\n").encode("ascii"))
                stream.flush()
            except (OSError, ValueError):  # the worker is gone; `_read` says so
                break
        try:
            stream.close()
        except OSError:
            return

    def _read(self) -> None:
        broken = ""
        with self._process.stdout as stream:
            try:
                for line in _lines(stream):
                    message = self._message(line)
                    if message is not None:
                        self._sink(self._worker, message)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                broken = f"something else wrote into the worker's pipe: {error!r}\n"
                self._process.end((0, 0))
        code = self._process.wait()
        self._outbox.put(None)
        self._reaper.join()
        if self._asked and code == self._code:
            code = 0  # pytest's own opinion of the session (tests failed, none ran) is not how the worker ended
        failed = self._halted or ("" if self._code is None else _USAGE_ERRORS.get(self._code, "")) or self._opinion()
        evidence = broken + tail_text(self._log, _EVIDENCE)
        self._sink(self._worker, Gone(exit_code=code, asked=self._asked, evidence=evidence, failed=failed))

    def _opinion(self) -> str:
        """What pytest as a whole thinks of its session, where its tests do not explain it."""
        if self._code in (None, *_UNREMARKABLE) or (self._code == 1 and self._bad):
            return ""
        return f"pytest ended with exit code {self._code} although its tests passed: a plugin or a hook decided that"

    def _reap(self) -> None:
        self._process.wait()
        self._process.sweep()

    def _message(self, line: dict[str, Any]) -> Message | None:
        kind = line.pop("ev")
        if kind == "start":
            return Started(test=line["test"], at=line["at"])
        if kind == "finish":
            line["outcome"] = Outcome(line["outcome"])
            line["cause"] = Cause(line.get("cause", ""))
            return Finished(**line)
        if kind == "collected":
            return Collected(
                tests=tuple(line["tests"]),
                errors=tuple((path, text) for path, text in line["errors"]),
                skipped=tuple((path, text) for path, text in line["skipped"]),
                modules=tuple((name, path) for name, path in line["modules"]),
            )
        if kind == "unknown":
            return Unknown(tests=tuple(line["tests"]))
        if kind == "halt":
            self._halted = f"pytest stopped: {line['why']}"
        elif kind == "bye":
            self._code, self._bad = line["code"], line["bad"]
        return None


def _lines(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    """Whole lines only: a worker that was killed may leave a torn one."""
    for line in stream:
        if line.endswith(b"\n"):
            yield json.loads(line)
