"""Coverage against the base build, and of the lines that a change touches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from ci_orchestrator.results.coverage import Counts, CoverageSummary, FileCoverage, count_lines
from ci_orchestrator.results.diff import Diff
from ci_orchestrator.results.findings import CoverageChange, FileChange


def coverage_change(files: Sequence[FileCoverage], base: CoverageSummary | None, diff: Diff | None) -> CoverageChange:
    """What merged `files` come to beside the base and the diff; paths of all three are the repository's.

    An empty diff tells no lines, as if there was none. Told are the measured files of the diff and those whose counts
    differ from the base's, also one that is measured no longer though the diff does not remove it. A file that the base
    lacks is a difference only when the base is whole.
    """
    empty = diff is not None and diff.empty
    diff = None if empty else diff
    before = {one.path: one.lines for one in base.files} if base else {}
    renamed = diff.renamed if diff else {}
    each = [_file_change(one, before.get(renamed.get(one.path, one.path)), diff) for one in files]
    changes = [one for one in each if _tells(one, base, diff)]
    if diff is not None:
        changes += _vanished(before, files, diff)
    return CoverageChange(
        before=base.lines if base else None,
        before_partial=bool(base and base.partial),
        changed=None if diff is None else sum((one.changed for one in each), Counts()),
        files=tuple(sorted(changes, key=lambda one: one.path)),
        unmeasured=tuple(_unmeasured(files, diff)) if diff else (),
        none_measured=bool(diff and _none_measured(files, diff)),
        empty_diff=empty,
    )


def _file_change(one: FileCoverage, before: Counts | None, diff: Diff | None) -> FileChange:
    touched = diff.changed.get(one.path, frozenset[int]()) if diff else frozenset[int]()
    executable = {number: hits for number, hits in one.lines.items() if number in touched}
    return FileChange(
        path=one.path,
        now=count_lines(one.lines),
        before=before,
        changed=count_lines(executable),
        missed=tuple(_missed(sorted(touched), executable)),
    )


def _tells(one: FileChange, base: CoverageSummary | None, diff: Diff | None) -> bool:
    if diff is not None and one.path in diff.changed:
        return True
    if one.before is None:
        return base is not None and not base.partial
    return one.before != one.now


def _vanished(before: Mapping[str, Counts], files: Sequence[FileCoverage], diff: Diff) -> Iterator[FileChange]:
    """Files that the base measured, that are still there, and that nothing measures now."""
    gone = before.keys() - {one.path for one in files} - diff.removed - set(diff.renamed.values())
    for path in sorted(gone):
        yield FileChange(path=path, now=Counts(), before=before[path])


def _unmeasured(files: Sequence[FileCoverage], diff: Diff) -> Iterator[str]:
    """Files with added or rewritten lines that a report does not know, though it knows others of their kind."""
    known = {one.path for one in files}
    endings = {PurePosixPath(path).suffix for path in known} - {""}
    for path, lines in sorted(diff.changed.items()):
        if lines and path not in known and PurePosixPath(path).suffix in endings:
            yield path


def _none_measured(files: Sequence[FileCoverage], diff: Diff) -> bool:
    """Whether lines were added or rewritten, and all of them in files that nothing measured."""
    touched = {path for path, lines in diff.changed.items() if lines}
    return bool(touched) and touched.isdisjoint(one.path for one in files)


def _missed(touched: Sequence[int], lines: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Runs of touched lines that nothing executed; what cannot be executed between them does not part them."""
    first = last = before = 0
    for number in touched:
        missed = lines.get(number) == 0
        if first and (number != before + 1 or lines.get(number, 0) > 0):
            yield first, last
            first = 0
        if missed:
            first, last = first or number, number
        before = number
    if first:
        yield first, last
