"""A text that comes line by line, bounded."""

from __future__ import annotations

from ci_orchestrator.results.formats.text import BoundedText

_LINES = 256
_LONG = 4_096


class LineText(BoundedText):
    """A `BoundedText` that trims itself: not at every line, which would cost the square of their number."""

    _untrimmed = 0

    def line(self, text: str) -> None:
        """Add a line, or a piece of one."""
        self.add(text)
        self._untrimmed += 1 + _LINES * (len(text) > _LONG)
        if self._untrimmed >= _LINES:
            self._untrimmed = 0
            self.trim()
