"""Text in terminal cells: how wide it is, and how it is cut to fit."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def width(text: str) -> int:
    """Cells that `text` takes on a terminal: East Asian wide characters two, combining marks none (UAX #11)."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def keep_start(text: str, cells: int) -> str:
    """`text`, or its start and ``…``, in at most `cells` cells."""
    if width(text) <= cells:
        return text
    return f"{_fitting(text, cells - 1)}…" if cells > 0 else ""


def keep_words(text: str, cells: int) -> str:
    """As `keep_start`, but no word is cut unless it is the first."""
    kept = keep_start(text, cells)
    if kept == text or text[len(kept) - 1 :].startswith(" "):
        return kept
    head = kept.rpartition(" ")[0].rstrip(" ,:;=")
    return f"{head}…" if head else kept


def wrap(text: str, cells: int, most: int) -> list[str]:
    """`text` in lines of at most `cells` cells, broken between words where one fits; the last of `most` is cut."""
    lines: list[str] = []
    for piece in _pieces(text, cells):
        if lines and width(lines[-1]) + 1 + width(piece) <= cells:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"{keep_start(lines[most - 1], cells - 1).removesuffix('…')}…"]


def keep_end(text: str, cells: int) -> str:
    """`text`, or ``…`` and its end, in at most `cells` cells: the end of a test's id says most."""
    if width(text) <= cells:
        return text
    return f"…{_fitting(text[::-1], cells - 1)[::-1]}" if cells > 0 else ""


def pad(text: str, cells: int) -> str:
    """`text` with spaces after it, up to `cells` cells."""
    return text + " " * (cells - width(text))


def _pieces(text: str, cells: int) -> Iterator[str]:
    """Words; those that are wider than `cells` in parts."""
    for word in text.split():
        rest = word
        while width(rest) > cells:
            part = _fitting(rest, cells) or rest[0]
            yield part
            rest = rest[len(part) :]
        if rest:
            yield rest


def _cell(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fitting(text: str, cells: int) -> str:
    used = 0
    for index, character in enumerate(text):
        used += _cell(character)
        if used > cells:
            return text[:index]
    return text
