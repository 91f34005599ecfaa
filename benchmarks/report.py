"""The HTML report: time to render, size, and time until a real browser shows it.

Each size in a fresh process. Targets: 100,000 results render in under 10 s and show first content within 2 s.
Run it as ``.venv/bin/python benchmarks/report.py``; without Chromium the browser's columns stay empty.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ci_orchestrator.report.html import stream_html
from ci_orchestrator.report.report_json import stream_json

SAMPLES = Path(__file__).resolve().parent.parent / "tests" / "report"
SIZES = (1_000, 10_000, 100_000)
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


def main() -> None:
    print("  results  HTML time     peak  JSON time      HTML      JSON  first content     ready")
    with tempfile.TemporaryDirectory() as scratch:
        for size in SIZES:
            page = Path(scratch) / f"{size}.html"
            made = json.loads(_run("render", str(size), str(page)))
            seen = json.loads(_run("open", str(page)))
            print(
                f"{size:>9,} {made['html']:>8.2f} s {made['peak']:>5.0f} MB {made['json']:>8.2f} s "
                f"{made['html_size']:>6.1f} MB {made['json_size']:>6.1f} MB "
                f"{_ms(seen['first']):>14} {_ms(seen['ready']):>9}"
            )
    print("targets at 100,000: render < 10 s (CPU), first content < 2 s")


def _run(*arguments: str) -> str:
    return subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True).stdout


def _ms(value: float | None) -> str:
    return "no browser" if value is None else f"{value:,.0f} ms"


def render(size: int, page: Path) -> dict[str, float]:
    """CPU seconds and megabytes; the peak includes the report itself."""
    sys.path.insert(0, str(SAMPLES))
    from report_samples import large_report  # noqa: PLC0415 - the tests' own builder

    report = large_report(size)
    start = time.process_time()
    with page.open("wb") as file:
        file.writelines(stream_html(report))
        html_size = file.tell()
    middle = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json_size = sum(map(len, stream_json(report)))
    end = time.process_time()
    return {
        "html": middle - start,
        "json": end - middle,
        "peak": peak,
        "html_size": html_size / 1e6,
        "json_size": json_size / 1e6,
    }


def show(page: Path) -> dict[str, float | None]:
    """Milliseconds from navigation to the first contentful paint, and until table and timeline are drawn."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return {"first": None, "ready": None}
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(page.as_uri(), wait_until="commit")
        tab.wait_for_selector("html[data-ready]")
        painted = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"  # ready may come first
        first = tab.wait_for_function(painted).json_value()
        ready = tab.evaluate("performance.getEntriesByName('ready')[0].startTime")
        browser.close()
    return {"first": first, "ready": ready}


if __name__ == "__main__":
    if sys.argv[1:2] == ["render"]:
        print(json.dumps(render(int(sys.argv[2]), Path(sys.argv[3]))))
    elif sys.argv[1:2] == ["open"]:
        print(json.dumps(show(Path(sys.argv[2]))))
    else:
        main()
