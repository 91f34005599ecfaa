"""The limits on what is kept of a test's texts, and characters that XML cannot carry made visible."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256

NAME_LIMIT = 4_096
"""Characters kept of a name, a class, a file or a message."""

TEXT_LIMIT = 65_536
"""Characters kept of a traceback or of an output: the first half and the last half, with a mark between."""

_MARK = 64  # room for the mark of a cut

# XML 1.0, production 2 (Char): everything else cannot be written in a document, not even as a reference.
UNCLEAN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


_MENDED = re.compile("[\u2400-\u241f\ufffd]")


def mended(text: str) -> bool:
    """Whether `text` holds what stands for characters that could not be kept: what it was is not known for sure."""
    return bool(_MENDED.search(text))


def visible(text: str) -> str:
    """`text` as XML can carry it: control characters become their pictures (ESC → ``␛``), the rest ``U+FFFD``."""
    return UNCLEAN.sub(_picture, text)


def _picture(match: re.Match[str]) -> str:
    return picture(ord(match[0]))


def picture(code: int) -> str:
    """The visible stand-in for one character that XML forbids."""
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"


def cut(text: str, limit: int = NAME_LIMIT) -> str:
    """`text`, shortened to `limit` characters and a mark when it is longer."""
    return text if len(text) <= limit else f"{text[:limit]}… [{len(text) - limit} more characters cut]"


def cut_name(text: str) -> str:
    """Like `cut`, for what names a test: two names that differ only in what is cut stay two names."""
    if len(text) <= NAME_LIMIT:
        return text
    return f"{text[:NAME_LIMIT]}… [cut, sha256 {sha256(text.encode(errors='replace')).hexdigest()[:16]}]"


class BoundedText:
    """Collects a text piece by piece; its start and its end survive, the cut is marked.

    `add` is a list's own append, for speed: whoever feeds it calls `trim` now and then to keep the memory bounded.
    """

    _head = ""
    _dropped = 0

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.add: Callable[[str], None] = self._pieces.append

    def trim(self) -> None:
        """Drop what is neither in the first nor in the last half of `TEXT_LIMIT`."""
        if not self._head and sum(map(len, self._pieces)) <= TEXT_LIMIT:
            return
        half = TEXT_LIMIT // 2
        text = "".join(self._pieces)
        if not self._head:
            self._head, text = text[:half], text[half:]
        self._dropped += max(0, len(text) - half)
        self._pieces[:] = [text[-half:]]

    def value(self) -> str:
        """The text; empty when there is nothing but white space."""
        if len(self._pieces) == 1 and not self._head and len(self._pieces[0]) <= TEXT_LIMIT:
            text = self._pieces[0]  # nearly always
            return "" if text.isspace() else text
        self.trim()
        text = "".join(self._pieces)
        if self._dropped:
            text = f"{self._head}\n… [{self._dropped} characters cut] …\n{text}"
        return "" if text.isspace() else text


def cut_text(text: str) -> str:
    """`text` within `TEXT_LIMIT`, for what was put together from several; one that bears its mark already stays."""
    if len(text) <= TEXT_LIMIT + _MARK:
        return text
    whole = BoundedText()
    whole.add(text)
    return whole.value()
