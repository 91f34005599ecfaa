from __future__ import annotations

from coverage_reports import Told

from ci_orchestrator.results import formats
from ci_orchestrator.results.coverage import merge_coverage
from ci_orchestrator.results.paths import PathMap

HEAD = '<?xml version="1.0"?><!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">'


def package(name: str, *lines: str) -> str:
    counter = '<counter type="LINE" missed="9" covered="9"/>'
    return (
        f'<package name="{name}"><class name="{name}/A" sourcefilename="A.java">{counter}</class>'
        f'<sourcefile name="A.java">{"".join(lines)}{counter}</sourcefile></package>'
    )


LINES = (
    '<line nr="3" mi="0" ci="7" mb="0" cb="0"/>',
    '<line nr="4" mi="2" ci="1" mb="1" cb="1"/>',
    '<line nr="5" mi="2" ci="0" mb="2" cb="0"/>',
    '<line nr="6"/>',
)


def test_a_line_with_any_instruction_executed_is_covered():
    told = Told(f'{HEAD}<report name="r">{package("com/example", *LINES)}</report>')
    assert told.format == "jacoco"
    assert told.lines() == {"com/example/A.java": {3: 1, 4: 1, 5: 0}}
    assert told.branches("com/example/A.java") == {4: (1, 2), 5: (0, 2)}


def test_modules_with_a_file_of_one_name_stay_apart():
    modules = "".join(
        f'<group name="{name}">{package("com/example", LINES[index])}</group>' for index, name in enumerate("ab")
    )
    told = Told(f'{HEAD}<report name="r"><group name="all">{modules}</group></report>')
    assert told.lines() == {"all/a/com/example/A.java": {3: 1}, "all/b/com/example/A.java": {4: 1}}
    repository = [f"{name}/src/main/java/com/example/A.java" for name in "ab"]
    assert [one.path for one in PathMap({}, repository).place(told.parts).files] == repository


def test_shards_unite_line_by_line():
    shards = [Told(f'{HEAD}<report name="r">{package("p", line)}</report>').parts for line in LINES[:2]]
    (united,) = merge_coverage(part for parts in shards for part in parts)
    assert dict(united.lines) == {3: 1, 4: 1}


def test_a_line_without_a_number_is_left_out_and_said():
    told = Told(HEAD + '<report name="r">' + package("p", '<line ci="1"/>', LINES[0]) + "</report>")
    assert told.lines() == {"p/A.java": {3: 1}}
    assert len(told.warnings) == 1


def test_detection_without_a_document_type():
    assert formats.detect(b'<report name="r"><sessioninfo id="1"/></report>') == "jacoco"
    assert formats.detect(b'<report name="r"><package name="p"><class name="C"/></package></report>') == "jacoco"
    assert formats.detect(b'<report name="r"><stats/></report>') is None


def test_a_report_of_counters_alone_holds_no_lines():
    told = Told(f'{HEAD}<report name="r"><counter type="LINE" missed="1" covered="2"/></report>')
    assert told.warnings == ["the file holds no source files"]
