"""Photograph an HTML report: ``scripts/screenshot.py REPORT.html OUT.png [--dark] [--size 1280x900] [--open ROW]``."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def main() -> None:
    """Parse the arguments and write the PNG."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dark", action="store_true", help="as people see it who prefer dark")
    parser.add_argument("--size", default="1280x900", help="of the window, WIDTHxHEIGHT")
    parser.add_argument("--full", action="store_true", help="the whole page, not only what the window shows")
    parser.add_argument("--open", type=int, metavar="ROW", help="with the panel of this test open")
    wanted = parser.parse_args()
    width, height = map(int, wanted.size.split("x"))
    fragment = "" if wanted.open is None else f"#t{wanted.open}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=list(ARGUMENTS)
        )
        page = browser.new_page(
            viewport={"width": width, "height": height}, color_scheme="dark" if wanted.dark else "light"
        )
        page.goto(wanted.report.resolve().as_uri() + fragment)
        page.wait_for_selector("html[data-ready]")
        page.screenshot(path=wanted.out, full_page=wanted.full)
        browser.close()


if __name__ == "__main__":
    main()
