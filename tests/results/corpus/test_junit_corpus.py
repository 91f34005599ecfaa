"""Real JUnit files of many tools, against what the tools that read them recorded for them.

`junit_disagreements.json`, beside this file, lists each file on which we do not agree, in which fields, and why. The
list is exact: an entry that no longer disagrees fails too.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path

import pytest
from parts import SHARED, need

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case, Item, ReadWarning, to_results
from ci_orchestrator.results.merge import merge, totals
from ci_orchestrator.results.model import Outcome

RESULTS = SHARED / "corpus" / "results"
DISAGREEMENTS = {
    file: group
    for group in json.loads(Path(__file__).with_name("junit_disagreements.json").read_text())
    for file in group["files"]
}
COUNTS = ("tests", "passed", "failures", "errors", "failed", "skipped")


def labels(name: str) -> dict[str, dict]:
    path = RESULTS / name
    return json.loads(path.read_text()) if path.exists() else {}


LABELLED = {file: label for file, label in labels("expected.json").items() if label["format"] == "junit-xml"}
REFUSED = {file: label for file, label in labels("expected_errors.json").items() if label["format"] == "junit-xml"}
UNLABELLED = sorted(
    str(path.relative_to(RESULTS))
    for path in RESULTS.glob("files/**/*.xml")
    if str(path.relative_to(RESULTS)) not in LABELLED
)


def read(file: str) -> list[Item]:
    with (RESULTS / file).open("rb") as stream:
        return list(formats.read(stream, file))


def by_case(items: list[Item]) -> dict[str, float]:
    """Counts of what the file tells."""
    cases = [item for item in items if isinstance(item, Case)]
    counts = Counter(case.outcome for case in cases)
    return {
        "tests": len(cases),
        "passed": counts[Outcome.PASSED],
        "failures": counts[Outcome.FAILED],
        "errors": counts[Outcome.ERRORED] + counts[Outcome.NOT_PROVEN],
        "failed": len(cases) - counts[Outcome.PASSED] - counts[Outcome.SKIPPED],
        "skipped": counts[Outcome.SKIPPED],
        "time": sum(case.duration for case in cases),
    }


def by_test(items: list[Item]) -> dict[str, float]:
    """Counts after a test that is told again became one with several attempts, as some peers have it."""
    found = totals(merge(to_results(item for item in items if isinstance(item, Case))))
    return {
        "tests": found.tests,
        "passed": found.passed,
        "failures": found.failed,
        "errors": found.errored + found.not_proven,
        "failed": found.failed + found.errored + found.not_proven,
        "skipped": found.skipped,
        "time": by_case(items)["time"],
    }


def differing(label: dict, measured: dict[str, float]) -> set[str]:
    """The fields in which a label and what we read differ. Times: peers round each case to milliseconds."""
    fields = {key for key in COUNTS if label.get(key) is not None and label[key] != measured[key]}
    time, tolerance = label.get("time"), label.get("time_tolerance") or 0.001 * min(max(1, measured["tests"]), 20)
    return fields | ({"time"} if time is not None and abs(time - measured["time"]) > tolerance else set())


def nearest(label: dict, items: list[Item]) -> set[str]:
    """The differences from the recorded expectation that comes nearest: peers record one for each of their settings."""
    ways = [by_case(items), by_test(items)]
    return min((differing(one, way) for one in (label, *label.get("also", ())) for way in ways), key=len)


@pytest.mark.parametrize("file", sorted(LABELLED) or ["absent"])
def test_agrees_with_the_recorded_expectation_or_the_disagreement_is_listed(file):
    need(RESULTS.exists(), "the corpus of real reports (../shared/corpus) is not here")
    try:
        fields = nearest(LABELLED[file], read(file))
    except ResultsError:
        fields = {"refused"}
    listed = DISAGREEMENTS.get(file, {"fields": [], "reason": "none"})
    assert sorted(fields) == sorted(listed["fields"])
    assert listed["reason"]


def test_the_list_of_disagreements_names_only_files_that_are_there():
    need(RESULTS.exists(), "the corpus of real reports (../shared/corpus) is not here")
    assert set(DISAGREEMENTS) <= {*LABELLED, *REFUSED}


def test_groups_of_files_count_like_one_report():
    need(RESULTS.exists(), "the corpus of real reports (../shared/corpus) is not here")
    groups = [group for group in labels("expected_groups.json") if group["format"] == "junit-xml"]
    assert groups
    wrong = {}
    for group in groups:
        items = [item for file in group["files"] if not file.endswith("/dummy.xml") for item in read(file)]
        if fields := nearest(group, items):
            wrong[group["files"][0]] = fields
    assert wrong == {}


@pytest.mark.parametrize("file", sorted(REFUSED) or ["absent"])
def test_what_must_not_be_believed_is_refused_or_told_in_part_with_a_warning(file):
    need(RESULTS.exists(), "the corpus of real reports (../shared/corpus) is not here")
    if "path-traversal" in file:  # its danger is an attachment path; attachments are not read at all
        assert by_case(read(file))["tests"] == 1
        return
    try:
        items = read(file)
    except ResultsError:
        return
    assert file in DISAGREEMENTS
    assert any(isinstance(item, ReadWarning) for item in items)
    assert by_case(items)["passed"] == 0


@pytest.mark.parametrize("file", UNLABELLED or ["absent"])
def test_unlabelled_files_are_read_or_refused_cleanly(file):
    need(RESULTS.exists(), "the corpus of real reports (../shared/corpus) is not here")
    head = (RESULTS / file).read_bytes()[: formats.HEAD]
    if not head.strip() or formats.detect(head) is None:
        with pytest.raises(ResultsError, match=r"known format|empty"):
            read(file)
        return
    items = read(file)
    assert any(isinstance(item, Case | ReadWarning) for item in items)


@pytest.mark.parametrize("file", sorted(LABELLED) or ["absent"])
def test_totals_add_up_and_a_torn_file_never_tells_more(file):
    need(RESULTS.exists(), "the corpus of real reports (../shared/corpus) is not here")
    data = (RESULTS / file).read_bytes()
    if "refused" in DISAGREEMENTS.get(file, {"fields": []})["fields"]:
        return
    whole = by_case(read(file))
    assert whole["tests"] == whole["passed"] + whole["failures"] + whole["errors"] + whole["skipped"]
    try:
        torn = list(formats.read(io.BytesIO(data[: len(data) * 2 // 3]), file, name="junit"))
    except ResultsError:
        return
    assert any(isinstance(item, ReadWarning) for item in torn)
    assert by_case(torn)["tests"] <= whole["tests"]
    assert by_case(torn)["passed"] <= whole["passed"]
