"""The frame of the page: its policy, its style and its scripts."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files

from ci_orchestrator.report.escape import for_html

_SCRIPTS = ("data.js", "table.js", "detail.js", "timeline.js", "sort.js", "main.js")


def page(title: str, body: Iterable[str], data: Iterable[str]) -> Iterator[str]:
    """The document, in pieces. `body` is HTML, `data` are the elements that the scripts read."""
    style, script = _asset("report.css"), _script()
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
    yield f"<title>{for_html(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
    yield from body
    yield from data
    yield f'<script type="module">{script}</script>\n</body>\n</html>\n'


@cache
def _asset(name: str) -> str:
    return files("ci_orchestrator.report").joinpath("assets", name).read_text("utf-8")


@cache
def _script() -> str:
    """All scripts as one module: none of their names is global, and one digest allows them."""
    return "\n".join(map(_asset, _SCRIPTS))


def _digest(source: str) -> str:
    return f"sha256-{b64encode(sha256(source.encode()).digest()).decode()}"
