"""What a comment is put together from: whole pieces, so that nothing is cut in its middle."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN = 100
"""Items of one list that are written out at most, however much room there is: the rest is in the report."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list: whole lines of markdown without a line break at the end.

    `full`: the same with more to be read, for when there is room; empty when there is no more.
    """

    short: str
    full: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One section. `news`: a reviewer should see it even when nothing failed.

    `head`: its heading and what is said first. `items`: the list below it, which ends early when room is short; `more`:
    how many entries there are beside `items`, in all `noun`.
    """

    name: str
    head: str
    news: bool = False
    items: tuple[Item, ...] = ()
    more: int = 0
    noun: str = "test"
