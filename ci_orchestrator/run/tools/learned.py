"""What the workers of one suite find out for each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from ci_orchestrator.run.tools.covered import CoverageReport
from ci_orchestrator.run.tools.listing import split_batches

TEXT_ROOM = 60_000
"""Bytes of names in one argument, of which Linux takes 128 KiB (execve(2), MAX_ARG_STRLEN): escaped, they grow."""


@dataclass(slots=True)
class Learned:
    """What the sessions of one suite have found out, for those that follow.

    `reports`: a run has left a report. `alone`: tests that run alone. `paths`: all tests of each path that was listed.
    `covered`: where the coverage of all runs goes together, if the suite asks for it.
    """

    covered: CoverageReport | None = None
    reports: bool = False
    alone: set[str] = field(default_factory=set)
    paths: dict[str, frozenset[str]] = field(default_factory=dict)

    def list(self, tests: Sequence[str]) -> None:
        """Remember what there is."""
        groups: dict[str, set[str]] = {}
        for test in tests:
            groups.setdefault(test.partition("::")[0], set()).add(test)
        self.paths.update((path, frozenset(group)) for path, group in groups.items())

    def knows(self, test: str) -> bool:
        """Whether `test` was listed."""
        return test in self.paths.get(test.partition("::")[0], ())

    def whole(self, tests: Sequence[str]) -> bool:
        """Whether `tests` are all that their paths have: then a run of these paths runs nothing else."""
        if not all(map(self.knows, tests)):
            return False
        counts = Counter(test.partition("::")[0] for test in tests)
        return all(len(self.paths.get(path, ())) == count for path, count in counts.items())

    def together(self, tests: Sequence[str], room: int = TEXT_ROOM) -> int:
        """How many of `tests`, from the first on, are whole paths; else how many are of one path.

        For tools that take paths, and names that are not unique. Their texts take `room` bytes at most.
        """
        count = 0
        for path, group in groupby(tests, key=lambda test: test.partition("::")[0]):
            own = list(group)
            if not self.whole(own):
                return count or len(next(split_batches(own, room)))
            room -= len(path.encode())
            if count and room < 0:
                return count
            count += len(own)
        return count
