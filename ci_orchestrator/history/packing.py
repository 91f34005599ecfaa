"""One build as columns of bytes: the shape in which the history is stored, and in which it is read fast.

Tests have numbers (`history.names`). A build is three columns with one cell a number, up to the highest that it has:

- marks     1 byte: 0 when the build did not have the test; else outcome (bits 0-2), usable (bit 3), flaky (bit 4)
- attempts  1 byte
- durations 4 bytes: seconds, IEEE 754 single precision, its four bytes in four planes (neighbours' signs and exponents
            are alike and vanish in compression; the mantissas are noise that no compression takes)

each compressed by zlib, whose checksum tells when a cell was changed by something else. Cells of absent tests are zero
and compress to nothing, so that a build of three tests costs three tests, and the columns of all builds line up:
medians, flips and masks run over whole columns at the speed of C, without a Python object per result.

A *mask* is a column of 0/1 bytes read as one little-endian integer, so that ``&`` and ``~`` work on all tests at once.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, compress, islice

from ci_orchestrator.history.base import ABSENT, LETTERS, LONGEST, RETRIED, DamagedHistoryError, Observation
from ci_orchestrator.results.model import Outcome

_OUTCOMES: tuple[Outcome, ...] = (
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.ERRORED,
    Outcome.SKIPPED,
    Outcome.NOT_PROVEN,
)
"""Their place + 1 is the code on disk: append only."""

_CODES = {outcome: code for code, outcome in enumerate(_OUTCOMES, start=1)}
_OUTCOME_BITS, _USABLE, _FLAKY = 0x07, 0x08, 0x10
_PLANES = 4
_LEVEL = 1  # durations are noise: a higher level takes twice the time to save 1 %

_REACH = 4  # builds to hold in memory for every full column that is looked for; subsets may stand between them

_MARKS = (
    bytes(
        code | usable | flaky
        for code in range(1, len(_OUTCOMES) + 1)
        for usable in (0, _USABLE)
        for flaky in (0, _FLAKY)
    )
    + b"\0"
)

_TO_USABLE = bytes(1 if mark & _USABLE else 0 for mark in range(256))
_TO_PRESENT = bytes(1 if mark else 0 for mark in range(256))


def _letter_of(mark: int) -> str:
    code = mark & _OUTCOME_BITS
    if not 1 <= code <= len(_OUTCOMES):
        return ABSENT
    return RETRIED if mark & _FLAKY else LETTERS[_OUTCOMES[code - 1]]


_TO_LETTER = "".join(map(_letter_of, range(256))).encode("ascii")


@dataclass(frozen=True, slots=True)
class Packed:
    """The three columns as they are stored."""

    marks: bytes
    attempts: bytes
    durations: bytes


def pack(observations: Collection[Observation], numbers: Sequence[int]) -> Packed:
    """The columns of a build; `numbers` are the tests' numbers, aligned."""
    size = max(numbers, default=-1) + 1
    marks, attempts, durations = bytearray(size), bytearray(size), array("f", bytes(4 * size))
    for number, one in zip(numbers, observations, strict=True):
        marks[number] = _CODES[one.outcome] | (_USABLE if one.usable else 0) | (_FLAKY if one.flaky else 0)
        attempts[number] = one.attempts
        durations[number] = one.duration
    return Packed(zlib.compress(marks), zlib.compress(attempts), _pack_durations(durations))


def inflate(blob: bytes, most: int) -> bytes:
    """What was compressed, if it is at most `most` bytes. Raises `zlib.error`, `TypeError` for other values."""
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(blob, max(most, 0) + 1)
    if len(data) > most or not unpacker.eof:
        raise zlib.error("it is cut short, or longer than it can be")
    return data


def unpack_bytes(blob: bytes, *, most: int | None = None) -> bytes:
    """A column of marks or attempts, of `most` bytes where the file is not believed. Raises `DamagedHistoryError`."""
    try:
        return zlib.decompress(blob) if most is None else inflate(blob, most)
    except (zlib.error, TypeError) as error:  # TypeError: another kind of value stands in its place
        raise DamagedHistoryError(f"a build in the history cannot be read: {error}") from None


def unpack_durations(blob: bytes) -> array[float]:
    """Seconds. Raises `DamagedHistoryError`."""
    return _from_planes(unpack_bytes(blob))


def cell(packed: Packed, test: str, number: int) -> Observation | None:
    """What the build says of one test, None if it did not have it. Raises `DamagedHistoryError`."""
    marks = unpack_bytes(packed.marks)
    code = marks[number] & _OUTCOME_BITS if number < len(marks) else 0
    if not code:
        return None
    attempts, durations = unpack_bytes(packed.attempts), unpack_durations(packed.durations)
    if code > len(_OUTCOMES) or not len(marks) == len(attempts) == len(durations):
        raise DamagedHistoryError("a build in the history contradicts itself")
    return Observation(
        test=test,
        outcome=_OUTCOMES[code - 1],
        duration=durations[number],
        attempts=attempts[number],
        usable=bool(marks[number] & _USABLE),
        flaky=bool(marks[number] & _FLAKY),
    )


def usable(marks: bytes) -> int:
    """The mask of the tests whose duration may feed estimates."""
    return int.from_bytes(marks.translate(_TO_USABLE), "little")


def present(marks: bytes) -> int:
    """The mask of the tests that the build had."""
    return int.from_bytes(marks.translate(_TO_PRESENT), "little")


def mask(numbers: Iterable[int], size: int) -> int:
    """The mask of the given numbers, all below `size`."""
    cells = bytearray(size)
    for number in numbers:
        cells[number] = 1
    return int.from_bytes(cells, "little")


def everything(size: int) -> int:
    """The mask of the numbers below `size`."""
    return int.from_bytes(b"\1" * size, "little")


def cells(selected: int, size: int) -> bytes:
    """A mask as a column of 0/1 bytes."""
    return selected.to_bytes(size, "little")


def letters(columns: Sequence[bytes], size: int) -> list[str]:
    """Marks of the same tests in many builds as one string a test: the columns, turned into rows."""
    text = b"".join(marks.ljust(size, b"\0") for marks in columns).translate(_TO_LETTER).decode("ascii")
    rows: dict[str, str] = {}  # most tests fare alike: one string for all of them
    return [rows.setdefault(row, row) for row in (text[number::size] for number in range(size))]


def newest(
    builds: Iterable[tuple[bytes, bytes]], ids: Sequence[str], wanted: int, last: int
) -> dict[str, tuple[float, ...]]:
    """The first `last` usable durations of each wanted test in `builds`: packed (marks, durations), newest first.

    Nearly all tests are usable in nearly all builds: their rows are read off the newest `last` full columns at once. A
    test with a gap there, or in a subset between them, is looked for by itself, as far back as it takes. Raises
    `DamagedHistoryError`.
    """
    if last < 1 or not wanted:
        return {}
    builds = iter(builds)
    read: list[tuple[bytes, bytes]] = []
    full: list[array[float]] = []
    whole, enough = wanted, wanted.bit_count() / 2
    for marks, durations in islice(builds, _REACH * last):
        read.append((marks, durations))
        here = usable(unpack_bytes(marks)) & wanted
        if here.bit_count() < enough:
            whole &= ~here
            continue
        whole &= here
        full.append(unpack_durations(durations))
        if len(full) == last:
            break
    else:
        whole = 0  # too few full columns within reach
    rows = zip(*full, strict=False)  # the shortest column ends them: no test after it is whole
    found = dict(compress(zip(ids, rows, strict=False), cells(whole, len(ids))))
    pending = list(compress(range(len(ids)), cells(wanted & ~whole, len(ids))))
    for number, row in _one_by_one(chain(read, builds), pending, len(ids), last).items():
        if row:
            found[ids[number]] = tuple(row)
    return found


def renumber(packed: Packed, kept: bytes) -> Packed:
    """The same build after the tests whose cell in `kept` is 0 have lost their numbers; the others close ranks."""
    marks = bytes(compress(unpack_bytes(packed.marks), kept))
    attempts = bytes(compress(unpack_bytes(packed.attempts), kept))
    durations = array("f", compress(unpack_durations(packed.durations), kept))
    return Packed(zlib.compress(marks), zlib.compress(attempts), _pack_durations(durations))


def check(packed: Packed, size: int) -> None:
    """Raises `DamagedHistoryError` when `pack` could not have made this of a cleaned record and `size` numbers. Nothing
    is believed: what it unpacks to is bounded, too."""
    marks, attempts = unpack_bytes(packed.marks, most=size), unpack_bytes(packed.attempts, most=size)
    durations = _from_planes(unpack_bytes(packed.durations, most=size * _PLANES))
    possible = not marks.translate(None, delete=_MARKS) and all(0 <= seconds <= LONGEST for seconds in durations)
    if not len(marks) == len(attempts) == len(durations) or not possible:
        raise DamagedHistoryError("a build in the history contradicts itself")


def relabel(packed: Packed, numbers: Sequence[int]) -> Packed:
    """The same build where its tests have other numbers: `numbers`, by the old ones."""
    marks, attempts = unpack_bytes(packed.marks), unpack_bytes(packed.attempts)
    durations = unpack_durations(packed.durations)
    there = list(compress(range(len(marks)), marks))
    size = max((numbers[at] for at in there), default=-1) + 1
    new_marks, new_attempts, new_durations = bytearray(size), bytearray(size), array("f", bytes(_PLANES * size))
    for at in there:
        number = numbers[at]
        new_marks[number], new_attempts[number], new_durations[number] = marks[at], attempts[at], durations[at]
    return Packed(zlib.compress(new_marks), zlib.compress(new_attempts), _pack_durations(new_durations))


def _one_by_one(
    builds: Iterable[tuple[bytes, bytes]], pending: list[int], size: int, last: int
) -> dict[int, list[float]]:
    rows: dict[int, list[float]] = {number: [] for number in pending}
    for marks, durations in builds:
        if not pending:
            break
        usable_here = unpack_bytes(marks).translate(_TO_USABLE).ljust(size, b"\0")
        here = [number for number in pending if usable_here[number]]
        if not here:
            continue
        seconds = unpack_durations(durations)
        for number in here:
            rows[number].append(seconds[number])
        pending = [number for number in pending if len(rows[number]) < last]
    return rows


def _from_planes(planes: bytes) -> array[float]:
    size = len(planes) // _PLANES
    raw = bytearray(size * _PLANES)
    for plane in range(_PLANES):
        raw[plane::_PLANES] = planes[plane * size : (plane + 1) * size]
    return _little_endian(array("f", bytes(raw)))


def _pack_durations(durations: array[float]) -> bytes:
    raw = _little_endian(durations).tobytes()
    return zlib.compress(b"".join(raw[plane::_PLANES] for plane in range(_PLANES)), _LEVEL)


def _little_endian(values: array[float]) -> array[float]:
    """From or to the byte order of the disk."""
    if sys.byteorder == "big":
        values.byteswap()
    return values
