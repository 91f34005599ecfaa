"""The report's tests: sample reports to import, golden files to hold against, and pages opened in a real browser."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from parts import PROJECT, need

sys.path.insert(0, str(Path(__file__).parent))

GOLDEN = PROJECT / "tests" / "golden" / "report"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Holds a text against ``tests/golden/report/NAME``; with CI_ORCHESTRATOR_GOLDEN=1 it is written instead."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("CI_ORCHESTRATOR_GOLDEN") == "1":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        assert text == path.read_text("utf-8")

    return check


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    need(program, "no Chromium on PATH (Debian: apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page and all that it did besides showing itself: requests, errors, console messages, dialogs."""

    page: object
    doings: list[str] = field(default_factory=list)


@pytest.fixture
def open_page(chromium, tmp_path) -> Iterator[Callable[[bytes], Watched]]:
    """Opens HTML as a file; at the end, no page may have asked for anything or complained of anything."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = []

    def open_html(html: bytes, fragment: str = "", *, scripts: bool = True) -> Watched:
        file = tmp_path / f"report-{len(opened)}.html"
        file.write_bytes(html)
        own = context if scripts else chromium.new_context(java_script_enabled=False)
        page = own.new_page()
        watched = Watched(page)
        opened.append(watched)
        page.on("console", lambda message: watched.doings.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: watched.doings.append(f"error: {error}"))
        page.on("dialog", lambda dialog: watched.doings.append(f"dialog: {dialog.message}"))
        page.on(
            "request",
            lambda request: request.url.startswith(file.as_uri()) or watched.doings.append(f"request: {request.url}"),
        )
        page.goto(file.as_uri() + fragment)
        if scripts:
            page.wait_for_selector("html[data-ready]")
        return watched

    yield open_html
    doings = [doing for watched in opened for doing in watched.doings]
    context.close()
    assert doings == []
