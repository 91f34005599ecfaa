"""The pictures of docs/how-to/read-the-html-report.md, from the sample reports that the tests render."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from screenshot import View, photograph

from ci_orchestrator.report.charts import render_charts
from ci_orchestrator.report.html import stream_html

PROJECT = Path(__file__).resolve().parent.parent
IMAGES = PROJECT / "docs" / "images"

RICH: Mapping[str, View] = {
    "report-all.png": View((1280, 1080)),
    "report-coverage-dark.png": View(part="#coverage", dark=True),
    "report-benchmarks.png": View(part="#benchmarks"),
}
LARGE: Mapping[str, View] = {"report-100000-results.png": View((1280, 760), part="#tests")}
CHARTS = ("trend.png", "benchmarks-dark.png")


def main() -> None:
    """Write all of them."""
    sys.path.insert(0, str(PROJECT / "tests" / "report"))
    samples = import_module("report_samples")
    rich = samples.rich_report()
    with tempfile.TemporaryDirectory() as scratch:
        for name, report, views in (("rich", rich, RICH), ("large", samples.large_report(100_000), LARGE)):
            page = Path(scratch) / f"{name}.html"
            with page.open("wb") as file:
                file.writelines(stream_html(report))
            for image, view in views.items():
                photograph(page, IMAGES / image, view)
    for image, content in render_charts(rich):
        if image in CHARTS:
            (IMAGES / f"chart-{image}").write_bytes(content)


if __name__ == "__main__":
    main()
