"""Text as tests of any project may hold it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st


def _halves(text: str) -> bool:
    return any("\ud800" <= one <= "\udbff" and "\udc00" <= two <= "\udfff" for one, two in pairwise(text))


def any_text(max_size: int | None = None) -> st.SearchStrategy[str]:
    """Any characters, lone surrogates too; but a high one right before a low one is one character to JSON."""
    return st.text(st.characters(exclude_categories=()), max_size=max_size).filter(lambda text: not _halves(text))
