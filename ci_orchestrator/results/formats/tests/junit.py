"""JUnit XML, in the dialects that are written in the field, as a stream of cases.

There is no standard; this reader goes by the elements and takes them wherever they stand:

- ``testsuite`` at any depth, with or without ``testsuites`` around it (phpunit nests suite, class and data provider);
- the worst of ``error``, ``failure``, ``skipped`` in a case decides; the texts of all are kept. Directly in a
  ``testsuite`` they are an outcome that no case tells (a fixture or a program that died): a case called ``(suite)``;
- surefire's ``flakyFailure``/``flakyError`` are attempts before, ``rerunFailure``/``rerunError`` attempts after
  (cargo-nextest and Gradle write them as well, with a ``time``);
- ``status``/``result``: *disabled*, *notrun*, *suppressed* never ran, whatever else the case says (googletest, ctest);
  *failed*, *errored* and their like hold also without a child that says it;
- Ant's file of all classes has the ``name`` of a suite without its ``package``, the file of one class has it whole;
- times with thousands separators (surefire: ``1,234.5``) and decimal commas; a time that is none is 0 and a warning;
- pytest's ``xfail`` and our own types (see `junit_writer`) become causes;
- ``properties`` are not read. Totals are counted, never believed: a suite that counts more ``failures`` and ``errors``
  than there are signs of in it, of whatever dialect, has lost some, and is warned of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

from ci_orchestrator.results.formats.base import SUITE_CASE, Case, Format, Item, Readable, SuiteOutput
from ci_orchestrator.results.formats.text import NAME_LIMIT, BoundedText, cut, cut_name, cut_text
from ci_orchestrator.results.formats.xmlcases import NESTED_SUITES, check_names, not_whole, said_at_the_end
from ci_orchestrator.results.formats.xmlfeed import Attributes, XmlFeed, root_says, root_tag
from ci_orchestrator.results.model import LONGEST, Attempt, Cause, Outcome

ROOTS = ("testsuites", "testsuite", "testcase")

_new = object.__new__  # looked up once, not for each case; so are the next two: a member of an enum is slow to get
_NOT_PROVEN, _NO_CAUSE = Outcome.NOT_PROVEN, Cause.NONE
_PROBLEMS = {"failure": Outcome.FAILED, "error": Outcome.ERRORED, "skipped": Outcome.SKIPPED}
_RETRIES = {
    "flakyFailure": Outcome.FAILED,
    "flakyError": Outcome.ERRORED,
    "rerunFailure": Outcome.FAILED,
    "rerunError": Outcome.ERRORED,
}
_BAD = frozenset((*_RETRIES, "failure", "error"))
_WEIGHT = {Outcome.ERRORED: 3, Outcome.NOT_PROVEN: 3, Outcome.FAILED: 2, Outcome.SKIPPED: 1, Outcome.PASSED: 0}
_OUTPUTS = ("system-out", "system-err")
_WITH_TEXT = frozenset((*_PROBLEMS, *_OUTPUTS))
_IN_RETRY = ("stackTrace", *_OUTPUTS)
_FIELD = {"system-out": "stdout", "system-err": "stderr", "stackTrace": "trace"}
_STATUS = {
    **dict.fromkeys(("disabled", "notrun", "suppressed", "skipped", "ignored", "pending", "todo"), Outcome.SKIPPED),
    **dict.fromkeys(("failed", "fail", "failure"), Outcome.FAILED),
    **dict.fromkeys(("errored", "error", "broken"), Outcome.ERRORED),
}
_NEVER_RAN = ("disabled", "notrun", "suppressed")
_CAUSES = {str(cause): cause for cause in Cause if cause} | {"pytest.xfail": Cause.XFAIL}
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?")


def sniff(head: bytes) -> bool:
    """True when the first element is one of JUnit's, and not in the namespace of Check, whose files begin alike."""
    return root_tag(head) in ROOTS and not root_says(head, "check.sourceforge.net")


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The cases of a JUnit file, in its order, each as soon as it is read.

    Raises `ResultsError` when the file is refused (see `XmlFeed`) or breaks before its first case.
    """
    return chain.from_iterable(_batches(stream, file))


def _batches(stream: Readable, file: str) -> Iterator[Iterable[Item]]:
    """What each piece of the file holds: handed on as a whole, a case costs no step of a generator."""
    reader = _Reader(file)
    found = False
    for _ in reader.feed.pieces(stream):
        items = reader.take()
        found = found or any(type(item) is Case for item in items)
        yield reader.feed.warnings()
        yield items
    yield said_at_the_end(reader.feed, reader.unfinished(), found=found)


JUNIT = Format(
    name="junit",
    sniff=sniff,
    parse=parse,
    about="JUnit XML: pytest, surefire, gotestsum, jest-junit, PHPUnit, Bazel, CTest, …",
)


class _Open(BoundedText):
    """An element whose text is being collected."""

    trace = stdout = stderr = ""

    def __init__(self, tag: str, attributes: Attributes) -> None:
        BoundedText.__init__(self)  # super() costs as much again
        self.tag = tag
        self.attributes = attributes

    def explanation(self) -> tuple[str, str]:
        """`(message, details)`: one line, and all there is when there is more than that line."""
        said = self.attributes.get("message", "").strip()
        details = self.value()
        if "\n" in said:
            details = details if said in details else cut_text(f"{said}\n{details}")
        elif details.strip() == said:
            details = ""  # many tools, and our writer, say a message twice
        line = said or details.strip() or self.trace.strip()
        if "\n" in line:
            line = line.partition("\n")[0].rstrip()
        return cut(line), details


class _Reader:
    """The handlers. `start` and `end` run for every element of a million cases: the usual case leaves them first."""

    def __init__(self, file: str) -> None:
        self.feed = XmlFeed(file, self._root, self.end, checks_names=True)
        self._parser = self.feed.parser
        self._items: list[Item] = []
        self._case: Case | None = None
        self._outer: list[Case] = []  # cases around this one: some tools nest steps
        self._never_ran: Case | None = None
        self._suites: tuple[str, ...] = ()
        self._around: list[tuple[str, ...]] = []
        self._signs = 0  # of failures: elements that tell one, and words
        self._counted: list[tuple[int, int]] = []  # by the suites around: failures that it counts, signs before it
        self._open: list[_Open] = []  # an element with text, and within a retry one more
        self._inside = 0  # unknown elements around this place, within the element with text

    def take(self) -> list[Item]:
        """What was read whole since the last call: the case that is still open, always the last item, stays."""
        for opened in self._open:
            opened.trim()
        items = self._items
        self._items = [] if self._case is None else [items.pop()]
        if self.feed.mended:
            check_names(self.feed, items)
        return items

    def unfinished(self) -> list[Case]:
        """The cases that the end of a broken file cut. They are not proven, unless they had failed already."""
        cases = self._outer if self._case is None else [*self._outer, self._case]
        for case in cases:
            not_whole(case)
        if self.feed.mended:
            check_names(self.feed, cases)
        return cases

    def start(self, tag: str, attributes: list[str]) -> None:
        if tag != "testcase" or self._case is not None:
            self._start_other(tag, attributes)
            return
        try:
            first, classname, second, name, third, time = attributes
            seconds = _plain_seconds(time)
        except ValueError:
            self._unusual(attributes)
            return
        if first == "name":
            first, classname, second, name = second, name, first, classname
        if first != "classname" or second != "name" or third != "time" or len(name) + len(classname) > NAME_LIMIT:
            self._unusual(attributes)
            return
        self._case = case = _new(Case)  # see `Case`
        case.suites = self._suites
        case.classname = classname
        case.name = name
        case.duration = seconds
        self._items.append(case)

    def end(self, tag: str) -> None:
        if tag != "testcase" or self._outer:
            self._end_other(tag)
        else:
            self._case = None

    def _root(self, tag: str, attributes: list[str]) -> None:
        """The first element of the file; from here on `start` is the handler."""
        if tag.rpartition(":")[2] not in ROOTS:
            raise self.feed.refusal(f"the first element is <{cut(tag, 100)}>: this is not JUnit XML")
        self._parser.StartElementHandler = self.start
        self.start(tag, attributes)

    def _unusual(self, attributes: list[str]) -> None:
        """A case whose attributes are not just the three that most have, each as it should be."""
        get = _pairs(attributes).get
        line = get("line", "")
        self._case = case = Case(
            self._suites,
            cut_name(get("classname") or get("class", "")),
            cut_name(get("name", "")),
            cut_name(get("file", "")),
            int(line) if line.isascii() and line.isdigit() and len(line) < 10 else 0,
            self._seconds(get("time") or get("duration", "")),
        )
        self._items.append(case)
        for word in (get("status", "").lower(), get("result", "").lower()):
            case.outcome = max(case.outcome, _STATUS.get(word, case.outcome), key=_WEIGHT.__getitem__)
            self._signs += _STATUS.get(word) in (Outcome.FAILED, Outcome.ERRORED)
            if word in _NEVER_RAN:
                self._never_ran = case

    def _seconds(self, text: str) -> float:
        text = text.strip()
        plain = text.replace(",", "") if _GROUPED.fullmatch(text) else text.replace(",", ".", 1)
        try:
            seconds = float(plain or 0)
        except ValueError:
            seconds = -1.0
        if 0.0 <= seconds < LONGEST:
            return seconds
        self.feed.warn("a time is not a number of seconds: taken as 0", harmless=True)
        return 0.0

    def _start_other(self, tag: str, attributes: list[str]) -> None:
        if self._open:
            self._start_inside(tag, attributes)
            return
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag in _WITH_TEXT:
            self._collect(tag, attributes)
        elif tag == "testcase":
            if self._case is not None:
                self._items.pop()
                self._outer.append(self._case)
                self._case = None
            self._unusual(attributes)
        elif tag == "testsuite":
            told = _pairs(attributes)
            self._around.append(self._suites)
            self._counted.append((_failures(told), self._signs))
            if len(self._suites) < NESTED_SUITES:
                self._suites = (*self._suites, cut_name(_suite_name(told)))
        elif tag in _RETRIES and self._case is not None:
            self._collect(tag, attributes)

    def _start_inside(self, tag: str, attributes: list[str]) -> None:
        """Within an element with text: a retry has a trace and outputs of its own, all else is skipped."""
        self._go_inside()
        tag = tag.rpartition(":")[2]
        if tag in _IN_RETRY and len(self._open) == 1 and not self._inside and self._open[0].tag in _RETRIES:
            self._collect(tag, attributes)
        else:
            self._inside += 1

    def _collect(self, tag: str, attributes: list[str]) -> None:
        """An element with text begins: until its end, nothing in it is a case."""
        opened = _Open(tag, _pairs(attributes))
        self._open.append(opened)
        self._parser.CharacterDataHandler = opened.add
        if self._case is None:  # within a case, no element is taken for another
            self._go_inside()

    def _go_inside(self) -> None:
        """Hand all elements to the handlers for what stands within an element with text, which hardly any has."""
        self._parser.StartElementHandler = self._start_inside
        self._parser.EndElementHandler = self._end_inside

    def _end_inside(self, tag: str) -> None:
        if self._inside:
            self._inside -= 1
            return
        closed = self._open.pop()
        if self._open:  # it was within a retry
            around = self._open[-1]
            self._parser.CharacterDataHandler = around.add
            setattr(around, _FIELD[closed.tag], closed.value())
            return
        self._parser.StartElementHandler = self.start
        self._parser.EndElementHandler = self.end
        self._close(closed)

    def _close(self, closed: _Open) -> None:
        """An element with text, all of which is read, is told of its case."""
        self._parser.CharacterDataHandler = None
        tag = closed.tag
        self._signs += tag in _BAD
        if tag in _PROBLEMS:
            self._problem(closed)
        elif tag in _FIELD:
            self._output(closed)
        else:
            self._retry(closed)

    def _end_other(self, tag: str) -> None:
        if self._open:
            self._close(self._open.pop())
        elif (name := tag.rpartition(":")[2]) == "testsuite":
            self._suites = self._around.pop()
            counts, before = self._counted.pop()
            if counts > self._signs - before:
                self.feed.warn("a suite counts more failures and errors than its tests show")
        elif name == "testcase":
            self._case = self._outer.pop() if self._outer else None
            if self._case is not None:
                self._items.append(self._case)

    def _problem(self, closed: _Open) -> None:
        """A failure, an error or a skip: of the case, or of a suite, which then gets a case for it."""
        outcome, cause = _verdict(_PROBLEMS[closed.tag], closed.attributes.get("type", ""))
        message, details = closed.explanation()
        case = self._case
        if case is None:
            self._items.append(
                Case(self._suites, "", SUITE_CASE, outcome=outcome, cause=cause, message=message, details=details)
            )
            return
        worse = _WEIGHT[outcome] > _WEIGHT[case.outcome]
        if worse or not case.message:
            case.message, case.cause = message, cause
        if worse and case is not self._never_ran:
            case.outcome = outcome
        case.details = cut_text(f"{case.details}\n\n{details}") if case.details and details else case.details or details

    def _retry(self, closed: _Open) -> None:
        """One more attempt of the case, made before or after the one that it tells."""
        case = self._case
        if case is None:
            return
        outcome, cause = _verdict(_RETRIES[closed.tag], closed.attributes.get("type", ""))
        message, details = closed.explanation()
        attempt = Attempt(
            outcome=outcome,
            cause=cause,
            duration=self._seconds(closed.attributes.get("time", "")),
            message=message,
            details=closed.trace or details,
            stdout=closed.stdout,
            stderr=closed.stderr,
            file=case.file,
            line=case.line,
        )
        if closed.tag.startswith("flaky"):
            case.before = (*case.before, attempt)
        else:
            case.after = (*case.after, attempt)

    def _output(self, closed: _Open) -> None:
        text = closed.value()
        if not text:
            return
        case = self._case
        if case is None:
            self._items.append(SuiteOutput(self._suites, **{_FIELD[closed.tag]: text}))
        else:
            before = getattr(case, _FIELD[closed.tag])
            setattr(case, _FIELD[closed.tag], cut_text(f"{before}\n{text}") if before else text)


@lru_cache(maxsize=4_096)  # most tests take some milliseconds: their times are few
def _plain_seconds(text: str) -> float:
    """Raises `ValueError` when it is not just a number, or an impossible time."""
    seconds = float(text)
    if 0.0 <= seconds < LONGEST:
        return seconds
    raise ValueError


def _pairs(attributes: list[str]) -> Attributes:
    """Names and values in turn, as expat gives them, as a dictionary."""
    pairs: Attributes = {}
    each = iter(attributes)
    for name in each:  # half the time of `dict(zip(…))`
        pairs[name] = next(each)
    return pairs


def _failures(suite: Attributes) -> int:
    """The failures and errors that a suite says it has; 0 where that is no number."""
    said = (suite.get("failures", ""), suite.get("errors", ""))
    return sum(int(text) for text in said if text.isascii() and text.isdigit() and len(text) < 10)


def _suite_name(attributes: Attributes) -> str:
    name, package = attributes.get("name", ""), attributes.get("package", "")
    divided = package and "id" in attributes and "." not in name and name != package
    return f"{package}.{name}" if divided else name


def _verdict(outcome: Outcome, kind: str) -> tuple[Outcome, Cause]:
    """The outcome and the cause of an element whose ``type`` is `kind`."""
    if kind == _NOT_PROVEN and outcome is Outcome.ERRORED:
        return _NOT_PROVEN, _NO_CAUSE
    return outcome, _CAUSES.get(kind, _NO_CAUSE)
