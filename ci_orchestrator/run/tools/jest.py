"""Jest: tests of Node.js, told by its JSON report.

A run stays in one process (``--runInBand``), so that the death of a test is the death of jest, and no other worker's.
What the configuration wants of coverage as a whole is no matter of a run of some tests: thresholds are set aside.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci_orchestrator.plan.models import Suite
from ci_orchestrator.run.tools.base import Workspace
from ci_orchestrator.run.tools.calls import Call
from ci_orchestrator.run.tools.learned import Learned
from ci_orchestrator.run.tools.node import NONE, NodeCommands, escaped, installed, title_pattern
from ci_orchestrator.run.tools.program import mentions
from ci_orchestrator.run.tools.session import BatchTool

TEST_TIMEOUT = 5.0
"""Seconds: jest's default of ``testTimeout``."""


class JestTool(BatchTool):
    """See the module."""

    name = "jest"

    def commands(self, suite: Suite, workspace: Workspace, env: Mapping[str, str], learned: Learned) -> JestCommands:
        """Raises `UserError` when jest is not installed."""
        own = mentions(suite.args, "--coverage", "--collectCoverage")
        return JestCommands(*installed("jest", suite, workspace, env), learned, own_coverage=own)


class JestCommands(NodeCommands):
    """See `calls.Commands`."""

    def listing(self, results: Path, only: frozenset[str] | None) -> Call:
        """See `calls.Commands.listing`."""
        flags = [f"--testNamePattern={NONE}", "--passWithNoTests", "--coverage=false"]
        paths = ["--runTestsByPath", *self.files(sorted(only))] if only else self._patterns()
        return self._call(results, flags, paths)

    def running(self, tests: Sequence[str], results: Path, coverage: Path) -> Call:
        """See `calls.Commands.running`."""
        flags = ["--runInBand"]
        if not self.learned.whole(tests):
            flags.append(f"--testNamePattern={title_pattern(tests)}")
        if (limit := self.limit(TEST_TIMEOUT)) is not None:
            flags.append(f"--testTimeout={limit:.0f}")
        if self.coverage:
            flags += ["--coverage", "--coverageReporters=lcovonly", f"--coverageDirectory={coverage}"]
        elif not self.own_coverage:
            flags.append("--coverage=false")
        return self._call(results, flags, ["--runTestsByPath", *self.files(tests)])

    def _call(self, results: Path, flags: Sequence[str], paths: Sequence[str]) -> Call:
        ours = ["--json", f"--outputFile={results / 'jest.json'}", "--testLocationInResults", "--coverageThreshold={}"]
        if (cache := self._cache()) is not None:
            ours.append(f"--cacheDirectory={cache}")
        return Call(argv=[self.program, *self.suite.args, *ours, *flags, *paths])

    def _cache(self) -> Path | None:
        """Where jest keeps what it compiled. Its default is the temporary directory, which here is a worker's own."""
        modules = Path(self.program).parent.parent
        usable = modules.name == "node_modules" and os.access(modules, os.W_OK)
        return modules / ".cache" / "jest" if usable and not mentions(self.suite.args, "--cacheDirectory") else None

    def _patterns(self) -> list[str]:
        """The suite's paths as what they are to jest: patterns of absolute paths."""
        places = [self.cwd / path for path in self.suite.paths]
        return [escaped(str(place)) + ("/" if place.is_dir() else "$") for place in places]
