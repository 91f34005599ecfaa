"""Tables on the page: plain HTML that scrolls in itself; the page's scripts sort them by a click on a heading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.html_links import outward


@dataclass(frozen=True, slots=True)
class Cell:
    """`html` as it is shown; `key`: what the column is sorted by when that is no text; `numeric`: set to the right."""

    html: str
    key: float | None = None
    numeric: bool = False


def text(value: str, address: str = "") -> Cell:
    """Any text, of any direction, that leads to a checked address where there is one."""
    shown = f"<bdi>{for_html(value)}</bdi>"
    return Cell(outward(address, shown) or shown)


def number(shown: str, key: float | None) -> Cell:
    """A number, which may be shown as words; without a key it is sorted last."""
    return Cell(for_html(shown), key, numeric=True)


def bar(share: float) -> str:
    """A share, 0 to 1, as a bar."""
    width = 100 * min(max(share, 0.0), 1.0)
    return f'<svg class="share" aria-hidden="true"><rect width="{width:.1f}%" height="100%"/></svg>'


def table(label: str, heads: Sequence[str], rows: Iterable[Iterable[Cell]]) -> str:
    """A table whose first cells name their rows. `heads` are escaped here, empty ones cannot be sorted by."""
    lines = [list(row) for row in rows]
    numeric = {place for place, cell in enumerate(lines[0]) if cell.numeric} if lines else set()
    titles = "".join(_head(title, right=place in numeric) for place, title in enumerate(heads))
    body = "".join(f"<tr>{''.join(map(_cell, count(), line))}</tr>" for line in lines)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{for_html(label)}"><table class="sortable">'
        f"<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _head(title: str, *, right: bool) -> str:
    if not title:
        return "<td></td>"
    look = " class=number" if right else ""
    return f'<th scope="col"{look} aria-sort="none"><button type="button"><bdi>{for_html(title)}</bdi></button></th>'


def _cell(place: int, cell: Cell) -> str:
    tag, scope = ("th", ' scope="row"') if place == 0 else ("td", "")
    key = "" if cell.key is None else f' data-key="{cell.key:.12g}"'
    return f"<{tag}{scope}{' class=number' if cell.numeric else ''}{key}>{cell.html}</{tag}>"
