"""Vitest: tests of Vite projects, told by its JSON report, which is jest's.

Its workers are processes of their own. When one dies, the report calls its tests *pending*, which proves nothing: they
run again alone, and the one that does it again is not proven.

The report tells a time-out of vitest's only by the place where the test was defined: its message is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ci_orchestrator.plan.models import Suite
from ci_orchestrator.results.model import Cause
from ci_orchestrator.run.tools.base import Workspace
from ci_orchestrator.run.tools.calls import Call
from ci_orchestrator.run.tools.learned import Learned
from ci_orchestrator.run.tools.node import NONE, NodeCommands, installed, title_pattern
from ci_orchestrator.run.tools.program import mentions
from ci_orchestrator.run.tools.reported import Reported
from ci_orchestrator.run.tools.session import BatchTool

TEST_TIMEOUT = 5.0
"""Seconds: vitest's default of ``testTimeout``."""

_TIMED_OUT = "Error: STACK_TRACE_ERROR"
"""The stack that takes the place of a time-out's own (@vitest/runner, ``makeTimeoutError``)."""


class VitestTool(BatchTool):
    """See the module."""

    name = "vitest"

    def commands(self, suite: Suite, workspace: Workspace, env: Mapping[str, str], learned: Learned) -> VitestCommands:
        """Raises `UserError` when vitest is not installed."""
        own = mentions(suite.args, "--coverage", "--coverage.enabled")
        return VitestCommands(*installed("vitest", suite, workspace, env), learned, own_coverage=own)


class VitestCommands(NodeCommands):
    """See `calls.Commands`."""

    def listing(self, results: Path, only: frozenset[str] | None) -> Call:
        """See `calls.Commands.listing`."""
        flags = [f"--testNamePattern={NONE}", "--passWithNoTests", "--coverage.enabled=false"]
        return self._call(results, flags, self.files(sorted(only)) if only else self._prefixes())

    def running(self, tests: Sequence[str], results: Path, coverage: Path) -> Call:
        """See `calls.Commands.running`."""
        flags = ["--no-file-parallelism"]
        if not self.learned.whole(tests):
            flags.append(f"--testNamePattern={title_pattern(tests)}")
        if (limit := self.limit(TEST_TIMEOUT)) is not None:
            flags.append(f"--testTimeout={limit:.0f}")
        if self.coverage:
            flags += ["--coverage.enabled", "--coverage.reporter=lcovonly", f"--coverage.reportsDirectory={coverage}"]
            flags.append("--coverage.reportOnFailure")
        elif not self.own_coverage:
            flags.append("--coverage.enabled=false")
        return self._call(results, flags, self.files(tests))

    def read(self, tests: Sequence[str], results: Path, *, started: float) -> Reported:
        """See `calls.Commands.read`."""
        told = super().read(tests, results, started=started)
        for test, result in told.results.items():
            if result.message == _TIMED_OUT:
                told.results[test] = replace(result, cause=Cause.TIMEOUT, message="timed out (by vitest's own limit)")
        return told

    def _call(self, results: Path, flags: Sequence[str], paths: Sequence[str]) -> Call:
        ours = ["--reporter=json", f"--outputFile={results / 'vitest.json'}", "--includeTaskLocation"]
        return Call(argv=[self.program, "run", *self.suite.args, *ours, *flags, *paths])

    def _prefixes(self) -> list[str]:
        """The suite's paths as what they are to vitest: beginnings of absolute paths."""
        places = [self.cwd / path for path in self.suite.paths]
        return [f"{place}/" if place.is_dir() else str(place) for place in places]
