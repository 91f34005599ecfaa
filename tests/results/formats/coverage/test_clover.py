from __future__ import annotations

from coverage_reports import Told

from ci_orchestrator.results import formats

OPEN_CLOVER = """\
<coverage generated="1" clover="4.3.1"><project timestamp="1">
 <package name="org.example">
  <file path="C:\\temp\\A.java" name="A.java"><class name="A"><metrics statements="9"/></class>
   <line num="3" count="2" type="method"/>
   <line num="4" count="2" type="stmt"/>
   <line num="5" truecount="3" falsecount="0" type="cond"/>
   <line num="6" truecount="0" falsecount="0" type="cond"/>
  </file>
  <file name="B.java"><line num="1" count="0" type="stmt"/></file>
 </package></project>
 <testproject><file name="/t/Test.java"><line num="1" count="1" type="stmt"/></file></testproject>
</coverage>
"""
ISTANBUL = """\
<coverage generated="1" clover="3.2.0"><project><metrics><package name="src"><file name="a.ts" path="/w/src/a.ts">
 <line num="1" count="4" type="stmt"/><line num="2" count="4" type="cond" truecount="2" falsecount="1"/>
</file></package></metrics></project></coverage>
"""
PHPUNIT = """\
<coverage generated="1619680221"><project timestamp="1"><file name="/app/src/A.php"><class name="A" namespace="global"/>
 <line num="1" type="method" name="f" count="9"/><line num="3" type="stmt" count="9"/><line num="4" type="stmt"/>
</file></project></coverage>
"""


def test_open_clover_counts_how_often_a_condition_went_each_way():
    told = Told(OPEN_CLOVER)
    assert told.format == "clover"
    assert told.lines() == {"C:\\temp\\A.java": {4: 2, 5: 3, 6: 0}, "org/example/B.java": {1: 0}}
    assert told.branches("C:\\temp\\A.java") == {5: (1, 2), 6: (0, 2)}


def test_istanbul_counts_branches_in_the_same_attributes():
    told = Told(ISTANBUL)
    assert told.lines() == {"/w/src/a.ts": {1: 4, 2: 4}}
    assert told.branches("/w/src/a.ts") == {2: (2, 3)}


def test_phpunit_has_the_path_as_name():
    told = Told(PHPUNIT)
    assert told.lines() == {"/app/src/A.php": {3: 9}}
    assert told.warnings == ["a line whose number or hits are no number was left out"]


def test_a_torn_report_tells_whole_files_only():
    assert list(Told(OPEN_CLOVER[: OPEN_CLOVER.index("B.java")]).files) == ["C:\\temp\\A.java"]


def test_detection():
    assert formats.detect(PHPUNIT.encode("utf-16")) == "clover"
    assert formats.detect(b'<coverage line-rate="1"><project/></coverage>') == "cobertura"
    assert formats.detect(b"<coverage><other/></coverage>") is None
