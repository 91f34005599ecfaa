"""Groovy texts that mean exactly what they hold: single-quoted, so that no `$` is ever read, and in ASCII."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", "'": "\\'"}
_UNSAFE = re.compile(r"[^ -~]|\\|'")
_UNSAFE_IN_BLOCK = re.compile(r"[^ -~]|\\|'{2,}")


def text(value: str) -> str:
    """``'value'``."""
    return f"'{_UNSAFE.sub(_escaped, value)}'"


def block(lines: Sequence[str], indent: int) -> str:
    """Lines of a shell script as ``'''…'''``, each on a line of its own below `indent` spaces.

    The spaces before a line are for the reader; a newline *within* a line stays one, and gets none.
    """
    margin = " " * indent
    inside = "\n".join(f"{margin}    {_UNSAFE_IN_BLOCK.sub(_escaped, line)}" for line in lines)
    return f"'''\n{inside}\n{margin}'''"


def comment(value: str) -> str:
    """One line of comment, whatever the text has in it: `\\u` would be read even there."""
    return f"// {_UNSAFE_IN_COMMENT.sub('?', value)}".rstrip()


_UNSAFE_IN_COMMENT = re.compile(r"[^ -~]|\\(?=u)")


def size(value: str) -> int:
    """Bytes of the text as a class file holds it, in modified UTF-8: what is above U+FFFF takes two times three."""
    return sum(1 if 0 < code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 6 for code in map(ord, value))


def _escaped(match: re.Match[str]) -> str:
    return "".join(_ESCAPES.get(char) or _unicode(char) for char in match[0])


def _unicode(char: str) -> str:
    """``\\u0041``, and two of them above U+FFFF, as Java counts."""
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
