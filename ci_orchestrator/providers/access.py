"""What a token may do at a provider, as far as that can be told without doing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ci_orchestrator.errors import ForbiddenError


class Right(StrEnum):
    """What a report needs of a host (the first two) and of a forge."""

    ARTIFACTS = "artifacts"
    """List and download them."""
    RUNNERS = "runners"
    """List them."""
    COMMENTS = "comments"
    """Write them."""
    STATUSES = "statuses"
    """Set them."""
    RESULTS = "results"
    """Show results natively."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Whether a token may do one thing. `allowed`: None when only doing it would tell. `fix`: what it must be allowed,
    in the provider's words, and how; empty when it is.
    """

    what: Right
    allowed: bool | None
    fix: str = ""


def granted(what: Right, allowed: bool | None, fix: str) -> Access:
    """`Access`, with the fix only where something may have to be mended."""
    return Access(what=what, allowed=allowed, fix="" if allowed else fix)


def tried(what: Right, ask: Callable[[], object]) -> Access:
    """Whether the provider answers to a question that changes nothing. Raises `ProviderError` for no answer at all."""
    try:
        ask()
    except ForbiddenError as error:
        return Access(what=what, allowed=False, fix=error.fix)
    return Access(what=what, allowed=True)
