"""Real test reports of many tools, against what the tools that read them recorded for them.

Beside this file, `disagreements.json` lists each file on which we do not agree, in which fields, and why; `groups.json`
the groups of files of which we count fewer tests than their files tell, and why; `unsupported.json` the formats that we
do not read, and why. The lists are exact: an entry that no longer holds fails too.
"""

from __future__ import annotations

import io

import corpus
import pytest
from parts import need

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case, ReadWarning
from ci_orchestrator.results.merge import merge, totals

DISAGREEMENTS = {file: group for group in corpus.listed("disagreements.json") for file in group["files"]}
UNSUPPORTED: dict[str, str] = corpus.listed("unsupported.json")
LABELS: dict[str, corpus.Label] = corpus.labels("expected.json")
SUPPORTED = sorted(file for file, label in LABELS.items() if label["format"] in corpus.FORMATS_OF)
FOREIGN = sorted(file for file, label in LABELS.items() if label["format"] in UNSUPPORTED)
REFUSED: dict[str, corpus.Label] = corpus.labels("expected_errors.json")
GROUPS: list[corpus.Label] = corpus.labels("expected_groups.json") or []
FEWER = {group["first"]: group for group in corpus.listed("groups.json")}
UNMARKED = ("go_bench", "go_test_text")
"""Formats whose files end anywhere: nothing in them says that more was to come."""
UNLABELLED = sorted(set(corpus.everything()) - set(LABELS))


@pytest.fixture(autouse=True)
def here():
    need(corpus.RESULTS.exists(), corpus.ABSENT)


@pytest.mark.parametrize("file", SUPPORTED or ["absent"])
def test_agrees_with_the_recorded_expectation_or_the_disagreement_is_listed(file):
    label = LABELS[file]
    try:
        items = corpus.read(file)
        fields = corpus.nearest(label, *corpus.ways(items))
    except ResultsError:
        fields = {"refused"}
    listed = DISAGREEMENTS.get(file, {"fields": [], "reason": "none"})
    assert sorted(fields) == sorted(listed["fields"])
    assert listed["reason"]


def test_each_format_is_told_from_the_content_of_its_files():
    found = {file: formats.detect(corpus.head(file)) for file in SUPPORTED}
    right = {file: corpus.FORMATS_OF[LABELS[file]["format"]] for file in SUPPORTED}
    assert {file: name for file, name in found.items() if name not in right[file]} == {}


def test_what_we_do_not_read_is_taken_for_nothing_else():
    assert {file: found for file in FOREIGN if (found := formats.detect(corpus.head(file)))} == {}


def test_every_format_of_the_corpus_is_read_or_it_is_written_why_not():
    assert {name for names in corpus.FORMATS_OF.values() for name in names} <= set(formats.FORMATS)
    assert {label["format"] for label in LABELS.values()} == {*corpus.FORMATS_OF, *UNSUPPORTED}


def test_the_list_of_disagreements_names_only_files_that_are_there():
    assert set(DISAGREEMENTS) <= {*SUPPORTED, *REFUSED}


@pytest.mark.parametrize("group", GROUPS or [{"files": ["absent"]}], ids=lambda group: str(group["files"][0]))
def test_groups_of_files_are_merged_right(group):
    files = [file for file in group["files"] if not file.endswith("/dummy.xml")]
    told = [corpus.read(file) for file in files]
    assert corpus.nearest(group, corpus.by_case([item for items in told for item in items])) == set()
    tests = merge(*map(corpus.results, told))
    counts = totals(tests)
    fewer = FEWER.get(files[0], {"tests": group["tests"], "runs": group["tests"]})
    assert (counts.tests, counts.runs) == (fewer["tests"], fewer["runs"])
    assert merge(tests, *map(corpus.results, reversed(told))) == tests


def test_the_list_of_groups_names_only_groups_that_are_there():
    assert set(FEWER) <= {group["files"][0] for group in GROUPS}
    assert all(group["reason"] for group in FEWER.values())


@pytest.mark.parametrize("file", sorted(REFUSED) or ["absent"])
def test_what_must_not_be_believed_is_refused_or_told_in_part_with_a_warning(file):
    if "path-traversal" in file:  # its danger is an attachment path; attachments are not read at all
        assert corpus.by_case(corpus.read(file))["tests"] == 1
        return
    try:
        items = corpus.read(file)
    except ResultsError:
        return
    assert file in DISAGREEMENTS
    assert any(isinstance(item, ReadWarning) for item in items)
    assert corpus.by_case(items)["passed"] == 0


@pytest.mark.parametrize("file", UNLABELLED or ["absent"])
def test_unlabelled_files_are_read_or_refused_cleanly(file):
    head = corpus.head(file)
    if not head.strip() or formats.detect(head) is None:
        with pytest.raises(ResultsError, match=r"known format|empty"):
            corpus.read(file)
        return
    assert any(isinstance(item, Case | ReadWarning) for item in corpus.read(file))


@pytest.mark.parametrize("file", SUPPORTED or ["absent"])
def test_totals_add_up_and_a_torn_file_never_tells_more(file):
    data = (corpus.RESULTS / file).read_bytes()
    if "refused" in DISAGREEMENTS.get(file, {"fields": []})["fields"]:
        return
    whole = corpus.by_case(corpus.read(file))
    assert whole["tests"] == whole["passed"] + whole["failures"] + whole["errors"] + whole["skipped"]
    try:
        name = formats.detect(data[: formats.HEAD])
        torn = list(formats.read(io.BytesIO(data[: len(data) * 2 // 3]), file, name=name))
    except ResultsError:
        return
    told = corpus.by_case(torn)
    assert any(isinstance(item, ReadWarning) for item in torn) or name in UNMARKED or told == whole
    assert told["tests"] <= whole["tests"]
    assert told["passed"] <= whole["passed"]
