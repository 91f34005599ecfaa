"""Texts from tests, made harmless for where they are shown. Everything that a test can choose passes through here.

Two steps: *visible* (no character acts on a terminal or reorders or hides other text; it is written as an escape
instead), then the escaping of the medium.
"""

from __future__ import annotations

import html
import json
import re
from urllib.parse import quote

# C0 and C1 controls but tab and newline, soft hyphen, direction marks and overrides, zero-width characters (the
# joiners U+200C/D stay: scripts and emoji need them), line separators, lone surrogates, interlinear marks, tags.
_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_COLOUR = re.compile("\x1b\\[[0-9;:]*m")
_BREAKS = re.compile(r"[\t\n]+")
_ASCII_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_PREFORMATTED = re.compile(r"[!\"#&'/:<>@`]")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?(?:[/?#].*)?", re.DOTALL)
_ADDRESS_LIMIT = 2_000
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def visible(text: str) -> str:
    r"""`text` with every character that acts instead of being seen written as its escape (``\x1b``, ``\u202e``)."""
    return _ACTING.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def output(text: str) -> str:
    """`visible`, for texts of many lines: terminal colours are dropped, they would only be noise."""
    return visible(_COLOUR.sub("", text).replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """`visible`, on one line; terminal colours are dropped."""
    return _BREAKS.sub(" ", output(text)).strip()


def for_html(text: str) -> str:
    """`visible`, then escaped for HTML text and for quoted attributes."""
    return html.escape(visible(text), quote=True)


def for_markdown(text: str) -> str:
    """`one_line`, as inert code in GitHub-flavoured markdown, and in HTML within it.

    Every ASCII mark becomes a character reference, so that no parser sees markup, a link, a table's cell border or an
    entity in it; inside ``<code>`` no ``@name``, ``#1`` or commit id becomes a mention or a reference. cmark-gfm looks
    for e-mail addresses once references are resolved: an invisible break before each ``@`` leaves none to be found.
    """
    return f"<code>{_ASCII_PUNCTUATION.sub(_reference, one_line(text))}</code>"


def for_preformatted(text: str) -> str:
    """`output`, as the content of a ``<pre>`` that begins a line of markdown: many lines, and blank ones.

    There, markdown is not looked for; left to disarm are HTML, what a forge reads in the source at the start of a line
    (GitLab's ``/close``, ``::error`` and ``##vso[`` where a file is printed to a log), mentions and references.
    """
    return _PREFORMATTED.sub(lambda match: f"&#{ord(match[0])};", output(text))


def web_address(text: str) -> str:
    """`text` as the target of a link, in markdown and in a quoted attribute; empty unless it is an absolute ``http`` or
    ``https`` address without a user name."""
    if len(text) > _ADDRESS_LIMIT or not _ADDRESS.fullmatch(text):
        return ""
    kept = quote(_STRAY_PERCENT.sub("%25", text), safe="/:?#=&+,;$~%", errors="replace").replace("&", "&amp;")
    return kept if len(kept) <= _ADDRESS_LIMIT else ""


def source_address(template: str, path: str, line: int) -> str:
    """The `web_address` of a line of a file (`results.report.Links.source`); empty when it cannot be told.

    A path comes from a test: only one that stays inside the project gets an address.
    """
    if not path or path.startswith("/") or "\\" in path or ".." in path.split("/"):
        return ""
    if line <= 0 and "{line}" in template.partition("#")[2]:
        template = template.partition("#")[0]
    place = quote(path.removeprefix("./"), safe="/", errors="replace")
    return web_address(template.replace("{path}", place).replace("{line}", str(max(line, 1))))


def _reference(match: re.Match[str]) -> str:
    mark = match[0]
    return "<wbr>&#64;" if mark == "@" else f"&#{ord(mark)};"


def for_script(value: object) -> str:
    """`value` as JSON for a ``<script type="application/json">``: pure ASCII, and nothing that could end the element.

    Inside a script element only ``</script`` and ``<!--`` matter to the HTML parser; all ``<`` are escaped. Raises
    ValueError for NaN and infinities, which JSON does not have.
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def shortened(text: str, limit: int) -> str:
    """`text`, or `limit` characters of it: its start and its end, with the number of those left out between."""
    if len(text) <= limit:
        return text
    head = limit // 3
    tail = limit - head
    return f"{text[:head]}\n… {len(text) - limit} characters left out …\n{text[-tail:]}"
