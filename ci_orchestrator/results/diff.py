"""What a change adds and changes, line by line: a unified diff as git (or ``diff -u``) writes it.

Traps: a removed line may look like a file header (``--- x``), so lines are counted by what the hunk says; paths with
bytes beyond ASCII stand in C quotes; a file whose name has a space ends in a tab; prefixes are ``a/`` and ``b/``, or
others (``diff.mnemonicPrefix``, ``--src-prefix``), or none; a change of mode, an empty or a binary file has no hunk; a
file that becomes a link is told twice, as removed and as new; PowerShell writes what git says as UTF-16.
Formats: https://git-scm.com/docs/diff-format and https://www.gnu.org/software/diffutils/manual/ (Detailed Unified).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ci_orchestrator.errors import ResultsError, Where
from ci_orchestrator.results.formats.encoding import encoding_of

NOTHING = "/dev/null"
_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_BOTH_QUOTED = re.compile(rf"({_QUOTED}) (\S.*)|(.*\S) ({_QUOTED})")
_FIX = "write it with: git diff --no-color BASE...HEAD"


@dataclass(frozen=True, slots=True)
class Diff:
    """A change. `changed`: each file that is there after it → the lines in it that the change added or rewrote (none
    when only lines were removed, or only its name or mode changed). `renamed`: new path → old path.
    `removed`: files that are no longer there. `empty`: nothing at all was told, which is also what a command leaves
    that failed."""

    changed: Mapping[str, frozenset[int]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    empty: bool = False


def parse_diff(data: bytes) -> Diff:
    """The change that a unified diff tells; one that tells nothing at all is `Diff.empty`.

    Raises `ResultsError` when it is no unified diff, ends within a hunk, is the combined diff of a merge, or tells the
    lines of a file twice (several commits one after another do not add up to one change).
    """
    encoding, _ = encoding_of(data[:1024])
    text = data.decode(encoding, errors="replace").removeprefix("\ufeff")
    reader = _Reader(iter(text.split("\n")))
    reader.read()
    if not text.strip():
        return Diff(empty=True)
    if not reader.found:
        raise reader.refusal("not a unified diff", _FIX)
    return reader.diff()


@dataclass
class _File:
    """One file's part of the diff, as far as it is read. `header`: both names of ``diff --git``, prefixes included."""

    header: tuple[str, str] = ("", "")
    old: str = ""
    new: str = ""
    renamed_from: str = ""
    moved_to: str = ""
    deleted: bool = False
    hunks: int = 0
    lines: set[int] = field(default_factory=set)

    @property
    def removed(self) -> bool:
        return self.deleted or self.new == NOTHING

    def name(self) -> str:
        """The path after the change; the one before it when the file is removed."""
        if self.moved_to:
            return self.moved_to
        if self.old and NOTHING not in (self.old, self.new):
            return _shared(self.old, self.new)
        if all(self.header):
            return _shared(*self.header)
        return (self.old if self.new == NOTHING else self.new).removeprefix("a/" if self.removed else "b/")


class _Reader:
    """Goes through the lines once, from file to file and hunk to hunk."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._number = 0
        self._file: _File | None = None
        self._changed: dict[str, set[int]] = {}
        self._told: set[str] = set()
        self._renamed: dict[str, str] = {}
        self._removed: set[str] = set()
        self.found = False

    def diff(self) -> Diff:
        """All of it."""
        return Diff(
            {path: frozenset(self._changed[path]) for path in sorted(self._changed)},
            {new: self._renamed[new] for new in sorted(self._renamed)},
            frozenset(self._removed - set(self._changed)),
        )

    def refusal(self, what: str, fix: str = _FIX) -> ResultsError:
        """The error for a diff that is refused at this place."""
        return ResultsError(what, fix=fix, where=Where("the diff", self._number or None))

    def read(self) -> None:
        """Every line. What stands between files (a commit's message, an index) says nothing here."""
        for line in self._next():
            if line.startswith("diff --git "):
                self._begin(_File(header=_header(line[11:])))
            elif line.startswith(("diff --cc ", "diff --combined ", "@@@ ")):
                raise self.refusal("a combined diff of a merge: it has no one side that a line was added to")
            elif line.startswith("--- "):
                self._old(line)
            elif self._file is not None:
                self._within(self._file, line)
        self._finish()

    def _next(self) -> Iterator[str]:
        for line in self._lines:
            self._number += 1
            yield line.removesuffix("\r")

    def _begin(self, file: _File) -> _File:
        self._finish()
        self.found = True
        self._file = file
        return file

    def _old(self, line: str) -> None:
        """``--- old`` and its ``+++ new``; without the latter it is a line of somebody's text."""
        following = next(self._next(), "")
        if not following.startswith("+++ "):
            return
        file = self._file
        if file is None or file.new:
            file = self._begin(_File())
        file.old, file.new = _named(line[4:]), _named(following[4:])

    def _within(self, file: _File, line: str) -> None:
        if hunk := _HUNK.match(line):
            if not file.new:
                raise self.refusal("a hunk without the names of its file")
            file.hunks += 1
            self._hunk(file, int(hunk[2] or 1), int(hunk[3]), int(hunk[4] or 1))
        elif line.startswith("rename from "):
            file.renamed_from = _unquoted(line.removeprefix("rename from "))
        elif line.startswith(("rename to ", "copy to ")):
            file.moved_to = _unquoted(line.split(" ", 2)[2])
        elif line.startswith("deleted file mode "):
            file.deleted = True

    def _hunk(self, file: _File, old: int, at: int, new: int) -> None:
        """The lines of one hunk: `old` of the old side, `new` of the new one from `at` on."""
        while old > 0 or new > 0:
            try:
                line = next(self._lines)
            except StopIteration:
                raise self.refusal("the diff ends in the middle of a hunk") from None
            self._number += 1
            kind = line[:1]
            if kind == "+":
                file.lines.add(at)
            elif kind not in ("-", " ", "", "\r", "\\"):
                raise self.refusal("a line in a hunk that is neither added, removed nor kept")
            if kind == "\\":  # "\ No newline at end of file" is about the line before
                continue
            old -= kind != "+"
            new -= kind != "-"
            at += kind != "-"
        if old < 0 or new < 0:
            raise self.refusal("a hunk has more lines than it says")

    def _finish(self) -> None:
        file, self._file = self._file, None
        if file is None or not (name := file.name()):
            return
        if file.removed:
            self._removed.add(name)
            return
        if file.hunks and name in self._told:
            raise self.refusal(f"the lines of {name[:200]!r} are told twice: this is not one change")
        if file.hunks:
            self._told.add(name)
        self._changed.setdefault(name, set()).update(file.lines)
        if file.renamed_from:
            self._renamed[name] = file.renamed_from


def _header(text: str) -> tuple[str, str]:
    """Both names of ``diff --git``; empty ones when they cannot be told apart.

    Without quotes only a space separates them: they are of one length, since what differs are prefixes of one length
    (or the file was moved, which further lines tell).
    """
    if quoted := _BOTH_QUOTED.fullmatch(text):
        return _unquoted(quoted[1] or quoted[3]), _unquoted(quoted[2] or quoted[4])
    middle = len(text) // 2
    if text[middle : middle + 1] == " " and len(text) % 2:
        return text[:middle], text[middle + 1 :]
    first, space, second = text.partition(" ")
    return (first, second) if space and " " not in second else ("", "")


def _shared(old: str, new: str) -> str:
    """The name behind two prefixes: all that both share at their end, in whole parts. One that is the same has none."""
    if old == new:
        return new
    shared: list[str] = []
    for mine, theirs in zip(reversed(old.split("/")), reversed(new.split("/")), strict=False):
        if mine != theirs:
            break
        shared.insert(0, mine)
    return "/".join(shared) or new


def _named(text: str) -> str:
    """The path of a ``---`` or ``+++`` line: what follows a tab is a date, or nothing."""
    return _unquoted(text) if text.startswith('"') else text.partition("\t")[0]


def _unquoted(text: str) -> str:
    """A path out of git's C quotes (``core.quotePath``); one without quotes as it is."""
    if not (len(text) > 1 and text.startswith('"')):
        return text
    inner = text[1:].partition("\t")[0].removesuffix('"').encode(errors="replace")
    return _ESCAPE.sub(_escaped, inner).decode(errors="replace")


def _escaped(match: re.Match[bytes]) -> bytes:
    said = match[1]
    return bytes([int(said, 8) & 0xFF]) if len(said) == 3 else _ESCAPES.get(said, said)
