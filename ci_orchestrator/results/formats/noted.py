"""What a reader of a file could not take as it is: the first few of each wording, and how many more there were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ci_orchestrator.errors import Where
from ci_orchestrator.results.formats.base import ReadWarning

SAME_WARNING = 3
"""Warnings of one wording that are shown one by one; the rest are counted."""

WORDINGS = 100
"""Wordings that are told apart: some hold a name out of the file, which may hold millions."""

_OTHERS = "something else could not be taken as it is"


class Noted:
    """The warnings of one file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._counts: Counter[str] = Counter()
        self._fresh: list[ReadWarning] = []

    def note(self, what: str, where: Where) -> None:
        """One more."""
        if what not in self._counts and len(self._counts) >= WORDINGS:
            what = _OTHERS
        self._counts[what] += 1
        if self._counts[what] <= SAME_WARNING:
            self._fresh.append(ReadWarning(what, where))

    def fresh(self) -> Iterator[ReadWarning]:
        """Those since the last call. To be called at the end, too."""
        fresh, self._fresh = self._fresh, []
        yield from fresh

    def repeated(self) -> Iterator[ReadWarning]:
        """At the end: how many of each wording were not shown."""
        for what, count in sorted(self._counts.items()):
            if count > SAME_WARNING:
                yield ReadWarning(f"{what} ({count - SAME_WARNING} more times)", Where(self._file))
