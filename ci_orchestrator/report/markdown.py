"""Pieces of GitHub-flavoured markdown. Whatever a test, a plan or a provider chose goes in by `code`, `address` or
`preformatted`, and by nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ci_orchestrator.report.escape import for_markdown, for_preformatted, shortened, source_address, web_address

TEXT_LIMIT = 300
"""Characters of a name or a message. Escaped they take at most ten times as many."""

_OWN_WORDS = re.compile(r"(?:[A-Za-z0-9 ,;()%=–−-]|[.:](?=[ )]|$|[0-9]))*")


def code(text: str, limit: int = TEXT_LIMIT) -> str:
    """Any text, as inert code of bounded length; empty for an empty one."""
    return for_markdown(shortened(text, limit)) if text else ""


def words(text: str) -> str:
    """A sentence of our own. Should it hold more than words and numbers, for a name crept in, it is `code`."""
    return text if _OWN_WORDS.fullmatch(text) else code(text)


def linked(label: str, target: str) -> str:
    """A link; `label` is markdown, `target` an address already made harmless (`escape.web_address`). Without a target
    the label alone."""
    return f"[{label}]({target})" if target else label


def link(label: str, url: str) -> str:
    """A link to any address, if it is one."""
    return linked(label, web_address(url))


def place(source: str, path: str, line: int, label: str = "") -> str:
    """``path:line`` as code, linked to that line where `source` (`results.report.Links`) tells how; empty without a
    path. `label`: markdown to be shown instead."""
    if not path:
        return ""
    shown = label or code(f"{path}:{line}" if line > 0 else path)
    return linked(shown, source_address(source, path, line))


def row(cells: Sequence[str]) -> str:
    """One row of a table; no cell may hold a ``|`` or a line break."""
    return f"| {' | '.join(cells)} |"


def table_head(*columns: str) -> str:
    """The two lines that begin a table; a column that begins with ``>`` is aligned right."""
    names = row([column.removeprefix(">") for column in columns])
    return f"{names}\n{row(['--:' if column.startswith('>') else '---' for column in columns])}"


def preformatted(text: str, limit: int) -> str:
    """Many lines, of which the start and the end are kept when they are more than `limit` characters."""
    return f"<pre>\n{for_preformatted(shortened(text.rstrip(), limit))}\n</pre>"


def details(summary: str, content: str) -> str:
    """A part that is opened by a click. `summary` is HTML of one line, `content` markdown.

    The blank lines are what ends an HTML block in markdown (CommonMark, 4.6): without them the content would not be
    read as markdown.
    """
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>\n"
