"""A worker of a tool that starts anew for every batch of tests: what all such tools have in common.

A tool of this kind says in its `Commands` how its tests are listed, how many of those that wait go into one run, how
they are run, and how what a run left is read. One session is one thread, which starts these commands one by one.

A test for which a run of several left no result is run again alone, in this worker and from then on: so the one that
ends the tool, or holds it up for longer than all of them may take, is found by name and harms no other. Alone, a test
without a result is not proven: the worker is `Gone`, with the evidence.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from ci_orchestrator.errors import UserError
from ci_orchestrator.plan.models import Suite
from ci_orchestrator.results.model import Cause, Outcome
from ci_orchestrator.run.capture import tail_text
from ci_orchestrator.run.interpreter import child_environment
from ci_orchestrator.run.process import Process, describe_exit, start
from ci_orchestrator.run.tools.base import Collected, Finished, Gone, Sink, Started, Unexpected, Unknown, Workspace
from ci_orchestrator.run.tools.batch import Batch, read_all
from ci_orchestrator.run.tools.calls import EVIDENCE, Call, Commands, Listed
from ci_orchestrator.run.tools.covered import CoverageReport
from ci_orchestrator.run.tools.learned import Learned
from ci_orchestrator.run.tools.reported import Reported


class BatchTool(ABC):
    """A tool whose workers are such sessions; see `base.Tool`."""

    name: str

    def __init__(self) -> None:
        self._learned: dict[str, Learned] = {}

    def open(self, suite: Suite, workspace: Workspace, sink: Sink) -> BatchSession:
        """Start a worker: a thread, which starts the commands. Raises `UserError` when the tool is not there."""
        learned = self._learned.get(suite.name)
        if learned is None:
            learned = self._learned[suite.name] = Learned(_coverage_report(suite, workspace))
        env = child_environment(workspace.env, workspace=workspace, suite_env=suite.env)
        commands = self.commands(suite, workspace, env, learned)
        return BatchSession(suite, workspace, sink, commands=commands, env=env, learned=learned)

    @abstractmethod
    def commands(self, suite: Suite, workspace: Workspace, env: Mapping[str, str], learned: Learned) -> Commands:
        """The commands for one worker, whose environment is `env`. Raises `UserError` when they cannot be had."""


class BatchSession:
    """See `base.Session`. `pid` is that of the command that was started last, our own before there was one."""

    def __init__(
        self,
        suite: Suite,
        workspace: Workspace,
        sink: Sink,
        *,
        commands: Commands,
        env: Mapping[str, str],
        learned: Learned,
    ) -> None:
        self.pid = os.getpid()
        self._suite = suite
        self._workspace = workspace
        self._sink = sink
        self._commands = commands
        self._env = env
        self._learned = learned
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
            ready = list(takewhile(lambda test: test not in self._learned.alone, self._todo))
            size = self._commands.together(ready) if ready else 1
            return [self._todo.popleft() for _ in range(size)]

    def _start(self, call: Call, *, results: Path, log: Path, pipe: bool = False) -> Process | None:
        """Start a command of the suite; None when the worker was killed meanwhile."""
        with self._changed:
            if self._killed:
                return None
            self._process = start(
                call.argv,
                cwd=self._workspace.project / self._suite.cwd,
                env={**self._env, **call.env, "CI_ORCHESTRATOR_RESULTS": str(results)},
                log=log,
                stdout="pipe" if pipe else call.stdout or "log",
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
        results, log = self._workspace.results / "list", self._workspace.scratch / "list.log"
        results.mkdir(parents=True)
        call = self._commands.listing(results, only)
        process = self._start(call, results=results, log=log, pipe=True)
        if process is None:
            return None
        output = read_all(process)
        found = self._commands.collected(Listed(code=process.wait(), output=output, results=results, log=log))
        shutil.rmtree(results, ignore_errors=True)
        if not found.errors:
            self._listed = frozenset(found.tests)
            self._learned.list(found.tests)
        return replace(
            found, tests=tuple(test for test in found.tests if only is None or test.partition("::")[0] in only)
        )

    # -- running ---------------------------------------------------------------------------------

    def _run(self, tests: list[str]) -> Gone | None:
        """Run the command for `tests` and tell what came of it; `Gone` when the worker cannot go on after that."""
        with self._running(tests) as batch:
            if batch is None:
                return Gone(exit_code=0, asked=True)
            code = self._wait(batch)
            if self._killed:
                return Gone(exit_code=code, asked=True, evidence=tail_text(batch.log, EVIDENCE))
            self._keep_coverage(batch)
            return self._conclude(batch, code)

    @contextmanager
    def _running(self, tests: list[str]) -> Iterator[Batch | None]:
        self._runs += 1
        results, coverage = (
            place / f"run{self._runs}" for place in (self._workspace.results, self._workspace.coverage)
        )
        results.mkdir(parents=True)
        log = self._workspace.scratch / f"run{self._runs}.log"
        now, clock = time.time(), time.perf_counter()
        process = self._start(self._commands.running(tests, results, coverage), results=results, log=log)
        try:
            yield None if process is None else Batch(tests, process, results, coverage, log, now, clock)
        finally:
            shutil.rmtree(results, ignore_errors=True)
            log.unlink(missing_ok=True)

    def _wait(self, batch: Batch) -> int:
        """The exit code. A batch may take as long as all its tests; one alone is timed by whoever it is told to."""
        timeout, start_up = self._suite.test_timeout, self._commands.start_up
        if not batch.alone:
            return batch.wait(None if timeout is None else start_up + timeout * len(batch.tests))
        batch.wait_until(start_up)
        self._sink(self._workspace.worker, Started(test=batch.tests[0], at=batch.at))
        return batch.wait(None)

    def _keep_coverage(self, batch: Batch) -> None:
        """Add the run's part to the suite's report. One without any file tells nothing, and is no report to anybody."""
        part = batch.coverage / self._commands.coverage
        if self._learned.covered is None or not self._commands.coverage or not part.is_file():
            return
        if part.stat().st_size:
            self._learned.covered.add(part)
        else:
            part.unlink()

    def _conclude(self, batch: Batch, code: int) -> Gone | None:
        told = self._commands.read(batch.tests, batch.results, started=batch.at)
        self._learned.reports = self._learned.reports or told.files > 0
        missing = [test for test in batch.tests if test not in told.results]
        for case in told.unexpected:
            self._sink(self._workspace.worker, Unexpected(result=case, beside=batch.tests[0]))
        believable = bool(missing) or _is_explained(code, told)
        for finished in told.results.values():
            self._tell(batch, finished if believable else _doubted(finished, code, told))
        if not missing:
            return None
        if not batch.alone:
            self._put_back(missing, alone=not (self._commands.streams and told.results))
        elif (judged := self._commands.judge(missing[0], code, batch.log)) is not None:
            self._tell(batch, judged)
        else:
            why = f"the run command ended ({describe_exit(code)}) and reported no result for this test"
            evidence = "\n".join(filter(None, (why, told.notes(), tail_text(batch.log, EVIDENCE))))
            return Gone(exit_code=code, asked=False, evidence=evidence)
        return None

    def _put_back(self, tests: list[str], *, alone: bool) -> None:
        with self._changed:
            if alone:
                self._learned.alone.update(tests)
            self._todo.extendleft(reversed(tests))

    def _tell(self, batch: Batch, finished: Finished) -> None:
        if batch.alone:
            cpu, duration = batch.process.usage.cpu, finished.duration
            if not self._commands.start_up or finished.outcome is Outcome.ERRORED:  # else 0 means less than is told
                duration = duration or batch.duration
            finished = replace(finished, started=batch.at, duration=duration, cpu=cpu, peak_memory=batch.peak)
        else:
            self._sink(self._workspace.worker, Started(test=finished.test, at=finished.started))
        self._sink(self._workspace.worker, finished)


def _is_explained(code: int, told: Reported) -> bool:
    """Whether a report accounts for the exit code: one without a failure, of a command that failed, does not."""
    bad = (Outcome.FAILED, Outcome.ERRORED)
    return code == 0 or told.elsewhere or any(one.outcome in bad for one in told.results.values())


def _doubted(finished: Finished, code: int, told: Reported) -> Finished:
    """A result whose report does not explain how the command ended: what it calls passed is not believed."""
    if finished.outcome is not Outcome.PASSED:
        return finished
    return replace(
        finished,
        outcome=Outcome.ERRORED,
        cause=Cause.INFRASTRUCTURE,
        message=f"reported as passed, but the run command failed ({describe_exit(code)}) and reported no failure",
        details=told.notes(),
    )


def _coverage_report(suite: Suite, workspace: Workspace) -> CoverageReport | None:
    if suite.coverage is None:
        return None
    return CoverageReport(workspace.project / suite.cwd / suite.coverage.report)


def _claim(path: Path) -> bool:
    """Whether we are the first to ask for `path`, in all processes."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
