"""merged.xml of each group of the corpus, and of the corpus as a whole, as its readers take it."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

import corpus
import pytest
from junit_consumers import (
    AZURE_FILE,
    GITLAB_CASES,
    GITLAB_FILE,
    GITLAB_NODE,
    against_jenkins,
    azure,
    gitlab,
    written,
)
from parts import need

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results import formats
from ci_orchestrator.results.merge import merge, totals
from ci_orchestrator.results.model import TestResult, Totals

GROUPS: list[corpus.Label] = corpus.labels("expected_groups.json") or []
EVERYTHING = "everything"


def _told(files: list[str]) -> Iterator[list[TestResult]]:
    for file in files:
        try:
            yield corpus.results(corpus.read(file))
        except ResultsError:
            continue


@dataclass(frozen=True)
class Merged:
    """The tests, and the file that is made of them."""

    tests: tuple[TestResult, ...]
    counts: Totals
    data: bytes
    root: ET.Element


@pytest.fixture(scope="module", params=[*(group["files"][0] for group in GROUPS), EVERYTHING])
def merged(request: pytest.FixtureRequest) -> Merged:
    """Each group of the corpus; every file of it that can be read."""
    need(corpus.RESULTS.exists(), corpus.ABSENT)
    files = next((group["files"] for group in GROUPS if group["files"][0] == request.param), corpus.everything())
    tests = merge(*_told(files))
    data = written(tests, strict=True)
    return Merged(tests, totals(tests), data, ET.fromstring(data))


def test_jenkins_accepts_it(merged):
    assert against_jenkins(merged.root) == []


def test_junitparser_reads_the_same_numbers(merged):
    junitparser = pytest.importorskip("junitparser")
    found = junitparser.JUnitXml.fromstring(merged.data)
    found.update_statistics()  # counted from the cases, not from what we say of them
    assert (found.tests, found.failures, found.errors, found.skipped) == (
        merged.counts.tests,
        merged.counts.failed,
        merged.counts.errored + merged.counts.not_proven,
        merged.counts.skipped,
    )
    times = [float(case.get("time", "")) for case in merged.root.iter("testcase")]
    assert found.time == pytest.approx(sum(times), abs=0.001 * len(times))


def test_gitlab_keeps_every_test_within_its_limits(merged):
    assert len(gitlab(merged.root)) == merged.counts.tests < GITLAB_CASES  # none is dropped for its name
    assert len(merged.data) < GITLAB_FILE
    texts = (text for element in merged.root.iter() for text in (element.text or "", *element.attrib.values()))
    assert max(map(len, texts)) < GITLAB_NODE


def test_azure_maps_every_test_within_its_limits(merged):
    rows = [azure(case) for case in merged.root.findall("./testsuite/testcase")]
    outcomes = [row["outcome"] for row in rows]
    assert len(rows) == merged.counts.tests
    assert outcomes.count("Passed") == merged.counts.passed
    assert outcomes.count("Not Executed") == merged.counts.skipped
    assert len(merged.data) < AZURE_FILE


def test_it_is_read_back_to_the_same_totals(merged):
    items = list(formats.read(io.BytesIO(merged.data), "merged.xml"))
    again, counts = totals(merge(corpus.results(items))), merged.counts
    assert (again.passed, again.failed, again.errored) == (counts.passed, counts.failed, counts.errored)
    assert (again.skipped, again.not_proven, again.flaky) == (counts.skipped, counts.not_proven, counts.flaky)
