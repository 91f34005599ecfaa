"""What tests executed, line by line, whatever tool measured it; and how the measurements of shards become one.

A file's coverage is a *set* of facts: merging is a union, so the same report given twice changes nothing. A line's hits
are the most that any report tells, since tools write counts of one run into several files; a line is covered when any
report hit it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of all lines (or branches) were executed."""

    covered: int = 0
    total: int = 0

    @property
    def share(self) -> float | None:
        """0 to 1; None where there is nothing to cover."""
        return self.covered / self.total if self.total else None

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.covered + other.covered, self.total + other.total)


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches that leave one line. `taken`: names of those taken, where the tool tells branches apart."""

    total: int
    covered: int
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """One source file. `lines`: number of each executable line (from 1) → hits; `branches`: by line.

    `module`: the first part of `path`, where a report names a module that need not be a directory (see `paths`).
    """

    path: str
    lines: Mapping[int, int]
    branches: Mapping[int, Branches] = field(default_factory=dict)
    module: str = ""


@dataclass(frozen=True, slots=True)
class FileSummary:
    """The counts of one file."""

    path: str
    lines: Counts
    branches: Counts = Counts()


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageSummary:
    """The counts of all files, which are sorted by path.

    `partial`: why it is less than the whole truth, such as a job whose coverage is missing; empty when it is all.
    """

    lines: Counts = Counts()
    branches: Counts = Counts()
    files: tuple[FileSummary, ...] = ()
    partial: tuple[str, ...] = ()


def merge_coverage(files: Iterable[FileCoverage]) -> tuple[FileCoverage, ...]:
    """One entry a path, sorted. Lines are united, the higher hits count; of branches see `unite_branches`."""
    lines: dict[str, dict[int, int]] = {}
    branches: dict[str, dict[int, Branches]] = {}
    for one in files:
        own = lines.setdefault(one.path, {})
        for number, hits in one.lines.items():
            if own.get(number, -1) < hits:
                own[number] = hits
        if one.branches:
            kept = branches.setdefault(one.path, {})
            for number, found in one.branches.items():
                before = kept.get(number)
                kept[number] = found if before is None else unite_branches(before, found)
    return tuple(FileCoverage(path, lines[path], branches.get(path, {})) for path in sorted(lines))


def summarise_coverage(files: Iterable[FileCoverage], partial: Iterable[str] = ()) -> CoverageSummary:
    """The counts of merged files (`merge_coverage`)."""
    each = tuple(FileSummary(one.path, count_lines(one.lines), count_branches(one.branches)) for one in files)
    return CoverageSummary(
        lines=sum((one.lines for one in each), Counts()),
        branches=sum((one.branches for one in each), Counts()),
        files=each,
        partial=tuple(sorted(set(partial))),
    )


def count_lines(lines: Mapping[int, int]) -> Counts:
    """How many of these lines were hit."""
    return Counts(sum(1 for hits in lines.values() if hits > 0), len(lines))


def count_branches(branches: Mapping[int, Branches]) -> Counts:
    """How many of the branches of these lines were taken."""
    return Counts(sum(one.covered for one in branches.values()), sum(one.total for one in branches.values()))


def unite_branches(one: Branches, other: Branches) -> Branches:
    """The branches of one line as two reports tell them.

    Named branches are united. Of mere counts the higher one is all that is sure: which branches they were, and so
    whether together they are more, is not known.
    """
    total = max(one.total, other.total)
    taken = one.taken | other.taken
    return Branches(total, min(total, max(one.covered, other.covered, len(taken))), taken)
