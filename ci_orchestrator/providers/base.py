"""What a provider tells us about where we are, in words that are no provider's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a run takes place. Empty when it is not known.

    `revision`: the commit. `branch`: the branch that it is on. `dirty`: the working tree differs from it.
    """

    revision: str = ""
    branch: str = ""
    dirty: bool = False
