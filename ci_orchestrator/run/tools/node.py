"""What the test tools of Node.js have in common: their tests are titles in files, chosen by a regular expression.

A test is ``path::group › title``, with the path relative to the suite's directory. To be listed, files are loaded, but
no test or hook in them runs. A run takes whole files, or one file with the titles that are wanted of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_orchestrator.plan.models import Suite
from ci_orchestrator.results.formats.base import Case
from ci_orchestrator.results.formats.names import TITLES
from ci_orchestrator.run.tools.base import Collected, Finished, Workspace
from ci_orchestrator.run.tools.calls import Listed
from ci_orchestrator.run.tools.learned import Learned
from ci_orchestrator.run.tools.named import Naming, Place, collect_named, read_named
from ci_orchestrator.run.tools.program import find_node_program
from ci_orchestrator.run.tools.reported import Reported

NONE = "(?!)"
"""A pattern that no title matches."""

LCOV = "lcov.info"

_SPECIAL = re.compile(r"[.*+?^${}()|\[\]\\]")
_COUNT = re.compile(r"(.*) (\(\d+\))")
_CUT = "… [cut, sha256 "  # see `results.formats.text.cut_name`
_PICTURES = re.compile("[\u2400-\u241f\ufffd]")  # what stands for a character that XML cannot carry
_SPACE = r"(?:\s|\x1b\[[0-9;]*m)"  # names have no colours, titles may
_MARK = TITLES.strip()


@dataclass(frozen=True, slots=True)
class NodeCommands:
    """What jest, vitest and Playwright answer alike; see `calls.Commands`.

    `cwd`: the suite's directory, resolved. `own_coverage`: the suite's own arguments deal with coverage.
    """

    program: str
    suite: Suite
    cwd: Path
    learned: Learned
    streams: bool = False
    start_up: float = 10.0
    own_coverage: bool = False

    @property
    def coverage(self) -> str:
        """See `calls.Commands`."""
        return "" if self.suite.coverage is None or self.own_coverage else LCOV

    def collected(self, listed: Listed) -> Collected:
        """See `calls.Commands.collected`."""
        found = collect_named(listed.results, self.placing(listed.results))
        if listed.code != 0 and not found.errors:
            why = f"the tests could not be listed: {listed.evidence()}"
            return Collected(errors=((self.suite.cwd, why),))
        return found

    def together(self, tests: Sequence[str]) -> int:
        """See `calls.Commands.together`."""
        return self.learned.together(tests)

    def read(self, tests: Sequence[str], results: Path, *, started: float) -> Reported:
        """See `calls.Commands.read`."""
        return read_named(results, tests, Naming(self.placing(results), self.learned.knows), started=started)

    def judge(self, test: str, code: int, log: Path) -> Finished | None:
        """See `calls.Commands.judge`: these tools tell every result."""
        return None

    def placing(self, results: Path) -> Callable[[Case], Place]:
        """How the cases of the report in `results` are placed."""
        return self.place

    def place(self, case: Case) -> Place:
        """Where a case belongs. White space in titles is one space each: an id is one line."""
        path = os.path.relpath(case.file, self.cwd).replace(os.sep, "/") if case.file else ""
        file = os.path.normpath(f"{self.suite.cwd}/{path}").replace(os.sep, "/") if path else ""
        return Place(path, " ".join(case.name.split()), file=file, line=case.line)

    def files(self, tests: Iterable[str]) -> list[str]:
        """The absolute paths of the files that `tests` (or paths) are in."""
        return [str(self.cwd / path) for path in dict.fromkeys(test.partition("::")[0] for test in tests)]

    def limit(self, default: float) -> float | None:
        """Milliseconds that a test may take, where the plan allows less than the tool by `default` (seconds).

        More is never handed over: a tool's own limit, which its configuration may set, is as strict as it likes.
        """
        own = self.suite.test_timeout
        return own * 1000 if own is not None and own < default else None


def installed(name: str, suite: Suite, workspace: Workspace, env: Mapping[str, str]) -> tuple[str, Suite, Path]:
    """What `NodeCommands` begins with: the program `name`, the suite, and its directory, resolved.

    Raises `UserError` when the program is not installed.
    """
    cwd = (workspace.project / suite.cwd).resolve()
    return find_node_program(name, cwd, env), suite, cwd


def title_pattern(tests: Iterable[str]) -> str:
    """A regular expression of JavaScript for the full titles of `tests`, which the tools join by spaces."""
    return f"^(?:{'|'.join(title(test.partition('::')[2]) for test in tests)})$"


def title(name: str, between: str = "") -> str:
    """One title as a regular expression of JavaScript. `between`: what may stand after a group, and at the end.

    The mark between groups is a space there, unless it is a part of a title; the count that tells titles apart which
    are the same is not there, unless it is a part of one, too. What a name has lost of its title may be anything.
    """
    kept, cut, _ = name.partition(_CUT)
    counted = _COUNT.fullmatch(kept)
    text = f"{_SPACE}*"
    gap = ""
    for word in (counted[1] if counted else kept).split():
        if word == _MARK:
            text += f"{between}(?:{_SPACE}*{_MARK})?"
        else:
            text += gap + _PICTURES.sub("[^]", escaped(word))
        gap = f"{_SPACE}+"
    if cut:
        return f"{text}[^]*"
    end = f"(?:{_SPACE}+{escaped(counted[2])})?" if counted else ""
    return f"{text}{end}{between}{_SPACE}*"


def escaped(text: str) -> str:
    """`text` as a regular expression of JavaScript that matches it only."""
    return _SPECIAL.sub(r"\\\g<0>", text)
