from __future__ import annotations

import pytest
from coverage_reports import Told

from ci_orchestrator.errors import ResultsError


def session(*methods: str, files: tuple[str, ...] = ("C:\\a.cs", "C:\\b.cs")) -> str:
    declared = "".join(f'<File uid="{uid}" fullPath="{path}"/>' for uid, path in enumerate(files, 1))
    told = "".join(f'<Method><FileRef uid="1"/>{method}</Method>' for method in methods)
    return (
        '<CoverageSession><Summary numSequencePoints="99"/><Modules><Module skippedDueTo="Filter"><Classes/></Module>'
        f"<Module><Files>{declared}</Files><Classes><Class><Methods>{told}</Methods></Class></Classes></Module>"
        "</Modules></CoverageSession>"
    )


def point(first: int, last: int, hits: object, more: str = "") -> str:
    return f'<SequencePoint vc="{hits}" sl="{first}" el="{last}" {more}/>'


def branch(hits: int, more: str) -> str:
    return f'<BranchPoint vc="{hits}" {more}/>'


def test_points_cover_their_lines_in_their_file():
    told = Told(session(point(1, 3, 0) + point(3, 4, 5, 'fileid="2"') + point(3, 3, 2)))
    assert told.format == "opencover"
    assert told.lines() == {"C:\\a.cs": {1: 0, 2: 0, 3: 2}, "C:\\b.cs": {3: 5, 4: 5}}


def test_branches_of_two_methods_on_one_line_are_four():
    method = point(1, 1, 1) + branch(1, 'offset="7" path="0" sl="1"') + branch(0, 'offset="7" path="1" sl="1"')
    assert Told(session(method, method)).branches("C:\\a.cs") == {1: (2, 4)}


def test_a_branch_without_a_line_leaves_the_point_before_it():
    points = point(5, 5, 1, 'offset="0"') + point(8, 8, 1, 'offset="20"')
    told = Told(session(points + branch(1, 'offset="12" path="0"') + branch(0, 'offset="25" path="0"')))
    assert told.branches("C:\\a.cs") == {5: (1, 1), 8: (0, 1)}


def test_points_as_large_as_no_source_is_are_refused_soon():
    with pytest.raises(ResultsError, match="more lines than source can have"):
        Told(session(point(1, 999_999, 1) * 9))


def test_points_without_source_are_no_lines_and_those_that_are_no_points_are_said():
    told = Told(session(point(16707566, 16707566, 1) + point(2, 2, 1) + "<SequencePoint/><BranchPoint/>"))
    assert told.lines() == {"C:\\a.cs": {2: 1}}
    assert len(told.warnings) == 2


def test_a_torn_report_tells_whole_classes_only():
    whole = session(point(1, 1, 1))
    torn = whole.replace("</Methods></Class>", "</Methods></Class><Class><Methods><Method>").partition("<Method></")[0]
    told = Told(torn)
    assert told.lines() == {"C:\\a.cs": {1: 1}}
    assert told.warnings == ["the file ends too early: what follows was not read"]
