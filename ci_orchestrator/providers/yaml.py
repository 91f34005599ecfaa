"""YAML as a careful person writes it, taken in the same way by every reader of YAML 1.1 (PyYAML, Ruby) or 1.2 (GitHub).

`dump` writes strings, booleans, integers, None, mappings in their order, and sequences. Around them may stand `Note`
(comments and a blank line), `Flow` (on one line) and `Raw` (the text itself). Texts are plain only where no reader
could take them for anything else, blocks where they have lines, and quoted everywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = "str | int | Mapping[str, Value] | Sequence[Value] | Note | Flow | Raw | None"

_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan"})
"""What some reader takes for something else than a text, in lower case."""
_PLAIN = re.compile(r"(?:[A-Za-z_/]|\$|\.(?![eE][+-])[A-Za-z/])[!-~ ]*")
"""Nothing that begins so is a number, a date, a time or an indicator to any reader."""
_SPLITS = re.compile(r": |:$| #| $")
_PLAIN_IN_FLOW = re.compile(r"(?:[A-Za-z_/]|\.(?![eE][+-])[A-Za-z/])[A-Za-z0-9_./@+() -]*(?<! )")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Raw:
    """Text that is written as it is, such as ``!reference [.base, script]`` or the key ``on``. Never a plan's."""

    text: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A mapping or sequence on one line: ``{a: b}``, ``[a, b]``. Nothing within it can be a `Note`."""

    value: Value


@dataclass(frozen=True, slots=True)
class Note:
    """An entry of a mapping or sequence, with lines of comment `above` it, one `beside` it, a `blank` line before."""

    value: Value
    above: Sequence[str] = ()
    beside: str = ""
    blank: bool = False


def dump(value: Mapping[str | Raw, Value] | Sequence[Value], head: Sequence[str] = ()) -> str:
    """The document; `head` are lines of comment before it. Ends with a newline."""
    body = _lines(value) if value else [_inline(value)]
    return "\n".join([*map(comment, head), *body, ""])


def comment(text: str) -> str:
    """One line of comment, whatever the text has in it."""
    return f"# {''.join(char if char.isprintable() else '?' for char in text)}".rstrip()


def scalar(text: str, *, flow: bool = False) -> str:
    """The text on one line: plain where that is safe, else quoted."""
    plain = _PLAIN_IN_FLOW.fullmatch(text) if flow else _PLAIN.fullmatch(text) and not _SPLITS.search(text)
    if plain and text.lower() not in _WORDS:
        return text
    if text.isprintable() and ('"' in text or "\\" in text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _lines(value: Mapping[str | Raw, Value] | Mapping[str, Value] | Sequence[Value]) -> Iterator[str]:
    """The lines of a block collection, not indented."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _entry(f"{key.text if isinstance(key, Raw) else scalar(key)}:", entry, in_mapping=True)
    else:
        for entry in value:
            yield from _entry("-", entry, in_mapping=False)


def _entry(start: str, entry: Value, *, in_mapping: bool) -> Iterator[str]:
    """The lines of one entry, which begin with its key or its dash."""
    note = entry if isinstance(entry, Note) else Note(entry)
    if note.blank:
        yield ""
    yield from map(comment, note.above)
    beside = f"  {comment(note.beside)}" if note.beside else ""
    value = note.value
    if isinstance(value, str) and (block := _block(value)):
        yield f"{start} {block[0]}{beside}"
        yield from block[1:]
    elif _is_block(value):
        inside = _lines(value)  # type: ignore[arg-type]  # what `_is_block` says
        if in_mapping:
            yield start + beside
        else:
            yield f"- {next(inside)}".rstrip() + beside
        yield from (f"  {line}" if line else "" for line in inside)
    else:
        yield f"{start} {_inline(value)}".rstrip() + beside


def _is_block(value: Value) -> bool:
    return isinstance(value, Mapping | Sequence) and not isinstance(value, str) and bool(value)


def _block(text: str) -> list[str]:
    """A literal block, indented by two, or nothing where it would not be the same text to every reader."""
    lines = text.removesuffix("\n").split("\n")
    sound = lines[0] and lines[-1] and not lines[0].startswith(" ")
    if "\n" not in text or not sound or any(line != line.rstrip() or not line.isprintable() for line in lines):
        return []
    return ["|" if text.endswith("\n") else "|-", *(f"  {line}" if line else "" for line in lines)]


def _inline(value: Value | Mapping[str | Raw, Value], *, flow: bool = False) -> str:
    """A scalar, an empty collection, or with `flow` anything, on one line."""
    match value:
        case str():
            return scalar(value, flow=flow)
        case Raw(text):
            return text
        case Flow(inside):
            return _inline(inside, flow=True)
        case Mapping() | Sequence():
            return _collection(value)
        case Note():
            raise TypeError("a note stands once, around an entry of a block")
        case None:
            return "null" if flow else ""
    return str(value).lower()


def _collection(value: Mapping[str | Raw, Value] | Mapping[str, Value] | Sequence[Value]) -> str:
    if isinstance(value, Mapping):
        entries = (f"{scalar(str(key), flow=True)}: {_inline(each, flow=True)}" for key, each in value.items())
        return "{" + ", ".join(entries) + "}"
    return f"[{', '.join(_inline(each, flow=True) for each in value)}]"
