from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ci_orchestrator.results.coverage import (
    Branches,
    Counts,
    FileCoverage,
    count_lines,
    merge_coverage,
    summarise_coverage,
    unite_branches,
)


def test_lines_unite_and_the_higher_hits_count():
    one = FileCoverage("a.py", {1: 1, 2: 0, 3: 0})
    other = FileCoverage("a.py", {2: 5, 3: 0, 4: 0})
    assert merge_coverage([one, other]) == (FileCoverage("a.py", {1: 1, 2: 5, 3: 0, 4: 0}),)


def test_branches_with_names_add_up_over_shards_and_counts_do_not():
    assert unite_branches(Branches(2, 1, frozenset("a")), Branches(2, 1, frozenset("b"))).covered == 2
    assert unite_branches(Branches(2, 1), Branches(2, 1)).covered == 1
    assert unite_branches(Branches(4, 3), Branches(2, 1, frozenset("a"))) == Branches(4, 3, frozenset("a"))


def test_a_summary_counts_all_files():
    files = merge_coverage(
        [
            FileCoverage("b.py", {1: 0}),
            FileCoverage("a.py", {1: 1, 2: 0}, {1: Branches(2, 1)}),
            FileCoverage("c.py", {}),
        ]
    )
    summary = summarise_coverage(files, ["job b is missing", "job a is missing", "job b is missing"])
    assert [one.path for one in summary.files] == ["a.py", "b.py", "c.py"]
    assert (summary.lines, summary.branches) == (Counts(1, 3), Counts(1, 2))
    assert summary.partial == ("job a is missing", "job b is missing")
    assert summary.files[2].lines.share is None


NAMES = ("x", "y", "z")


@st.composite
def branches(draw: st.DrawFn) -> Branches:
    total = draw(st.integers(1, 3))
    taken = draw(st.frozensets(st.sampled_from(NAMES[:total])))
    return Branches(total, draw(st.integers(len(taken), total)), taken)


FILE = st.builds(
    FileCoverage,
    path=st.sampled_from(["a.py", "b.py"]),
    lines=st.dictionaries(st.integers(1, 4), st.integers(0, 3), max_size=4),
    branches=st.dictionaries(st.integers(1, 3), branches(), max_size=3),
)
REPORT = st.lists(FILE, max_size=4)


@settings(max_examples=80)
@given(REPORT, REPORT, REPORT)
def test_a_merge_is_a_union(one, two, three):
    whole = merge_coverage([*one, *two, *three])
    assert merge_coverage([*three, *one, *two]) == whole
    assert merge_coverage([*merge_coverage([*one, *two]), *three]) == whole
    assert merge_coverage([*whole, *whole, *one]) == whole
    told = [file for report in (one, two, three) for file in report]
    assert {(file.path, line) for file in told for line in file.lines} == {
        (file.path, line) for file in whole for line in file.lines
    }
    for file in whole:
        same = [other for other in told if other.path == file.path]
        assert count_lines(file.lines).covered == len({n for other in same for n, hits in other.lines.items() if hits})
        for line, found in file.branches.items():
            parts = [other.branches[line] for other in same if line in other.branches]
            assert found.total == max(part.total for part in parts)
            assert max(part.covered for part in parts) <= found.covered <= found.total
            assert found.taken == frozenset().union(*(part.taken for part in parts))
