"""What a look at one thing found, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check ended. `UNKNOWN`: only doing it would tell. `LATER`: absent, and only needed for what is not built
    yet.
    """

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"
    UNKNOWN = "unknown"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at: what was found, and how to mend it when it is not `OK`."""

    name: str
    state: State
    found: str
    remedy: str = ""
