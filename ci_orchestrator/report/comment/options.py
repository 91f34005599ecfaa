"""What a comment shall be like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args
from urllib.parse import quote

from ci_orchestrator.errors import UserError
from ci_orchestrator.plan.report_options import Section
from ci_orchestrator.report.comment.media import COMMENTS, Medium, medium
from ci_orchestrator.report.wording import listed

SECTIONS: tuple[Section, ...] = get_args(Section)
"""The parts of a comment, in their order. When room is short, the last give way first."""

LEAST = 24_000
"""The least limit that holds the verdict, what could not be read, and the list of what was left out, at their longest:
every character of every text written as an escape of fourteen."""

KEY_LIMIT = 100
"""Characters of a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentOptions:
    """Options of `render_comment`.

    `provider`: the forge, by name (`media.COMMENTS`). `sections`: which parts are shown; their order is fixed. `key`:
    tells this comment from others on the same change, so that it is found again (`marker`). `templates`: section →
    Jinja2 text in place of the built-in one (`comment.templates`). `images`: file of a chart (`report.charts`) → the
    address where it can be seen; a chart without one is drawn in words. `limit`: fewer characters than the provider's.

    Raises `UserError` for a provider or a section that does not exist, an empty key, a limit under `LEAST`.
    """

    provider: str = "github"
    sections: tuple[str, ...] = SECTIONS
    key: str = "report"
    templates: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    limit: int | None = None

    def __post_init__(self) -> None:
        marker(self.key)
        if unknown := sorted({*self.sections, *self.templates} - set(SECTIONS)):
            raise UserError(f"a comment has no section {unknown[0]!r}", fix=f"choose from {listed(list(SECTIONS))}")
        if self.limit is not None and self.limit < LEAST:
            raise UserError(f"a comment of {self.limit} characters says nothing", fix=f"allow at least {LEAST}")
        medium(COMMENTS, self.provider)

    @property
    def medium(self) -> Medium:
        """Where it is shown."""
        return medium(COMMENTS, self.provider)

    @property
    def room(self) -> int:
        """How much it may hold, in the medium's unit."""
        most = self.medium.limit
        return most if self.limit is None else min(self.limit, most)


def marker(key: str) -> str:
    """The invisible first line of a comment, from which it is known again. Different keys have different markers."""
    if not 0 < len(key) <= KEY_LIMIT:
        raise UserError("the key of a comment is empty or too long", fix=f"give it 1 to {KEY_LIMIT} characters")
    # two hyphens could end an HTML comment
    return f"<!-- ci-orchestrator:{quote(key, safe='', errors='backslashreplace').replace('--', '%2D%2D')} -->"
