"""TAP, the Test Anything Protocol, versions 12 to 14 (testanything.org): Perl, node:test, tape, bats, pg_prove, …

A file does not name the program that wrote it: the file's own name, without its ending, stands for it in the ids.
Traps:

- ``not ok`` with ``# TODO`` is no failure, ``not ok`` with ``# SKIP`` neither; a ``#`` before anything else is a part
  of the description, and so is ``\\#``;
- many tests of one program have the same description, or none: they are told apart by their count, or number;
- a subtest is indented by four, comes before the line of its parent, and both are tests;
- the plan may stand at the end. Without a plan, or with another number of tests than it says, or after ``Bail out!``,
  results are missing: a warning each, for nothing says which. ``1..0`` skips the whole program;
- what follows a test, as YAML or as comments, explains it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ci_orchestrator.results.formats.base import SUITE_CASE, Case, Format, Item, Readable
from ci_orchestrator.results.formats.document import Watched, read_all, text_of
from ci_orchestrator.results.formats.fields import explain, plain
from ci_orchestrator.results.formats.linefeed import LineFeed
from ci_orchestrator.results.formats.linetext import LineText
from ci_orchestrator.results.formats.names import TITLES, Names
from ci_orchestrator.results.formats.tests import go_test_text
from ci_orchestrator.results.formats.text import cut, cut_name
from ci_orchestrator.results.model import LONGEST, Cause, Outcome

_VERSION = re.compile(r"TAP version \d+\s*$", re.MULTILINE)
_POINT = re.compile(r"( *)(not )?ok\b(?:[ \t]+(\d+)\b)?[ \t]*(?:-[ \t]*)?(.*)$")
_DIRECTIVE = re.compile(r"(?:^|(?<!\\))#\s*(skip|todo)[^\s:]*:?\s*(.*)$", re.IGNORECASE)
_TIME = re.compile(r"\s#\s*time=(\d+(?:\.\d+)?)ms\s*$")
_PLAN = re.compile(r"( *)1\.\.(\d{1,9})\s*(?:#\s*(?:skip\S*)?\s*(.*))?$", re.IGNORECASE)
_BAIL = re.compile(r"\s*bail out!\s*(.*)$", re.IGNORECASE)
_SUBTEST = re.compile(r"( *)# Subtest: (.*)$")
_ESCAPED = re.compile(r"\\([\\#])")
_KEY = re.compile(r"\s*(message|error|duration_ms|failureType):\s*(.*)$")
_PLANNED = re.compile(r"^1\.\.\d+[ \t\r]*(?:#.*)?$", re.MULTILINE)
_POINTS = re.compile(r"^(?:not )?ok\b", re.MULTILINE)
_NUMBERED = re.compile(r"^(?:not )?ok \d+(?: |$)", re.MULTILINE)
_INDENT = 4
_DEPTH = 32  # subtests within each other that are told apart


def sniff(head: bytes) -> bool:
    """True for the line of the version, for a plan with tests or of none, or for two numbered tests."""
    text = text_of(head)
    if _VERSION.match(text):
        return True
    if text.startswith(("<", "{", "[")) or go_test_text.sniff(head):
        return False
    if _PLANNED.search(text) and (_POINTS.search(text) or _PLAN.match(text)):
        return True
    return len(_NUMBERED.findall(text)) > 1


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """Each test when the next begins. Raises `ResultsError` when nothing could be read."""
    watched = Watched(stream)
    feed = LineFeed(watched, file)
    return read_all(feed, _Stream(feed, watched).items(), "test cases")


TAP = Format(name="tap", sniff=sniff, parse=parse, about="TAP 12 to 14: Perl, node:test, tape, bats, pg_prove, …")


@dataclass(slots=True)
class _Level:
    """The program, or a subtest within it. `subtest`: the name of the subtest that comes next in it."""

    name: str = ""
    subtest: str = ""
    plan: int = -1
    told: int = 0


class _Stream:
    def __init__(self, feed: LineFeed, watched: Watched) -> None:
        self._feed = feed
        self._watched = watched
        self._program = cut_name(plain(PurePosixPath(feed.file.replace("\\", "/")).name.split(".", 1)[0]))
        self._names = Names()
        self._levels = [_Level()]
        self._case: Case | None = None  # what follows explains it
        self._text = LineText()
        self._yaml = -1  # the indentation of the YAML that is being read
        self._structured = False  # some of the text is YAML
        self._bailed = False
        self._point_at = 0

    def items(self) -> Iterator[Item]:
        for line in self._feed:
            if self._in_yaml(line):
                continue
            if (point := _POINT.match(line)) is not None and len(point[1]) % _INDENT == 0:
                yield from self._finished()
                self._point(point)
            elif (plan := _PLAN.match(line)) is not None and len(plan[1]) % _INDENT == 0:
                yield from self._plan(plan)
            else:
                self._other(line)
        if self._case is not None and self._point_at == self._feed.number and not self._watched.ended:
            self._cut(self._case)
        yield from self._finished()
        self._leave(0)
        self._check(self._levels[0])

    def _cut(self, case: Case) -> None:
        """The file ends with a test whose line is not: that is whole when the plan says that it is the last."""
        if not all(level.plan == level.told for level in self._levels):
            case.outcome, case.message = Outcome.NOT_PROVEN, "the file ends within the line of this test"

    def _point(self, point: re.Match[str]) -> None:
        indent, failed, number, rest = point.groups()
        level = self._enter(len(indent) // _INDENT)
        level.told += 1
        level.subtest = ""
        self._case = case = Case((self._program,), "", "")
        self._point_at = self._feed.number
        if (time := _TIME.search(rest)) is not None:
            rest, case.duration = rest[: time.start()], _seconds(time[1])
        if (directive := _DIRECTIVE.search(rest)) is not None:
            rest = rest[: directive.start()]
            case.message = cut(plain(directive[2].strip()))
        said = _ESCAPED.sub(r"\1", plain(rest).strip())
        names = [*(one.name for one in self._levels[1:]), said or f"test {number or level.told}"]
        case.name = self._names.unique(cut_name(TITLES.join(names)))
        self._judge(case, failed=bool(failed), directive=directive[1].lower() if directive else "")

    def _judge(self, case: Case, *, failed: bool, directive: str) -> None:
        if directive == "skip":
            case.outcome = Outcome.SKIPPED
        elif directive == "todo":
            case.outcome, case.cause = (Outcome.SKIPPED, Cause.XFAIL) if failed else (Outcome.PASSED, Cause.XPASS)
        elif failed:
            case.outcome = Outcome.FAILED

    def _plan(self, plan: re.Match[str]) -> Iterator[Item]:
        indent, count, reason = plan.groups()
        level = self._enter(len(indent) // _INDENT)
        level.plan = int(count)
        if level.plan == 0 and level is self._levels[0]:
            yield from self._finished()
            message = cut(plain(reason or ""))
            yield Case((self._program,), "", SUITE_CASE, outcome=Outcome.SKIPPED, message=message)

    def _other(self, line: str) -> None:
        if (bail := _BAIL.match(line)) is not None:
            if not self._bailed:
                self._feed.warn(f"the tests were given up: {cut(plain(bail[1]), 200)}")
            self._bailed = True
        elif (subtest := _SUBTEST.match(line)) is not None and len(subtest[1]) % _INDENT == 0:
            self._enter(len(subtest[1]) // _INDENT).subtest = _ESCAPED.sub(r"\1", plain(subtest[2].strip()))
        elif self._case is not None and line.strip() == "---":
            self._yaml, self._structured = len(line) - len(line.lstrip()), True
        elif self._case is not None and line.lstrip().startswith("#"):
            self._text.line(line.lstrip().lstrip("# ") + "\n")

    def _in_yaml(self, line: str) -> bool:
        """True when the line belongs to the YAML that explains the last test."""
        if self._yaml < 0:
            return False
        if line.strip() == "...":
            self._yaml = -1
            return True
        if line.strip() and len(line) - len(line.lstrip()) < self._yaml:
            self._yaml = -1
            return False
        self._text.line(line[self._yaml :] + "\n")
        return True

    def _finished(self) -> Iterator[Item]:
        """The last test, now that all is said of it."""
        case, self._case = self._case, None
        text, self._text, self._yaml = plain(self._text.value()), LineText(), -1
        structured, self._structured = self._structured, False
        if case is None:
            return
        told = _diagnostics(text) if structured else {}
        case.duration = case.duration or _seconds(told.get("duration_ms", ""))
        if case.outcome is Outcome.FAILED:
            case.message, case.details = explain(text)
            if structured:
                case.message, case.details = cut(told.get("message") or told.get("error", "")), text.strip("\n")
            if told.get("failureType") == "testTimeoutFailure":
                case.cause = Cause.TIMEOUT
        yield case

    def _enter(self, depth: int) -> _Level:
        """Go to a level: subtests that lie deeper have ended."""
        depth = min(depth, _DEPTH)
        self._leave(depth)
        while len(self._levels) <= depth:
            around = self._levels[-1]
            self._levels.append(_Level(around.subtest or f"{around.told + 1}"))
        return self._levels[depth]

    def _leave(self, depth: int) -> None:
        while len(self._levels) > depth + 1:
            self._check(self._levels.pop())

    def _check(self, level: _Level) -> None:
        if level.plan < 0 and level is self._levels[0]:
            self._feed.warn("there is no plan: the file may end too early")
        elif 0 <= level.plan != level.told:
            of = "the plan" if level is self._levels[0] else "the plan of a subtest"
            self._feed.warn(f"{of} says another number of tests than have a result")


def _diagnostics(text: str) -> dict[str, str]:
    """What is known by name in the YAML of a test. It is not parsed: a line is enough, of a block its first."""
    found: dict[str, str] = {}
    block = ""
    for line in text.split("\n"):
        if block:
            found[block], block = line.strip(), ""
        elif (told := _KEY.match(line)) is not None and told[1] not in found:
            value = told[2].strip()
            if value in ("|", "|-", ">", ">-"):
                block = told[1]
            else:
                found[told[1]] = (
                    value[1:-1] if len(value) > 1 and value[0] in "'\"" and value[-1] == value[0] else value
                )
    return found


def _seconds(milliseconds: str) -> float:
    try:
        value = float(milliseconds) / 1000
    except ValueError:
        return 0.0
    return value if 0.0 <= value < LONGEST else 0.0
