"""Finding articles by name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def folded(text: str) -> str:
    """`text` without case and accents, for comparing."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def find(words: str, articles: Iterable[str]) -> list[str]:
    """The articles in which every one of `words` occurs, sorted."""
    wanted = folded(words).split()
    return sorted(article for article in articles if all(word in folded(article) for word in wanted))
