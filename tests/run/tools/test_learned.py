"""What workers of a suite learn from each other: which tests make a run together, and the report of their coverage."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.run.tools.covered import CoverageReport
from ci_orchestrator.run.tools.learned import Learned

TESTS = [f"{path}::t{number}" for path in "abc" for number in range(4)]


def learned() -> Learned:
    known = Learned()
    known.list(TESTS)
    return known


def test_whole_paths_go_together_and_a_part_of_one_stays_alone() -> None:
    known = learned()
    assert known.together(TESTS) == 12
    assert known.together(TESTS[:6]) == 4
    assert known.together(TESTS[1:]) == 3
    assert known.together(["d::unknown", *TESTS]) == 1
    assert known.together(TESTS, room=1) == 4
    assert (known.knows("a::t0"), known.knows("a::t9"), known.knows("d::t0")) == (True, False, False)


@given(st.permutations(TESTS), st.integers(1, 12), st.integers(0, 200))
def test_no_run_holds_a_part_of_one_path_beside_another(order: list[str], count: int, room: int) -> None:
    known, todo = learned(), order[:count]
    while todo:
        size = known.together(todo, room=room)
        assert 1 <= size <= len(todo)
        batch, todo = todo[:size], todo[size:]
        assert known.whole(batch) or len({test.partition("::")[0] for test in batch}) == 1


def test_parts_of_coverage_become_one_file(tmp_path: Path) -> None:
    report = tmp_path / "deep" / "all.out"
    report.parent.mkdir()
    report.write_text("of an earlier run")
    covered = CoverageReport(report)
    for text in ("mode: set\na 1\n", "mode: set\nb 1\n", "SF:c\n"):
        (tmp_path / "part").write_text(text)
        covered.add(tmp_path / "part")
    assert report.read_text() == "mode: set\na 1\nb 1\nSF:c\n"
