from __future__ import annotations

import json
import math

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import hostile_report, sample_report

from ci_orchestrator.errors import ExitCode, ResultsError
from ci_orchestrator.report.report_json import load_report, render_json, report_schema, stream_json
from ci_orchestrator.results.model import Attempt, Cause, Outcome, TestResult, Totals
from ci_orchestrator.results.report import Certificate, JobSummary, Report, Span, TrendPoint

texts = st.text(st.characters(exclude_categories=()), max_size=12)
times = st.floats(0, 1e10)
counts = st.integers(0, 2**40)
attempts = st.builds(
    Attempt,
    outcome=st.sampled_from(Outcome),
    cause=st.sampled_from(Cause),
    number=counts,
    job=texts,
    job_attempt=counts,
    worker=texts,
    started=times,
    duration=times,
    cpu=times,
    peak_memory=counts,
    message=texts,
    details=texts,
    stdout=texts,
    stderr=texts,
    file=texts,
    line=counts,
)
results = st.builds(
    TestResult,
    id=texts,
    outcome=st.sampled_from(Outcome),
    attempts=st.lists(attempts, max_size=2).map(tuple),
    flaky=st.booleans(),
    reason=texts,
)
ids, pairs = st.lists(texts, max_size=2).map(tuple), st.lists(st.tuples(texts, texts), max_size=2).map(tuple)
all_totals = st.builds(Totals, *[counts] * 7)
certificates = st.builds(
    Certificate,
    certified=st.booleans(),
    lock=texts,
    planned=counts,
    reported=counts,
    missing=ids,
    duplicate=ids,
    unexpected=ids,
    dead=ids,
    withheld=pairs,
    skipped_at_collection=pairs,
)
jobs = st.builds(
    JobSummary,
    job=texts,
    name=texts,
    suite=texts,
    tests=counts,
    estimate=times,
    duration=times,
    workers=counts,
    workers_lost=counts,
    exit_code=st.none() | st.integers(-64, 255),
)
reports = st.builds(
    Report,
    title=texts,
    revision=texts,
    branch=texts,
    started=times,
    wall=times,
    tool_version=texts,
    totals=all_totals,
    results=st.lists(results, max_size=3).map(tuple),
    certificate=certificates,
    jobs=st.lists(jobs, max_size=2).map(tuple),
    timeline=st.lists(st.builds(Span, texts, texts, texts, times, times, texts), max_size=2).map(tuple),
    trend=st.lists(
        st.builds(TrendPoint, build=texts, started=times, totals=all_totals, duration=times), max_size=2
    ).map(tuple),
    warnings=ids,
    interrupted=st.booleans(),
    exit_code=st.sampled_from(ExitCode),
)


@given(reports)
def test_every_report_comes_back_as_it_was(report):
    assert load_report(render_json(report)) == report


@settings(max_examples=20)
@given(reports)
def test_every_report_is_ascii_json_of_the_schema(report):
    document = json.loads(render_json(report).decode("ascii"))
    jsonschema.validate(document, report_schema())


@pytest.mark.parametrize("report", [sample_report(), hostile_report()])
def test_samples_come_back(report):
    assert load_report(render_json(report)) == report


def test_one_result_a_line_and_the_same_bytes():
    content = render_json(sample_report())
    assert content == render_json(sample_report())
    assert sum(line.startswith(b'{"id":') for line in content.splitlines()) == 427
    assert b"".join(stream_json(sample_report())) == content


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_time_that_is_no_number_is_unknown(wrong):
    one = TestResult(id="a::b::c", outcome=Outcome.PASSED, attempts=(Attempt(outcome=Outcome.PASSED, duration=wrong),))
    report = Report(title="x", wall=wrong, results=(one,), certificate=Certificate(certified=False))
    loaded = load_report(render_json(report))
    assert loaded.wall == 0
    assert loaded.results[0].duration == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a report"),
        (b"[]", "not a report"),
        (b"\xff\xfe\x00", "not a report"),
        (b"[" * 100_000, "not a report"),
        (b'{"tests": 3}', "not a report"),
        (b'{"format": "ci-orchestrator/report", "version": 2}', "version 2; this version reads 1"),
        (b'{"format": "ci-orchestrator/report", "version": 1, "title": "x"}', "damaged report: certificate"),
        (
            render_json(sample_report()).replace(b'"outcome":"passed"', b'"outcome":"fine"', 1),
            r"damaged report: results\.0\.outcome",
        ),
    ],
)
def test_what_is_no_report_is_refused(content, says):
    with pytest.raises(ResultsError, match=says):
        load_report(content)
