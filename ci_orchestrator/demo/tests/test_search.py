from __future__ import annotations

import time

import pytest
from shop.search import find, folded

ARTICLES = ["Crème brûlée", "Green tea", "Tea cup", "Grüner Tee", "緑茶"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("tea", ["Green tea", "Tea cup"]),
        ("creme brulee", ["Crème brûlée"]),
        ("GRÜNER", ["Grüner Tee"]),
        ("緑", ["緑茶"]),
        ("coffee", []),
    ],
    ids=["two", "accents", "grüner tee", "緑茶", "none"],
)
def test_find(words: str, found: list[str]) -> None:
    assert find(words, ARTICLES) == found


def test_every_word_counts() -> None:
    assert find("cup tea", ARTICLES) == ["Tea cup"]


def test_folded_is_stable() -> None:
    assert folded(folded("Straße")) == folded("Straße")


def test_many_articles() -> None:
    time.sleep(0.2)
    assert len(find("tea", ARTICLES * 1000)) == 2000
