"""Prices, in whole cents."""

from __future__ import annotations


def discounted(cents: int, percent: int) -> int:
    """`cents` less `percent`, rounded half up. Raises ValueError outside 0 to 100 percent."""
    if not 0 <= percent <= 100:
        raise ValueError(f"{percent} % is no discount")
    return (cents * (100 - percent) + 50) // 100


def shown(cents: int, currency: str = "€") -> str:
    """A price as people read it."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d} {currency}"
