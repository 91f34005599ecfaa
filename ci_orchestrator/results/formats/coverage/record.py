"""One source file while its coverage is being read: bounded, whatever the report says of it."""

from __future__ import annotations

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results.coverage import Branches, FileCoverage, unite_branches
from ci_orchestrator.results.formats.text import cut, cut_name

LINES = 1_000_000
"""The last line that is kept. .NET marks what has no source by the line 16,707,566 (0xFEEFEE)."""

NAMED = 1_000_000
"""Branches of one source file that are told apart."""

HITS = 2**64 - 1
"""The most that a line's counter can say: 64 bits without a sign, as gcc counts."""

TALL = 50
"""Lines that a range has at most, on the average of all beyond the first `LINES` lines; real ones have a handful."""

NO_FILES = "source files"
"""What a report without any holds none of."""

DIGITS = 30
"""Characters of a number; longer ones are none."""


def number(text: str | None) -> int | None:
    """A number out of a report, also one like ``1e+06``; None when it is none."""
    if text is None:
        return None
    if text.isdecimal() and len(text) <= DIGITS:  # nearly always
        return int(text)
    try:
        return int(float(text[:DIGITS]))
    except (ValueError, OverflowError):
        return None


class Ranges:
    """Ranges of lines in a report: a few bytes can say a million lines, which would keep us busy for hours."""

    def __init__(self) -> None:
        self._room = LINES

    def lines(self, first: int, last: int) -> range:
        """The lines of one range. Raises `ResultsError` when all together are longer than source can be."""
        told = range(max(first, 1), min(last, LINES) + 1)
        self._room += TALL - len(told)
        if self._room < 0:
            raise ResultsError("the report tells of more lines than source can have")
        return told


class Record:
    """What is known of one source file so far. A line told twice has the higher hits."""

    def __init__(self, path: str, module: str = "") -> None:
        self.path = cut_name(path)
        self.module = cut_name(module)
        self.lines: dict[int, int] = {}
        self._named: dict[int, dict[str, bool]] = {}
        self._names = 0
        self._counted: dict[int, Branches] = {}

    def hit(self, line: int, hits: int) -> None:
        """A line that can be executed. Less than none is none: old versions of gcov overflow."""
        if 0 < line <= LINES and self.lines.get(line, -1) < (hits := min(max(hits, 0), HITS)):
            self.lines[line] = hits

    def branch(self, line: int, name: str, *, taken: bool) -> None:
        """One branch that leaves a line, by a name of its own within the line.

        Raises `ResultsError` when there are more than `NAMED`.
        """
        if not 0 < line <= LINES:
            return
        names = self._named.setdefault(line, {})
        name = cut_name(name)
        self._names += name not in names
        if self._names > NAMED:
            raise ResultsError(f"more than {NAMED:,} branches in the source file {cut(self.path, 200)!r}")
        names[name] = names.get(name, False) or taken

    def branches(self, line: int, found: Branches) -> None:
        """The branches that leave a line, where the tool counts them."""
        if 0 < line <= LINES and 0 <= found.covered <= found.total:
            before = self._counted.get(line)
            self._counted[line] = found if before is None else unite_branches(before, found)

    def coverage(self) -> FileCoverage:
        """All of it."""
        branches = dict(self._counted)
        for line, names in self._named.items():
            taken = frozenset(name for name, was_taken in names.items() if was_taken)
            branches[line] = Branches(len(names), len(taken), taken)
        return FileCoverage(self.path, self.lines, branches, self.module)
