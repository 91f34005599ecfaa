"""Real coverage reports of many tools, against what the tools that read them recorded for them.

`coverage_disagreements.json`, beside this file, lists each report on which we do not agree, in which fields, and why.
The list is exact: an entry that no longer disagrees fails too.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from coverage_reports import Told
from parts import SHARED, need

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results import formats
from ci_orchestrator.results.coverage import count_lines, merge_coverage, summarise_coverage
from ci_orchestrator.results.paths import PathMap

COVERAGE = SHARED / "corpus" / "coverage"
LABELS = COVERAGE / "expected.json"
LABELLED: dict[str, dict] = json.loads(LABELS.read_text()) if LABELS.exists() else {}
UNLABELLED = sorted(
    file
    for path in COVERAGE.glob("files/**/*")
    if path.is_file() and (file := str(path.relative_to(COVERAGE))) not in LABELLED
)
DISAGREEMENTS = {
    file: group
    for group in json.loads(Path(__file__).with_name("coverage_disagreements.json").read_text())
    for file in group["files"]
}
NAMES = {"go-coverprofile": "go_cover"}
# Formats that we do not read: NCover, PartCover, dotCover, dotnet-coverage's own, CTC, scoverage, mprof; and several
# reports under one element that ReportGenerator made up for its tests.
NOT_READ = ("CTC/", "DynamicCodeCoverage", "NCover", "artcover", "dotCover", "scoverage.xml", "mprof", "MultiOpenCover")
NO_REPORT = ("JaCoCo_Ant.xml", "/empty.xml")


def told(file: str) -> Told:
    return Told((COVERAGE / file).read_bytes())


def by_field(report: Told) -> dict[str, object]:
    """What the labels are about. Peers count a file when it has lines."""
    files = [one for one in report.files.values() if one.lines]
    summary = summarise_coverage(report.files.values())
    return {
        "file": [sum(1 for one in files if count_lines(one.lines).covered), len(files)],
        "line": [summary.lines.covered, summary.lines.total],
        "branch": [summary.branches.covered, summary.branches.total],
        "n_files": len(report.files),
    }


def of_lines(label: dict, report: Told) -> set[str]:
    """The fields about single lines that differ."""
    fields = set()
    for path, expected in label.get("per_file", {}).items():
        (name,) = (name for name in report.files if name.endswith(path))
        found = dict(report.files[name].lines)
        lines = {number: hits for number, hits in enumerate(expected["coverage"], 1) if hits is not None}
        if "instructions" in expected.get("note", ""):  # JaCoCo does not say how often
            lines = {number: min(hits, 1) for number, hits in lines.items()}
        fields |= {"per_file"} if found != lines else set()
        branches = {}
        for line, _, _, hits in expected.get("branches", ()):
            covered, total = branches.get(line, (0, 0))
            branches[line] = (covered + (hits > 0), total + 1)
        fields |= {"branches"} if branches and report.branches(name) != branches else set()
    lines = next(iter(report.files.values())).lines if report.files else {}
    for key, hit in (("covered_lines", True), ("missed_lines", False)):
        if any((lines.get(number, -1) > 0) is not hit or number not in lines for number in label.get(key, ())):
            fields.add(key)
    return fields


@pytest.mark.parametrize("file", sorted(LABELLED) or ["absent"])
def test_agrees_with_the_recorded_expectation_or_the_disagreement_is_listed(file):
    need(LABELLED, "the corpus of real reports (../shared/corpus) is not here")
    label, report = LABELLED[file], told(file)
    assert report.format == NAMES.get(label["format"], label["format"])
    fields = {key for key, value in by_field(report).items() if key in label and label[key] != value}
    listed = DISAGREEMENTS.get(file, {"fields": [], "reason": "none"})
    assert sorted(fields | of_lines(label, report)) == sorted(listed["fields"])
    assert listed["reason"]


def test_the_list_of_disagreements_names_only_files_that_are_there():
    need(LABELLED, "the corpus of real reports (../shared/corpus) is not here")
    assert set(DISAGREEMENTS) <= set(LABELLED)


@pytest.mark.parametrize("file", UNLABELLED or ["absent"])
def test_unlabelled_files_are_read_or_refused_cleanly(file):
    need(LABELLED, "the corpus of real reports (../shared/corpus) is not here")
    data = (COVERAGE / file).read_bytes()
    refused = any(mark in file for mark in (*NOT_READ, *NO_REPORT)) and formats.detect(data[: formats.HEAD]) is None
    if refused:
        with pytest.raises(ResultsError, match=r"known format|empty"):
            told(file)
        return
    report = told(file)
    if report.format == "junit":
        return  # tests that lie beside their coverage
    assert report.format in {name for name in formats.FORMATS if formats.load(name).kind == "coverage"}
    assert report.files or report.warnings


@pytest.mark.parametrize("file", [file for file in sorted(LABELLED) if file not in DISAGREEMENTS] or ["absent"])
def test_a_torn_report_never_tells_more(file):
    need(LABELLED, "the corpus of real reports (../shared/corpus) is not here")
    data = (COVERAGE / file).read_bytes()
    whole = told(file)
    try:
        torn = Told(data[: len(data) * 2 // 3], whole.format)
    except ResultsError:
        return
    assert torn.warnings
    for path, one in torn.files.items():
        assert all(hits <= whole.files[path].lines[number] for number, hits in one.lines.items())


REPORTS = "files/danielpalme__ReportGenerator/src/Testprojects"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CSharp/Reports/OpenCover_coverlet.xml", "CSharp/Reports/Cobertura_coverlet.xml"),
        ("Java/Reports/JaCoCo0.7.7.xml", "Java/Reports/JaCoCo0.8.3.xml"),
    ],
)
def test_one_run_told_in_two_formats_is_the_same(one, other):
    need(LABELLED, "the corpus of real reports (../shared/corpus) is not here")
    first, second = (PathMap({"C:\\temp": "."}).place(told(f"{REPORTS}/{file}").parts).files for file in (one, other))
    assert [(file.path, file.lines) for file in first] == [(file.path, file.lines) for file in second]
    assert summarise_coverage(first) == summarise_coverage(second)


def test_the_same_report_twice_and_in_parts_counts_once():
    need(LABELLED, "the corpus of real reports (../shared/corpus) is not here")
    parts = [part for file in sorted(LABELLED) if "merge" in file for part in told(file).parts]
    assert parts
    assert merge_coverage([*parts, *reversed(parts)]) == merge_coverage(parts)
