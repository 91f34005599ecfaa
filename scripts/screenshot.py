"""Photograph an HTML report: ``scripts/screenshot.py REPORT.html OUT.png [--dark] [--size 1280x900] [--open ROW]``."""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class View:
    """How a page is looked at. `row`: with the panel of this test open; `part`: only the element of this selector."""

    size: tuple[int, int] = (1280, 900)
    dark: bool = False
    full: bool = False
    row: int | None = None
    part: str = ""


def photograph(report: Path, out: Path, view: View) -> None:
    """Write what a browser shows of `report` as a PNG."""
    width, height = view.size
    fragment = "" if view.row is None else f"#t{view.row}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=list(ARGUMENTS)
        )
        page = browser.new_page(
            viewport={"width": width, "height": height}, color_scheme="dark" if view.dark else "light"
        )
        page.goto(report.resolve().as_uri() + fragment)
        page.wait_for_selector("html[data-ready]")
        if view.part:
            page.locator(view.part).screenshot(path=out)
        else:
            page.screenshot(path=out, full_page=view.full)
        browser.close()


def main() -> None:
    """Parse the arguments and write the PNG."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dark", action="store_true", help="as people see it who prefer dark")
    parser.add_argument("--size", default="1280x900", help="of the window, WIDTHxHEIGHT")
    parser.add_argument("--full", action="store_true", help="the whole page, not only what the window shows")
    parser.add_argument("--open", type=int, metavar="ROW", help="with the panel of this test open")
    parser.add_argument("--part", default="", metavar="SELECTOR", help="only this element, such as '#coverage'")
    wanted = parser.parse_args()
    width, height = map(int, wanted.size.split("x"))
    view = View((width, height), dark=wanted.dark, full=wanted.full, row=wanted.open, part=wanted.part)
    photograph(wanted.report, wanted.out, view)


if __name__ == "__main__":
    main()
