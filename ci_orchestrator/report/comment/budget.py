"""How blocks share the room that there is: whole pieces, the most important first, and what was left out is said."""

from __future__ import annotations

from collections.abc import Sequence

from ci_orchestrator.report.comment.block import Block, Item
from ci_orchestrator.report.comment.media import Measure
from ci_orchestrator.report.wording import counted, listed

FIRST = 5
"""Items of each block that are placed before any block gets more."""


def fitted(head: str, blocks: Sequence[Block], *, limit: int, measure: Measure, unit: str, where: str) -> str:
    """`head` and as much of `blocks` as fits in `limit`; `where`: what has all of it, as markdown.

    Blocks stand in order of importance. Each first says its head, then its first few items, then the rest; what room is
    left then goes to the full form of items. `head`, a note for each block and `where` always fit: they are short.
    """
    room = _Room(limit, measure)
    room.spend(head)
    missing = _left_out([block.name for block in blocks], limit, unit, where)
    room.spend(missing)
    shown = [_Shown(block, _note(len(block.items) + block.more, block.noun, where)) for block in blocks]
    heads = [one for one in shown if room.take(one.block.head, one.note, "\n\n\n")]
    for first, last in ((0, FIRST), (FIRST, None)):
        for one in heads:
            one.add(one.block.items[first:last], room)
    for one in heads:
        one.unfold(room)
    absent = [one.block.name for one in shown if one not in heads]
    parts = [head, *(one.text(where) for one in heads)]
    if absent:
        parts.append(_left_out(absent, limit, unit, where))
    return "\n".join(parts)


class _Room:
    """What is left of a limit."""

    def __init__(self, limit: int, measure: Measure) -> None:
        self.left = limit
        self._measure = measure

    def spend(self, text: str) -> None:
        """Take it, whatever it costs; the line break after it, too."""
        self.left -= self._measure(text) + 1

    def take(self, *texts: str) -> bool:
        """Take them all, if they fit."""
        cost = sum(map(self._measure, texts)) + 1
        if fits := cost <= self.left:
            self.left -= cost
        return fits

    def swap(self, old: str, new: str) -> bool:
        """Take `new` for `old`, if it fits."""
        cost = self._measure(new) - self._measure(old)
        if fits := cost <= self.left:
            self.left -= cost
        return fits


class _Shown:
    """A block whose head is shown, and those of its items that are."""

    def __init__(self, block: Block, note: str) -> None:
        self.block = block
        self.note = note
        self.items: list[Item] = []
        self.texts: list[str] = []
        self._full = False

    def add(self, items: Sequence[Item], room: _Room) -> None:
        """The items up to the first that does not fit: a list ends early, it has no holes."""
        for item in items:
            self._full = self._full or not room.take(item.short)
            if self._full:
                return
            self.items.append(item)
            self.texts.append(item.short)

    def unfold(self, room: _Room) -> None:
        """The full form of each item for which there is room."""
        for place, item in enumerate(self.items):
            if item.full and room.swap(item.short, item.full):
                self.texts[place] = item.full

    def text(self, where: str) -> str:
        """The block in markdown."""
        rest = len(self.block.items) - len(self.items) + self.block.more
        return "\n".join(["", self.block.head, *self.texts, *([_note(rest, self.block.noun, where)] if rest else [])])


def _note(rest: int, noun: str, where: str) -> str:
    return f"\n… and {counted(rest, f'more {noun}')}: {where}" if rest else ""


def _left_out(names: Sequence[str], limit: int, unit: str, where: str) -> str:
    said = f"There is room for {limit:,} {unit} here; left out: {listed(list(names))}."
    return f"\n{said} All of it: {where}" if names else ""
