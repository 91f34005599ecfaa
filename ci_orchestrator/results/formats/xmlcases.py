"""What the readers of XML test formats other than JUnit share: groups of tests, and one test at a time.

A format says which elements are groups, which are tests and which within them are of interest, and makes a `Case` of
each test when its element ends. Everything else is here: the bounds, what a torn file comes to, groups that failed
although none of their tests did, and tests of one name.

**Tests of one name.** None of these tools writes a re-run as a second element: two elements of one class and name are
two tests (rows of data whose shown values are cut short, fixtures in two assemblies). The second is called
``name (2)``, so that a pass can never hide the failure of its namesake. For that the names of a file are remembered.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from ci_orchestrator.errors import Where
from ci_orchestrator.results.formats.base import Case, Item, Readable, ReadWarning
from ci_orchestrator.results.formats.text import BoundedText, cut, cut_name, cut_text, mended
from ci_orchestrator.results.formats.xmlfeed import Attributes, XmlFeed
from ci_orchestrator.results.model import LONGEST, Outcome

NESTED_SUITES = 32
"""Names of groups that a case keeps; deeper ones are left out."""

_DEPTH = 1_000  # groups and tests within one another; more is no report
_KEPT = 200  # elements that are kept of one test: each may have a text of `text.TEXT_LIMIT`
_NOT_WELL = (Outcome.FAILED, Outcome.ERRORED, Outcome.NOT_PROVEN)
_MACHINE_PATH = re.compile(r"(?:[A-Za-z]:)?[\\/](?:.*[\\/])?(?=[^\\/]+$)")


class Element:
    """An element that is of interest, with those of its descendants that are, whatever stands between."""

    def __init__(self, tag: str, attributes: Attributes) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""
        self.failed = False
        """A test within this one failed, or has no known result."""
        self.inner = 0
        """Tests directly within this one."""
        self.whole = False
        """The end of it was read."""
        self.kept = 0
        self.buffer: BoundedText | None = None

    def get(self, name: str) -> str:
        """An attribute; "" when it is not there."""
        return self.attributes.get(name, "")

    def all(self, *tags: str) -> Iterator[Element]:
        """The children with one of these names, in order."""
        return (child for child in self.children if child.tag in tags)

    def said(self, *path: str) -> str:
        """The text of the first child with that path that has any, without empty lines around it; else ""."""
        for tag in path[:1]:
            return next((text for child in self.all(tag) if (text := child.said(*path[1:]))), "")
        return self.text.rstrip().lstrip("\r\n")


class CaseReader(ABC):
    """Reads one file. A format is a subclass that fills the four sets and `case`, and what it needs of the rest."""

    ROOTS: ClassVar[frozenset[str]]
    GROUPS: ClassVar[frozenset[str]]
    TESTS: ClassVar[frozenset[str]]
    INSIDE: ClassVar[frozenset[str]]

    def __init__(self, file: str) -> None:
        self.feed = XmlFeed(file, self._root, self._end, checks_names=True)
        self.around: list[Element] = []
        """The groups and tests around this place, outermost first."""
        self._marks: list[Element | None] = []  # one for each open element; None where it is of no interest
        self._texts: list[Element] = []  # the open elements of interest within the innermost group or test
        self._items: list[Item] = []
        self._seen: Counter[tuple[str, str]] = Counter()

    @abstractmethod
    def case(self, test: Element) -> Iterable[Item]:
        """What one test comes to; usually one case. Called when its element ends, or the file within it."""

    def group(self, group: Element) -> Iterable[Item]:
        """What a group comes to beyond its tests, when its element ends."""
        return ()

    def ending(self) -> Iterable[Item]:
        """What is left to say when the file has ended, whole or not."""
        return ()

    def suites(self) -> tuple[str, ...]:
        """The names of the groups around this place; of a path of some machine, the last part."""
        names = (base_name(group.get("name")) for group in self.around if group.tag in self.GROUPS)
        return tuple(name for name in names if name)[:NESTED_SUITES]

    def read(self, stream: Readable) -> Iterator[Item]:
        """The items of the file, each as soon as it is whole.

        Raises `ResultsError` when the file is refused (see `XmlFeed`) or breaks before its first test.
        """
        found = False
        for _ in self.feed.pieces(stream):
            yield from self.feed.warnings()
            items, self._items = self._items, []
            found = found or any(isinstance(item, Case) for item in items)
            yield from items
            for element in self._texts:
                if element.buffer is not None:
                    element.buffer.trim()
        unfinished = self._unfinished()
        last = self._told(self.ending())
        yield from said_at_the_end(self.feed, [*unfinished, *last], found=found)

    def _unfinished(self) -> list[Item]:
        items: list[Item] = []
        while self.around:
            if self.around[-1].tag in self.TESTS:
                items += [not_whole(item) for item in self._told(self.case(self.around[-1]))]
            self._leave()
        return items

    def _leave(self) -> None:
        """Go out of the innermost group or test."""
        left = self.around.pop()
        if self.around:
            self.around[-1].failed |= left.failed
            self.around[-1].inner += left.tag in self.TESTS

    def _root(self, tag: str, attributes: list[str]) -> None:
        if _local(tag) not in self.ROOTS:
            raise self.feed.refusal(f"the first element is <{cut(tag, 100)}>: this is another format")
        self.feed.parser.StartElementHandler = self._start
        self._start(tag, attributes)

    def _start(self, tag: str, attributes: list[str]) -> None:
        tag = _local(tag)
        element: Element | None = None
        if not self._texts and (tag in self.GROUPS or tag in self.TESTS):
            element = Element(tag, _pairs(attributes))
            self.around.append(element)
            if len(self.around) > _DEPTH:
                raise self.feed.refusal(f"groups are nested more than {_DEPTH} deep")
        elif tag in self.INSIDE and self.around and self.around[-1].kept < _KEPT:
            element = self._inside(tag, attributes)
        self._marks.append(element)

    def _inside(self, tag: str, attributes: list[str]) -> Element:
        holder = self.around[-1]
        holder.kept += 1
        element = Element(tag, _pairs(attributes))
        (self._texts[-1] if self._texts else holder).children.append(element)
        element.buffer = BoundedText()
        self.feed.parser.CharacterDataHandler = element.buffer.add
        self._texts.append(element)
        return element

    def _end(self, tag: str) -> None:
        element = self._marks.pop()
        if element is None:
            return
        if element.buffer is not None:
            self._texts.pop()
            element.text, element.buffer = element.buffer.value(), None
            outer = self._texts[-1].buffer if self._texts else None
            self.feed.parser.CharacterDataHandler = outer.add if outer is not None else None
            return
        element.whole = True
        self._items += self._told(self.case(element) if element.tag in self.TESTS else self.group(element))
        self._leave()

    def _told(self, items: Iterable[Item]) -> list[Item]:
        """The items, with cases of one name told apart, and the group that they are in told of failures."""
        told = list(items)
        for item in told:
            if isinstance(item, Case):
                self._name(item)
                if self.around and item.outcome in _NOT_WELL:
                    self.around[-1].failed = True
        return told

    def _name(self, case: Case) -> None:
        case.classname, case.name = cut_name(case.classname), cut_name(case.name)
        if self.feed.mended:
            check_names(self.feed, [case])
        names = (case.classname, case.name)
        self._seen[names] += 1
        if self._seen[names] > 1:
            case.name = f"{case.name} ({self._seen[names]})"


def said_at_the_end(feed: XmlFeed, unfinished: Sequence[Item], *, found: bool) -> Iterator[Item]:
    """The last items of a file: what is `unfinished`, and what was wrong. `found`: cases were read before.

    Raises `ResultsError` when the file broke and holds nothing at all.
    """
    if feed.broken and not found and not unfinished:
        raise feed.refusal(feed.broken, "nothing could be read of it: run the tests again")
    if feed.broken:
        yield ReadWarning(f"{feed.broken}: what follows was not read", feed.where)
    if not found and not unfinished:
        yield ReadWarning("the file holds no test cases", Where(file=feed.file))
    yield from unfinished
    yield from feed.repeated()


def check_names(feed: XmlFeed, items: Iterable[Item]) -> None:
    """Say which tests have names in which characters were replaced: two that were different may be alike now."""
    for one in items:
        if isinstance(one, Case) and mended("\n".join((*one.suites, one.classname, one.name, one.file))):
            feed.warn("the name of a test holds characters that were replaced")


def not_whole(item: Item) -> Item:
    """A case that the end of a broken file cut is not proven, unless it had failed already."""
    if isinstance(item, Case) and item.outcome in (Outcome.PASSED, Outcome.SKIPPED):
        item.outcome = Outcome.NOT_PROVEN
        item.message = "the file ends within this test"
    return item


def explain(case: Case, message: str, trace: str = "") -> None:
    """Say why `case` ended as it did: one line as its message; all there is as its details, when there is more."""
    line, _, more = message.strip().partition("\n")
    case.message = cut(line.rstrip())
    case.details = cut_text(f"{message}\n{trace}".strip("\n")) if more and trace else message if more else trace


def unknown(case: Case, word: str, *, failed: bool) -> None:
    """The outcome of a test of which the file says a word that its format does not know: never a pass."""
    case.outcome = Outcome.FAILED if failed else Outcome.NOT_PROVEN
    case.message = case.message or f"the file says {cut(word, 100)!r}: not a known result"


def base_name(name: str) -> str:
    """`name`, or its last part when it is the absolute path of a file on some machine."""
    return _MACHINE_PATH.sub("", cut_name(name), count=1)


def without_class(name: str, classname: str) -> str:
    """The name of a test without the class that many tools put before it."""
    return name.removeprefix(f"{classname}.") or name if classname else name


def seconds(text: str) -> float:
    """A duration in seconds; 0 when it is none."""
    try:
        value = float(text.replace(",", ".") or 0)
    except ValueError:
        return 0.0
    return value if 0.0 <= value < LONGEST else 0.0


def _local(tag: str) -> str:
    return tag.rpartition(":")[2] if ":" in tag else tag


def _pairs(attributes: list[str]) -> Attributes:
    turns = iter(attributes)
    return {key: cut_name(value) for key, value in zip(turns, turns, strict=True)}
