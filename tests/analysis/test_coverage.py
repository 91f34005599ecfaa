from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ci_orchestrator.analysis.coverage import coverage_change
from ci_orchestrator.results.coverage import Counts, CoverageSummary, FileCoverage, summarise_coverage
from ci_orchestrator.results.diff import Diff
from ci_orchestrator.results.findings import CoverageChange, FileChange

A = FileCoverage("a.py", {1: 1, 2: 0, 4: 0, 5: 1, 7: 0})
B = FileCoverage("b.py", {1: 1})


def test_without_base_and_diff_there_is_nothing_to_compare():
    assert coverage_change([A, B], None, None) == CoverageChange()


def test_only_executable_lines_of_the_diff_count_and_what_lies_between_does_not_part_a_run():
    diff = Diff({"a.py": frozenset({2, 3, 4, 5, 6, 7, 8}), "README.md": frozenset({1})})
    change = coverage_change([A, B], None, diff)
    assert change.before is None
    assert change.changed == Counts(1, 4)
    assert change.files == (FileChange(path="a.py", now=Counts(2, 5), changed=Counts(1, 4), missed=((2, 4), (7, 7))),)


def test_missed_lines_that_the_diff_does_not_connect_are_apart():
    change = coverage_change([A], None, Diff({"a.py": frozenset({2, 4})}))
    assert change.files[0].missed == ((2, 2), (4, 4))


def test_a_diff_without_executable_lines_has_a_total_of_none():
    change = coverage_change([A], None, Diff({"README.md": frozenset({1}), "a.py": frozenset({3})}))
    assert change.changed == Counts(0, 0)
    assert change.changed.share is None


def test_changed_files_of_a_kind_that_is_measured_are_told_when_they_were_not():
    lines = frozenset({1})
    diff = Diff({"new.py": lines, "renamed.py": frozenset(), "a.py": lines, "README.md": lines, "Makefile": lines})
    assert coverage_change([A, B], None, diff).unmeasured == ("new.py",)
    assert coverage_change([], None, diff).unmeasured == ()


def test_files_that_moved_are_told_and_the_others_are_not():
    base = summarise_coverage([FileCoverage("a.py", {1: 1}), B])
    change = coverage_change([A, B], base, None)
    assert change.before == Counts(2, 2)
    assert change.changed is None
    assert change.files == (FileChange(path="a.py", now=Counts(2, 5), before=Counts(1, 1)),)


def test_a_renamed_file_is_held_against_its_old_name():
    base = summarise_coverage([FileCoverage("old.py", {1: 1})])
    change = coverage_change([A], base, Diff({"a.py": frozenset()}, {"a.py": "old.py"}))
    assert [(one.path, one.before) for one in change.files] == [("a.py", Counts(1, 1))]


def test_a_file_that_nothing_measures_any_more_is_told_unless_it_was_removed():
    base = summarise_coverage([FileCoverage("gone.py", {1: 1}), FileCoverage("lost.py", {1: 1}), B])
    change = coverage_change([B], base, Diff(removed=frozenset({"gone.py"})))
    assert change.files == (FileChange(path="lost.py", now=Counts(), before=Counts(1, 1)),)


def test_a_file_that_the_base_lacks_is_new_only_when_the_base_is_whole():
    assert coverage_change([B], summarise_coverage([]), None).files == (FileChange(path="b.py", now=Counts(1, 1)),)
    partial = CoverageSummary(partial=("a job is missing",))
    assert coverage_change([B], partial, None).files == ()


LINES = st.dictionaries(st.integers(1, 12), st.integers(0, 2), max_size=12)


@settings(max_examples=80)
@given(LINES, st.frozensets(st.integers(1, 12)))
def test_what_is_missed_is_exactly_what_was_changed_and_not_executed(lines, touched):
    change = coverage_change([FileCoverage("a.py", lines)], None, Diff({"a.py": touched}))
    (file,) = change.files
    told = {number for first, last in file.missed for number in range(first, last + 1)}
    missed = {number for number in touched if lines.get(number) == 0}
    assert missed <= told <= touched
    assert not any(lines.get(number) for number in told)
    assert all(lines.get(edge) == 0 for run in file.missed for edge in run)
    assert file.changed.total - file.changed.covered == len(missed)
    assert list(file.missed) == sorted(file.missed)


def test_an_empty_diff_tells_no_lines():
    change = coverage_change([A], None, Diff(empty=True))
    assert change == CoverageChange(empty_diff=True)


def test_that_none_of_the_changed_files_was_measured_is_told():
    lines = frozenset({3})
    assert coverage_change([A], None, Diff({"README.md": lines, "b.py": lines})).none_measured
    assert not coverage_change([A], None, Diff({"README.md": lines, "a.py": lines})).none_measured
    assert not coverage_change([A], None, Diff({"b.py": frozenset()})).none_measured
