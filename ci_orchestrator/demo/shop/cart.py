"""A cart of articles."""

from __future__ import annotations


class Cart:
    """Articles and how many of each."""

    def __init__(self) -> None:
        self._amounts: dict[str, int] = {}

    def add(self, article: str, amount: int = 1) -> None:
        """Put `amount` of `article` into the cart. Raises ValueError when there is nothing to add."""
        if amount < 1:
            raise ValueError(f"cannot add {amount} of {article}")
        self._amounts[article] = self._amounts.get(article, 0) + amount

    def remove(self, article: str) -> None:
        """Take `article` out. Raises KeyError when it is not in the cart."""
        del self._amounts[article]

    def __len__(self) -> int:
        return sum(self._amounts.values())

    def __contains__(self, article: str) -> bool:
        return article in self._amounts
