from __future__ import annotations

from report_samples import large_report, sample_report

from ci_orchestrator.report.summary import render_summary


def test_the_summary_of_a_build_that_went_wrong(golden):
    golden("summary.md", render_summary(sample_report()))


def test_it_stays_small():
    text = render_summary(large_report(20_000))
    assert len(text) < 20_000
    assert "… and 20 more" in text
