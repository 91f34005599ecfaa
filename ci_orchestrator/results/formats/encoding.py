"""Bytes of an XML file as somebody wrote them → clean UTF-8 that a parser accepts, with what had to be mended said.

Real files say one encoding and hold another, are cut in the middle of a character, or hold the escape codes of a
terminal, which XML forbids. None of this is a reason to lose the results.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator

from ci_orchestrator.results.formats.base import Readable
from ci_orchestrator.results.formats.text import UNCLEAN, picture, visible

CHUNK = 32_768
"""Bytes read at once: small enough that what is made of a piece is gone before the garbage collector looks at it."""

_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
# Only character sets that agree with ASCII on `<`: Python also knows codecs such as rot13 and unicode_escape.
_CHARSETS = (
    "ascii",
    "big5",
    "cp",
    "euc_",
    "gb",
    "hz",
    "iso8859",
    "johab",
    "koi8",
    "mac-",
    "ptcp",
    "shift_jis",
    "tis-620",
    "utf-8",
)
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_NONCHARACTER = re.compile(b"\xef\xbf[\xbe\xbf]")
_REFERENCE = re.compile(rb"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));")


def encoding_of(head: bytes) -> tuple[str, str]:
    """The encoding that a file which starts with `head` is really in, and a warning ("" when it said so itself)."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, ""
    declared = _DECLARED.match(head)
    if declared is None:
        return "utf-8", ""
    said = declared[1].decode("ascii")
    try:
        name = codecs.lookup(said).name
    except LookupError:
        return "utf-8", f"the encoding {said!r} is not known: read as UTF-8"
    if not name.startswith(_CHARSETS):
        return "utf-8", f"the file says {said!r} and is not: read as UTF-8"
    return ("utf-8" if name == "ascii" else name), ""


def utf8_chunks(stream: Readable, warn: Callable[[str], None]) -> Iterator[bytes]:
    """The stream in UTF-8, without byte order mark, leading white space, or anything that XML forbids."""
    chunk = _first(stream)
    name, warning = encoding_of(chunk)
    if warning:
        warn(warning)
    convert = _Converter(name, warn)
    clean = convert(chunk.removeprefix(codecs.BOM_UTF8)).lstrip()
    held = b""
    while chunk:
        whole = held + clean
        if b"#" in whole and b"&#" in whole:  # one byte is found ten times as fast as two
            whole = _mend_references(whole, warn)
        held = _open_reference(whole)
        yield whole[: len(whole) - len(held)]
        chunk = stream.read(CHUNK)
        clean = convert(chunk)
    yield held + convert(b"", last=True)


def _first(stream: Readable) -> bytes:
    head = b""
    while len(head) < 1024 and (more := stream.read(CHUNK)):
        head += more
    return head


class _Converter:
    """Decodes and cleans piece by piece. What is good UTF-8 already, which most is, passes through untouched."""

    def __init__(self, name: str, warn: Callable[[str], None]) -> None:
        self._utf8 = name == "utf-8"
        self._name = name
        self._warn = warn
        self._decoder = codecs.getincrementaldecoder(name)()
        self._cut = b""  # the start of a character whose end is in the next piece

    def __call__(self, piece: bytes, *, last: bool = False) -> bytes:
        if self._utf8:
            piece, self._cut = self._cut + piece, b""
            good = _whole_characters(piece)
            self._utf8 = good is not None and not last
            if good is not None and not last:
                self._cut = piece[len(good) :]
                return good if _allowed(good) else self._visible(good.decode())
        return self._visible(self._decode(piece, last=last))

    def _decode(self, piece: bytes, *, last: bool) -> str:
        before = self._decoder.getstate()
        try:
            return self._decoder.decode(piece, last)
        except UnicodeDecodeError:
            self._warn(f"bytes that are not {self._name.upper()} were replaced")
            self._decoder = codecs.getincrementaldecoder(self._name)(errors="replace")
            self._decoder.setstate(before)
            return self._decoder.decode(piece, last)

    def _visible(self, text: str) -> bytes:
        clean = visible(text)
        if clean != text:
            self._warn("characters that XML forbids were replaced")
        return clean.encode()


def _whole_characters(piece: bytes) -> bytes | None:
    """`piece` up to a character that is cut at its end; None when it is not UTF-8."""
    if piece.isascii():
        return piece
    try:
        _, used = codecs.utf_8_decode(piece, "strict", False)
    except UnicodeDecodeError:
        return None
    return piece if used == len(piece) else piece[:used]


def _allowed(piece: bytes) -> bool:
    """True when good UTF-8 holds no character that XML forbids: a control, U+FFFE, U+FFFF."""
    for code in _CONTROLS:  # one memchr each: far less than looking at every byte once from here
        if code in piece:
            return False
    return not (0xEF in piece and _NONCHARACTER.search(piece))


def _mend_references(text: bytes, warn: Callable[[str], None]) -> bytes:
    """Replace ``&#27;`` and the like, which no XML parser accepts."""

    def mend(match: re.Match[bytes]) -> bytes:
        code = int(match[1], 16) if match[1] else int(match[2])
        if code <= 0x10FFFF and not UNCLEAN.match(chr(code)):
            return match[0]
        warn("characters that XML forbids were replaced")
        return picture(code).encode()

    return _REFERENCE.sub(mend, text)


def _open_reference(text: bytes) -> bytes:
    """The end of `text` that may be the start of a reference which goes on in the next piece."""
    start = text.rfind(b"&", max(0, len(text) - 14))
    return text[start:] if start >= 0 and b";" not in text[start:] else b""
