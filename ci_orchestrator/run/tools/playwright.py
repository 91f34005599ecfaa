"""Playwright Test: tests in browsers, told by its JSON report.

A test is ``path::[project] › group › title``: the same test in two projects (browsers) is two. Its workers are
processes of their own: a test whose worker dies is told as such, and runs again alone.

- The report names files relative to its ``rootDir``, which is where the configuration finds its tests.
- Each run empties the directory for traces and pictures before it begins, so each gets one of its own below
  ``test-results``.
- ``--grep`` compares project, file, titles and tags, joined by spaces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ci_orchestrator.plan.models import Suite
from ci_orchestrator.results.formats.base import Case
from ci_orchestrator.results.formats.jsonfeed import JsonFeed
from ci_orchestrator.run.tools.base import Workspace
from ci_orchestrator.run.tools.calls import Call
from ci_orchestrator.run.tools.learned import Learned
from ci_orchestrator.run.tools.named import Place
from ci_orchestrator.run.tools.node import NodeCommands, escaped, installed, title
from ci_orchestrator.run.tools.program import mentions
from ci_orchestrator.run.tools.session import BatchTool

TEST_TIMEOUT = 30.0
"""Seconds: Playwright's default of ``timeout``."""

_REPORT = "playwright.json"
_PROJECT = re.compile(r"\[(.+?)\] › (.+)")
_TAGS = r"(?:\s+@\S+)*"  # a group's, and a test's own


class PlaywrightTool(BatchTool):
    """See the module."""

    name = "playwright"

    def commands(
        self, suite: Suite, workspace: Workspace, env: Mapping[str, str], learned: Learned
    ) -> PlaywrightCommands:
        """Raises `UserError` when Playwright Test is not installed."""
        return PlaywrightCommands(*installed("playwright", suite, workspace, env), learned, worker=workspace.worker)


@dataclass(frozen=True, slots=True)
class PlaywrightCommands(NodeCommands):
    """See `calls.Commands`."""

    worker: str = ""

    def listing(self, results: Path, only: frozenset[str] | None) -> Call:
        """See `calls.Commands.listing`."""
        paths = self._exactly(sorted(only)) if only else self._patterns()
        return self._call(results, ["--list", "--pass-with-no-tests"], paths)

    def running(self, tests: Sequence[str], results: Path, coverage: Path) -> Call:
        """See `calls.Commands.running`."""
        flags = [] if self.learned.whole(tests) else [f"--grep=^(?:{'|'.join(_grep(tests))})$"]
        if (limit := self.limit(TEST_TIMEOUT)) is not None:
            flags.append(f"--timeout={limit:.0f}")
        if not mentions(self.suite.args, "--output"):
            flags.append(f"--output=test-results/{self.worker}-{results.name}")
        return self._call(results, ["--workers=1", *flags], self._exactly(tests))

    def placing(self, results: Path) -> Callable[[Case], Place]:
        """See `NodeCommands.placing`."""
        return partial(self._place, _root(results / _REPORT))

    def _place(self, root: str, case: Case) -> Place:
        return self.place(replace(case, file=str(Path(root) / case.file)) if case.file else case)

    def _call(self, results: Path, flags: Sequence[str], paths: Sequence[str]) -> Call:
        report = str(results / _REPORT)
        env = {"PLAYWRIGHT_JSON_OUTPUT_FILE": report, "PLAYWRIGHT_JSON_OUTPUT_NAME": report}  # since 1.45, and before
        return Call(argv=[self.program, "test", *self.suite.args, "--reporter=json", *flags, *paths], env=env)

    def _exactly(self, tests: Iterable[str]) -> list[str]:
        """The files of tests (or paths) as what they are to Playwright: patterns of absolute paths."""
        return [f"^{escaped(path)}$" for path in self.files(tests)]

    def _patterns(self) -> list[str]:
        places = [self.cwd / path for path in self.suite.paths]
        return [f"^{escaped(str(place))}" + ("/" if place.is_dir() else "$") for place in places]


def _grep(tests: Sequence[str]) -> Iterator[str]:
    """What stands for each of `tests` in the texts that Playwright compares. A title may look like a project."""
    for test in tests:
        path, _, name = test.partition("::")
        file = rf"(?:[^]*/)?{title(Path(path).name)}"
        yield rf"\s*{file}{title(name, _TAGS)}"
        if project := _PROJECT.fullmatch(name):
            yield title(project[1]) + file + title(project[2], _TAGS)


def _root(report: Path) -> str:
    """The directory to which a report's files are relative; empty when it does not say."""
    if not report.is_file():
        return ""
    with report.open("rb") as stream:
        found = next(JsonFeed(stream, report.name).values(("config", "rootDir")), None)
    return str(found[2]) if found else ""
