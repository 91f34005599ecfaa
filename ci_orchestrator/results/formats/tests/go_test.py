"""``go test -json``: a line of JSON for each event (cmd/test2json).

Traps:

- a subtest is a test of its own, ``TestA/sub``, and its parent is one too;
- a package that does not build, panics outside of a test, or fails in ``TestMain`` has no failed test: it becomes a
  case of its own, errored, called ``(suite)``. What the compiler said comes as events since Go 1.24, before that as
  plain lines, if at all;
- a test without an end was running when its program died (``os.Exit``, time-out, another test's panic): errored. Go
  before 1.20 also does not see the end of a test that left its last line open;
- a benchmark has a start and a result in its output, but no end;
- ``-count`` tells a test again: each is an attempt, but not after a failure (see `GoPackage`);
- ``go tool test2json`` without ``-p`` names no package; a package without test files is *skip*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ci_orchestrator.errors import Where
from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Format, Item, Readable, ReadWarning
from ci_orchestrator.results.formats.document import read_all, text_of
from ci_orchestrator.results.formats.linefeed import LineFeed
from ci_orchestrator.results.formats.tests.go_package import OUTCOMES, Builds, GoPackage
from ci_orchestrator.results.formats.text import cut

_EVENT = re.compile(
    r"""^\{(?=.*"Action":\s*"(?:start|run|pause|cont|pass|bench|fail|output|skip|build-output|build-fail)")"""
    r"""(?=.*"(?:Package|Test|Output|ImportPath|Elapsed)":)""",
    re.MULTILINE,
)
_HANDLED = {"start", "run", "output", *OUTCOMES}
_SHOWN = 5


def sniff(head: bytes) -> bool:
    """True when a line is an event of test2json: what the compiler said may stand above it."""
    text = text_of(head)
    return not text.startswith("<") and bool(_EVENT.search(text))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """Each test as it ends. Raises `ResultsError` when nothing could be read."""
    feed = LineFeed(stream, file)
    return read_all(feed, _Events().items(feed), "tests of go")


GO_TEST = Format(name="go_test", sniff=sniff, parse=parse, about="`go test -json`, gotestsum's `--jsonfile`")


class _Events:
    def __init__(self) -> None:
        self._packages: dict[str, GoPackage] = {}
        self._builds = Builds()

    def items(self, feed: LineFeed) -> Iterator[Item]:
        event: dict[str, Any] | str = ""
        for event in feed.objects():
            if isinstance(event, str):
                self._builds.line(event)
            else:
                yield from self._event(event)
        if isinstance(event, str) and event.startswith("{"):
            yield ReadWarning("the last line is cut: the file ends too early", feed.where)
        for package in self._packages.values():
            yield from package.torn()
        if self._packages:
            names = ", ".join(cut(name, 100) for name in sorted(self._packages)[:_SHOWN])
            said = f"the file ends before {len(self._packages)} of its packages did: {names}"
            yield ReadWarning(said, Where(feed.file))

    def _event(self, event: dict[str, Any]) -> Iterator[Item]:
        action, name, test = (fields.name(event, key) for key in ("Action", "Package", "Test"))
        if action == "build-output":
            self._builds.add(fields.string(event, "ImportPath").split(" ", 1)[0], fields.string(event, "Output"))
        if action not in _HANDLED:
            return
        package = self._packages.get(name) or self._packages.setdefault(name, GoPackage(name))
        if action == "run":
            package.run(test)
        elif action == "output":
            yield from package.write(test, fields.string(event, "Output"))
        elif action in OUTCOMES and test:
            yield package.end(test, OUTCOMES[action], fields.seconds(event, "Elapsed", 1.0))
        elif action in OUTCOMES:
            del self._packages[name]
            yield from package.close(failed=action == "fail", builds=self._builds)
