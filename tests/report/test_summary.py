from __future__ import annotations

import pytest
from report_samples import large_report, rich_report, sample_report

from ci_orchestrator.errors import UserError
from ci_orchestrator.report.comment.media import SUMMARIES
from ci_orchestrator.report.summary import render_summary


def test_the_summary_of_a_build_that_went_wrong(golden):
    golden("summary.md", render_summary(sample_report()))


def test_it_has_the_sections_of_the_comment():
    text = render_summary(rich_report())
    assert text.startswith("## ✗ GATE FAILED\n\n1 final gate fails; 2 failed, ")
    assert "| ✗ failed | ! errored | ? not proven | ✓ passed | – skipped | ↻ flaky | tests | runs | wall |" in text
    assert [line for line in text.splitlines() if line.startswith("#### Cov")] == ["#### Coverage"]
    assert "```mermaid" in text
    assert "```mermaid" not in render_summary(rich_report(), "azure")


def test_it_stays_within_a_step_s_summary():
    text = render_summary(large_report(60_000))
    assert len(text.encode()) <= SUMMARIES["github"].limit
    assert "… and 20 more failures: report.html of the build" in text


def test_a_provider_without_a_place_for_it_is_refused():
    with pytest.raises(UserError, match="jenkins"):
        render_summary(sample_report(), "jenkins")
