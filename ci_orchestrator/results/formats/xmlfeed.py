"""The one way in which XML from outside is parsed: streaming, bounded, without entities, and without going anywhere.

Expat alone is used, because it shows every declaration before it acts, hands texts on piece by piece, and is twice as
fast as any tree (see benchmarks/junit.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from xml.parsers import expat

from ci_orchestrator.errors import ResultsError, Where
from ci_orchestrator.results.formats.base import Readable, ReadWarning
from ci_orchestrator.results.formats.encoding import encoding_of, utf8_chunks

TAG_LIMIT = 16 * 1024 * 1024
"""Bytes of one tag with its attributes: expat must hold it whole. Longer is refused."""

SAME_WARNING = 3
"""Warnings of one wording that are shown one by one; the rest are counted."""

Attributes = dict[str, str]

_ROOT = re.compile(r"(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)*<(?:[\w.-]+:)?([\w.-]+)", re.DOTALL)
_HANDLERS = (
    "StartElementHandler",
    "EndElementHandler",
    "CharacterDataHandler",
    "EntityDeclHandler",
    "SkippedEntityHandler",
)
_CUT_SHORT = {"no element found", "unclosed token", "unclosed CDATA section", "partial character"}


def root_tag(head: bytes) -> str:
    """The name of the first element of a file that starts with `head`, without its prefix; "" when it is not XML."""
    match = _ROOT.match(_text(head))
    return match[1] if match else ""


def root_says(head: bytes, words: str) -> bool:
    """True when the tag of the first element of a file that starts with `head` holds `words`: an attribute's, say."""
    text = _text(head)
    match = _ROOT.match(text)
    return match is not None and words in text[match.end() :].partition(">")[0]


@lru_cache(maxsize=2)  # a dozen formats ask for the same head, one after the other
def _text(head: bytes) -> str:
    name, _ = encoding_of(head)
    return head.decode(name, errors="replace").lstrip("\ufeff")


class XmlFeed:
    """Feeds a stream to the handlers of a reader and remembers what was wrong with it.

    `start` and `end` are expat's handlers; `start` gets the names and values of attributes in turn, in one list.
    `broken` says why parsing stopped early; what was read before is good. `warn` may be called by the reader too;
    `warnings` hands the warnings on. `mended`: characters were replaced somewhere; `checks_names`: the reader looks
    whether that was in what names a test (`text.mended`), so that it is harmless in itself.
    """

    def __init__(
        self,
        file: str,
        start: Callable[[str, list[str]], None],
        end: Callable[[str], None],
        *,
        checks_names: bool = False,
    ) -> None:
        self.file = file
        self.broken: str = ""
        self.mended = False
        self._checks_names = checks_names
        # A name costs less to read again than to be looked for among those read before, which is the default.
        self.parser = parser = expat.ParserCreate("UTF-8", intern=None)
        parser.buffer_text = True
        parser.ordered_attributes = True  # a list costs less than a dictionary that is read once
        parser.buffer_size = 65_536
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.EntityDeclHandler = self._refuse_entity
        parser.SkippedEntityHandler = self._skipped_entity
        self._warnings: list[ReadWarning] = []
        self._counts: dict[tuple[str, bool], int] = {}
        self._unfinished = 0  # bytes that the parser holds of a tag

    @property
    def where(self) -> Where:
        """The place that is being read."""
        return Where(self.file, self.parser.CurrentLineNumber)

    def warn(self, what: str, *, harmless: bool = False) -> None:
        """Note something that was mended or left out, here. `harmless`: see `ReadWarning`."""
        count = self._counts[what, harmless] = self._counts.get((what, harmless), 0) + 1
        if count <= SAME_WARNING:
            self._warnings.append(ReadWarning(what, self.where, harmless))

    def warnings(self) -> Iterator[ReadWarning]:
        """The warnings since the last call."""
        noted, self._warnings = self._warnings, []
        yield from noted

    def repeated(self) -> Iterator[ReadWarning]:
        """At the end: how many warnings of each wording were not shown."""
        for (what, harmless), count in sorted(self._counts.items()):
            if count > SAME_WARNING:
                yield ReadWarning(f"{what} ({count - SAME_WARNING} more times)", Where(self.file), harmless)

    def pieces(self, stream: Readable) -> Iterator[None]:
        """Parse the stream; comes back after each piece so that the reader can hand on what it has.

        Raises `ResultsError` for what is refused outright: declared entities, a tag over `TAG_LIMIT`.
        """
        fed = 0
        try:
            for piece in self._portions(utf8_chunks(stream, self._mend)):
                self.parser.Parse(piece, False)
                fed += len(piece)
                self._unfinished = fed - max(self.parser.CurrentByteIndex, 0)
                if self._unfinished > TAG_LIMIT:
                    raise self.refusal(f"one tag is longer than {TAG_LIMIT >> 20} MiB")
                yield
            self.parser.Parse(b"", True)
        except expat.ExpatError as error:
            self._stop(error)
        finally:
            self._let_go()
        yield

    def _portions(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces, but of a tag that does not end as much again as there was, up to what is too much: expat before
        2.6 reads such a tag from its start each time (CVE-2023-52425), for seconds in all."""
        waiting: list[bytes] = []
        size = 0
        for piece in pieces:
            waiting.append(piece)
            size += len(piece)
            if size >= min(self._unfinished, TAG_LIMIT + 1 - self._unfinished):
                yield b"".join(waiting)
                waiting, size = [], 0
        if waiting:
            yield b"".join(waiting)

    def refusal(self, what: str, fix: str = "") -> ResultsError:
        """The error for a file that is refused at this place."""
        return ResultsError(what, fix=fix, where=self.where)

    def _mend(self, what: str) -> None:
        self.mended = True
        self.warn(what, harmless=self._checks_names)

    def _let_go(self) -> None:
        """The parser holds the reader by its handlers, and the reader the parser: without this only the garbage
        collector would free its buffers, of thousands of files at last."""
        for handler in _HANDLERS:
            setattr(self.parser, handler, None)

    def _stop(self, error: expat.ExpatError) -> None:
        reason = expat.ErrorString(error.code) or "not well-formed"
        if reason.startswith("junk after"):
            self.warn("something follows the end of the document: it was not read")
            return
        cut_short = reason in _CUT_SHORT
        self.broken = "the file ends too early" if cut_short else f"not well-formed XML ({reason})"

    def _refuse_entity(self, name: str, *_: object) -> None:
        raise self.refusal(
            f"the file declares the entity {name[:100]!r}: refused",
            "results need no entities; they are a way to exhaust memory and to read files",
        )

    def _skipped_entity(self, name: str, _: bool) -> None:
        self.warn(f"the entity &{name[:100]}; is not declared: it was left out")
