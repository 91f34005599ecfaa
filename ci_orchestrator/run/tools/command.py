"""Any test tool that can be put into two commands: one lists the tests, one runs those that it is handed.

`list` prints one id a line (see `listing`). `run` is started with the ids where its `{tests}` stands, each an argument
of its own, and may leave result files of a known format in ``$CI_ORCHESTRATOR_RESULTS``, which is new for every run.

Tests run one by one until a run has left a report; from then on as many as were handed over run at once. A test for
which a run of several left no result is run again alone, in this worker and from then on: so the one that ends the
command, or holds it up for longer than all of them may take, is found by name and harms no other. Alone, a test
without a result

- is judged by the exit code when its command never writes reports: 0 passed, anything else failed;
- is not proven when its command ended by a signal, or writes reports but none for it: the worker is `Gone`, with the
  evidence.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path

from ci_orchestrator.errors import DiscoveryError, UserError
from ci_orchestrator.plan.models import Suite
from ci_orchestrator.plan.scalars import PLACEHOLDER
from ci_orchestrator.results.model import Cause, Outcome
from ci_orchestrator.run.capture import bounded_text, tail_text
from ci_orchestrator.run.interpreter import child_environment
from ci_orchestrator.run.process import Process, describe_exit, start
from ci_orchestrator.run.tools.base import Collected, Finished, Gone, Sink, Started, Unexpected, Unknown, Workspace
from ci_orchestrator.run.tools.listing import argument_room, parse_list, split_batches, to_listed
from ci_orchestrator.run.tools.reported import read_reports
from ci_orchestrator.run.tree import sample

LIST_LIMIT = 64 << 20
"""Bytes that a list command may print."""

_EVIDENCE = 16 * 1024
_LOOK = (0.1, 1.0)  # seconds between two samples of a run's memory: the first, and the longest


@dataclass(slots=True)
class Learned:
    """What the sessions of one suite have found out about its run command, for those that follow."""

    reports: bool = False
    alone: set[str] = field(default_factory=set)


class CommandTool:
    """See `base.Tool`, and the module."""

    name = "command"

    def __init__(self) -> None:
        self._learned: dict[str, Learned] = {}

    def open(self, suite: Suite, workspace: Workspace, sink: Sink) -> CommandSession:
        """Start a worker: a thread, which starts the commands. Raises `UserError` when the suite lacks one of them."""
        if suite.list_command is None or suite.run_command is None:
            raise UserError(
                f"suite {suite.name}: the tool `command` needs both `list` and `run`",
                fix="add the command that prints the test ids, and the one that runs `{tests}`",
            )
        learned = self._learned.setdefault(suite.name, Learned())
        return CommandSession(
            suite, workspace, learned, sink, list_command=suite.list_command, run_command=suite.run_command
        )


@dataclass(slots=True)
class _Run:
    """A run of the command for `tests`: its process, its own results directory and log, and what was measured."""

    tests: list[str]
    process: Process
    results: Path
    log: Path
    at: float
    clock: float
    duration: float = 0.0
    peak: int = 0

    @property
    def alone(self) -> bool:
        return len(self.tests) == 1

    def wait(self, limit: float | None) -> int:
        """Its exit code, once it and all that it started are gone; it is ended after `limit` seconds."""
        pause, longest = _LOOK
        while (code := self.process.wait(pause)) is None:
            self.peak = max(self.peak, sample(self.process.pid).rss)
            pause = min(pause * 2, longest)
            if limit is not None and time.perf_counter() - self.clock > limit:
                self.process.end()
        self.duration = time.perf_counter() - self.clock
        self.process.sweep()
        self.peak = max(self.peak, self.process.usage.peak_memory)
        return code


class CommandSession:
    """See `base.Session`. `pid` is that of the command that was started last, our own before there was one."""

    def __init__(
        self,
        suite: Suite,
        workspace: Workspace,
        learned: Learned,
        sink: Sink,
        *,
        list_command: Sequence[str],
        run_command: Sequence[str],
    ) -> None:
        self.pid = os.getpid()
        self._suite = suite
        self._list_command = list_command
        self._run_command = run_command
        self._workspace = workspace
        self._learned = learned
        self._sink = sink
        self._env = child_environment(workspace.env, workspace=workspace, suite_env=suite.env)
        self._room = argument_room(run_command, self._env)
        self._runs = 0
        self._listed: frozenset[str] | None = None
        self._todo: deque[str] = deque()
        self._process: Process | None = None
        self._stopping = self._killed = False
        self._changed = threading.Condition()
        threading.Thread(target=self._work, name=workspace.worker, daemon=True).start()

    def run(self, tests: Sequence[str]) -> None:
        """See `base.Session.run`."""
        unknown = () if self._listed is None else tuple(test for test in tests if test not in self._listed)
        if unknown:
            self._sink(self._workspace.worker, Unknown(tests=unknown))
        with self._changed:
            self._todo.extend(test for test in tests if test not in unknown)
            self._changed.notify()

    def flush(self) -> None:
        """See `base.Session.flush`: nothing is ever held back here."""

    def stop(self) -> None:
        """See `base.Session.stop`."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def kill(self) -> None:
        """See `base.Session.kill`."""
        with self._changed:
            self._stopping = self._killed = True
            self._changed.notify()
            process = self._process
        if process is not None:
            threading.Thread(target=process.end, name=f"{self._workspace.worker}-end", daemon=True).start()

    # -- the worker's thread ---------------------------------------------------------------------

    def _work(self) -> None:
        gone = Gone(exit_code=1, asked=False, failed="ci-orchestrator met a bug of its own in this worker")
        try:
            gone = self._serve()
        except UserError as error:
            gone = Gone(exit_code=1, asked=self._killed, failed=str(error))
        finally:
            self._sink(self._workspace.worker, gone)

    def _serve(self) -> Gone:
        collected = self._collect()
        if collected is not None:
            self._sink(self._workspace.worker, collected)
        while tests := self._next():
            gone = self._run(tests)
            if gone is not None:
                return gone
        return Gone(exit_code=0, asked=True)

    def _next(self) -> list[str]:
        """What to run next, as soon as there is something; nothing when it is time to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._todo or self._stopping)
            if self._killed or not self._todo:
                return []
            together = list(takewhile(lambda test: test not in self._learned.alone, self._todo))
            size = 1
            if self._learned.reports and together:
                size = len(next(split_batches(together, self._room)))
            return [self._todo.popleft() for _ in range(size)]

    def _start(self, argv: Sequence[str], *, results: Path, log: Path, pipe: bool = False) -> Process | None:
        """Start a command of the suite; None when the worker was killed meanwhile."""
        with self._changed:
            if self._killed:
                return None
            self._process = start(
                argv,
                cwd=self._workspace.project / self._suite.cwd,
                env={**self._env, "CI_ORCHESTRATOR_RESULTS": str(results)},
                log=log,
                stdout="pipe" if pipe else "log",
                marker=self._workspace.marker,
            )
            self.pid = self._process.pid
            return self._process

    # -- listing ---------------------------------------------------------------------------------

    def _collect(self) -> Collected | None:
        """List the tests, unless another worker does it, or nobody asked; None when the worker was killed."""
        only = self._workspace.only
        if only is not None and not only:
            return Collected()
        if self._workspace.claims is not None and not _claim(self._workspace.claims / "list"):
            return Collected()
        log = self._workspace.scratch / "list.log"
        process = self._start(self._list_command, results=self._workspace.results, log=log, pipe=True)
        if process is None:
            return None
        output = _read_all(process)
        code = process.wait()
        place = self._list_command[0]
        if code != 0:
            why = f"the list command failed: {describe_exit(code)}\n{tail_text(log, _EVIDENCE)}"
            return Collected(errors=((place, why),))
        try:
            tests = parse_list(output)
        except DiscoveryError as error:
            return Collected(errors=((place, str(error)),))
        self._listed = frozenset(tests)
        return Collected(tests=tuple(test for test in tests if only is None or test.partition("::")[0] in only))

    # -- running ---------------------------------------------------------------------------------

    def _run(self, tests: list[str]) -> Gone | None:
        """Run the command for `tests` and tell what came of it; `Gone` when the worker cannot go on after that."""
        with self._running(tests) as run:
            if run is None:
                return Gone(exit_code=0, asked=True)
            if run.alone:
                self._sink(self._workspace.worker, Started(test=tests[0], at=run.at))
            timeout = self._suite.test_timeout
            code = run.wait(None if timeout is None or run.alone else timeout * len(tests))
            if self._killed:
                return Gone(exit_code=code, asked=True, evidence=tail_text(run.log, _EVIDENCE))
            return self._conclude(run, code)

    @contextmanager
    def _running(self, tests: list[str]) -> Iterator[_Run | None]:
        self._runs += 1
        results = self._workspace.results / f"run{self._runs}"
        results.mkdir(parents=True)
        log = self._workspace.scratch / f"run{self._runs}.log"
        at = self._run_command.index(PLACEHOLDER)
        argv = [*self._run_command[:at], *map(to_listed, tests), *self._run_command[at + 1 :]]
        now, clock = time.time(), time.perf_counter()
        process = self._start(argv, results=results, log=log)
        try:
            yield None if process is None else _Run(tests, process, results, log, now, clock)
        finally:
            shutil.rmtree(results, ignore_errors=True)
            log.unlink(missing_ok=True)

    def _conclude(self, run: _Run, code: int) -> Gone | None:
        told = read_reports(run.results, run.tests, started=run.at)
        self._learned.reports = self._learned.reports or told.files > 0
        missing = [test for test in run.tests if test not in told.results]
        for case in told.unexpected:
            self._sink(self._workspace.worker, Unexpected(result=case, beside=run.tests[0]))
        for finished in told.results.values():
            self._tell(run, finished if missing else _believable(finished, list(told.results.values()), code))
        if missing and not run.alone:
            with self._changed:
                self._learned.alone.update(missing)
                self._todo.extendleft(reversed(missing))
        elif missing and code >= 0 and not self._learned.reports:
            self._tell(run, _by_exit_code(run, code))
        elif missing:
            why = f"the run command ended ({describe_exit(code)}) and reported no result for this test"
            evidence = "\n".join(filter(None, (why, told.notes(), tail_text(run.log, _EVIDENCE))))
            return Gone(exit_code=code, asked=False, evidence=evidence)
        return None

    def _tell(self, run: _Run, finished: Finished) -> None:
        if run.alone:
            cpu, duration = run.process.usage.cpu, finished.duration or run.duration
            finished = replace(finished, started=run.at, duration=duration, cpu=cpu, peak_memory=run.peak)
        else:
            self._sink(self._workspace.worker, Started(test=finished.test, at=finished.started))
        self._sink(self._workspace.worker, finished)


def _believable(finished: Finished, all_of_run: Sequence[Finished], code: int) -> Finished:
    """A report without a failure from a command that failed proves nothing: nothing fails open."""
    if code == 0 or any(one.outcome in (Outcome.FAILED, Outcome.ERRORED) for one in all_of_run):
        return finished
    if finished.outcome is not Outcome.PASSED:
        return finished
    return replace(
        finished,
        outcome=Outcome.ERRORED,
        cause=Cause.INFRASTRUCTURE,
        message=f"reported as passed, but the run command failed ({describe_exit(code)}) and reported no failure",
    )


def _by_exit_code(run: _Run, code: int) -> Finished:
    """The result of a test whose command writes no reports. Its stdout and stderr are one stream, kept as stdout."""
    passed = code == 0
    return Finished(
        test=run.tests[0],
        outcome=Outcome.PASSED if passed else Outcome.FAILED,
        cause=Cause.NONE if passed else Cause.FAILURE,
        message="" if passed else describe_exit(code),
        details="" if passed else tail_text(run.log, _EVIDENCE),
        stdout=bounded_text(run.log),
    )


def _claim(path: Path) -> bool:
    """Whether we are the first to ask for `path`, in all processes."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _read_all(process: Process) -> bytes:
    """What the process writes until it ends: what it left running may not keep the pipe open."""
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
