"""Sizes with units, and the one shape in which a value that a user wrote is refused."""

from __future__ import annotations

import re
from decimal import Decimal

SIZE = r"[0-9]{1,19}(?:\.[0-9]{1,6})? ?(?:[KMGT]i?B|B)"
_SIZE = re.compile(f"(?={SIZE}$)([0-9.]+) ?([A-Z]i?B|B)")
_FACTORS: dict[str, int] = {
    "B": 1,
    **{f"{letter}B": 1000**power for power, letter in enumerate("KMGT", start=1)},
    **{f"{letter}iB": 1024**power for power, letter in enumerate("KMGT", start=1)},
}


class RefusedError(ValueError):
    """A value cannot be taken: `what` is wrong with it, how to `fix` it, and where it is in what was read (`at`)."""

    def __init__(self, what: str, fix: str = "", at: tuple[str | int, ...] = ()) -> None:
        super().__init__(f"{what}; {fix}" if fix else what)
        self.what = what
        self.fix = fix
        self.at = at


def shown(value: object, limit: int = 60) -> str:
    """`value` as a message may carry it: escaped, and cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def parse_size(value: object) -> int:
    """Bytes of a size such as ``16GiB`` or ``512MB`` (GiB = 1024³ bytes, GB = 1000³); a bare number is bytes."""
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        # Decimal: a float would lose the last bytes of large sizes.
        value = round(Decimal(match[1]) * _FACTORS[match[2]])
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return value
    raise RefusedError(f"{shown(value)} is not a size", "write a number and a unit, such as 16GiB or 512MB")


def format_size(size: float) -> str:
    """The shortest exact text of a number of bytes: ``parse_size(format_size(n)) == n``."""
    for unit in ("TiB", "TB", "GiB", "GB", "MiB", "MB", "KiB", "KB"):
        if size and size % _FACTORS[unit] == 0:
            return f"{int(size // _FACTORS[unit])}{unit}"
    return f"{int(size)}B"
