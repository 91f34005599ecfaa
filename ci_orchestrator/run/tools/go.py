"""Go's own tests: ``go test``.

A test is ``import/path::TestName``: the tests, examples and fuzz targets (their seeds) of a package; subtests are a
part of their test. Packages are compiled to be listed, with the flags that run them, so that a run compiles nothing.

- To list its tests, a package is started: what its `init` and `TestMain` print stands among the names, and nothing in
  Go's output tells them apart. So a name is a test when a function in the package's sources bears it; where these are
  not found (another module's, with ``-overlay``) any line that could be a name is one.
- What runs is said by ``-run``, for packages of which all tests are wanted, or for one: names are not unique.
- ``-count=1``: what Go remembers of an earlier run proves nothing.
- ``-timeout`` bounds a whole run. Where it strikes at one of several tests, each runs again alone, with its own.
- Packages of a run follow one another (``-p=1``): the other processors belong to other workers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_orchestrator.plan.models import Suite
from ci_orchestrator.results.formats.base import Case
from ci_orchestrator.run.tools.base import Collected, Finished, Workspace
from ci_orchestrator.run.tools.calls import Call, Listed
from ci_orchestrator.run.tools.go_source import Module
from ci_orchestrator.run.tools.learned import Learned
from ci_orchestrator.run.tools.named import Naming, Place, by_path, read_named
from ci_orchestrator.run.tools.program import find_go, mentions
from ci_orchestrator.run.tools.reported import Reported
from ci_orchestrator.run.tools.session import BatchTool

PROFILE = "cover.out"

_KINDS = "^(Test|Example|Fuzz)"
_TEST = re.compile(rf"{_KINDS}\w*$")
_COVERAGE_FLAGS = ("-cover", "-coverprofile", "-covermode")
_OVERLAY = "-overlay"  # what is built is not what stands in the project
_REST = "-args"  # whatever follows it is for the tests themselves


class GoTool(BatchTool):
    """See the module."""

    name = "go"

    def commands(self, suite: Suite, workspace: Workspace, env: Mapping[str, str], learned: Learned) -> GoCommands:
        """Raises `UserError` when Go is not installed."""
        program = find_go(env)
        module = Module.around(workspace.project / suite.cwd, workspace.project)
        return GoCommands(program, suite, module, learned)


@dataclass(frozen=True, slots=True)
class GoCommands:
    """See `calls.Commands`."""

    program: str
    suite: Suite
    module: Module | None
    learned: Learned
    streams: bool = True
    start_up: float = 10.0

    @property
    def coverage(self) -> str:
        """See `calls.Commands`: none when the suite's own arguments deal with it."""
        asked = self.suite.coverage is not None and not mentions(self.suite.args, *_COVERAGE_FLAGS)
        return PROFILE if asked else ""

    def listing(self, results: Path, only: frozenset[str] | None) -> Call:
        """See `calls.Commands.listing`."""
        flags = [f"-list={_KINDS}", *(["-cover"] if self.coverage else [])]
        return Call(argv=self._test(flags, sorted(only) if only else self._packages()))

    def collected(self, listed: Listed) -> Collected:
        """See `calls.Commands.collected`."""
        printed: dict[str, list[str]] = {}
        said: list[str] = []
        broken = ""
        for event in _events(listed.output):
            text, package = str(event.get("Output", "")), str(event.get("Package", ""))
            if event.get("Action") == "fail":
                broken = broken or package
            elif event.get("Action") == "output":
                printed.setdefault(package, []).append(text.rstrip("\r\n"))
            elif event.get("Action") in ("build-output", ""):
                said.append(text)
        if listed.code != 0:
            why = f"go test -list failed: {listed.evidence()}\n{''.join(said)}".rstrip()
            return Collected(errors=((broken or "go test", why),))
        names = ((package, _named(lines, self._functions(package))) for package, lines in printed.items())
        return Collected(tests=by_path(f"{package}::{name}" for package, found in names for name in found))

    def together(self, tests: Sequence[str]) -> int:
        """See `calls.Commands.together`."""
        return self.learned.together(tests)

    def running(self, tests: Sequence[str], results: Path, coverage: Path) -> Call:
        """See `calls.Commands.running`."""
        names = "|".join(test.partition("::")[2] for test in tests)
        flags = ["-count=1", "-p=1", f"-run={_KINDS}" if self.learned.whole(tests) else f"-run=^({names})$"]
        if not mentions(self.suite.args, "-timeout"):
            limit = self.suite.test_timeout
            flags.append(f"-timeout={'0' if limit is None else f'{limit * len(tests):.3f}s'}")
        if self.coverage:
            coverage.mkdir(parents=True)
            flags.append(f"-coverprofile={coverage / PROFILE}")
        packages = dict.fromkeys(test.partition("::")[0] for test in tests)
        return Call(argv=self._test(flags, list(packages)), stdout=results / "go.json")

    def read(self, tests: Sequence[str], results: Path, *, started: float) -> Reported:
        """See `calls.Commands.read`."""
        naming = Naming(self._place, self.learned.knows, one_fate=len(tests) > 1)
        return read_named(results, tests, naming, started=started)

    def judge(self, test: str, code: int, log: Path) -> Finished | None:
        """See `calls.Commands.judge`: Go tells every result."""
        return None

    def _test(self, flags: Sequence[str], packages: Sequence[str]) -> list[str]:
        """The command, with our flags after the suite's own, which they overrule."""
        own = list(self.suite.args)
        rest = own.index(_REST) if _REST in own else len(own)
        return [self.program, "test", "-json", *own[:rest], *flags, *packages, *own[rest:]]

    def _place(self, case: Case) -> Place:
        name, _, part = case.name.partition("/")
        file, line = self.module.place(case.classname, case.details or case.message) if self.module else ("", 0)
        return Place(case.classname, name, part and case.name, file=file, line=line)

    def _functions(self, package: str) -> frozenset[str] | None:
        replaced = mentions(self.suite.args, _OVERLAY)
        return None if self.module is None or replaced else self.module.functions(package)

    def _packages(self) -> list[str]:
        return [path if path.startswith("./") else f"./{path}" for path in self.suite.paths] or ["./..."]


def _named(lines: Iterable[str], functions: frozenset[str] | None) -> dict[str, None]:
    """The tests that a package lists. What it prints itself may stand before a name in its line, but is none.

    `functions`: those that could be tests, None when they are not known.
    """
    if functions is None:
        return dict.fromkeys(line for line in lines if _TEST.match(line))
    return dict.fromkeys(name for line in lines if (name := _at_end(line, functions)))


def _at_end(line: str, functions: frozenset[str]) -> str:
    if line in functions:
        return line
    return max((name for name in functions if line.endswith(name)), key=len, default="")


def _events(output: bytes) -> Iterator[dict[str, object]]:
    """The events of test2json; a line that is none, which older compilers print between them, as one that is output."""
    for line in output.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        yield event if isinstance(event, dict) else {"Action": "", "Output": f"{line.decode(errors='replace')}\n"}
