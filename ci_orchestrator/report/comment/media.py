"""Where comments and summaries are shown, how much fits there, and how that is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ci_orchestrator.errors import UserError
from ci_orchestrator.report.wording import listed

Measure = Callable[[str], int]


def characters(text: str) -> int:
    """Unicode code points, as Ruby and MySQL count."""
    return len(text)


def utf16_units(text: str) -> int:
    """UTF-16 code units, as .NET counts: what is beyond the basic plane takes two."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def utf8_bytes(text: str) -> int:
    """Bytes of UTF-8; a lone surrogate counts as what it is written as (``\\\\ud800``)."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "backslashreplace"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """One place. `limit` is in what `measure` counts, `unit` says that for people.

    `mermaid`: ``xychart-beta`` is drawn. `themes`: ``<picture>`` chooses an image for light or dark.
    """

    limit: int
    measure: Measure = characters
    unit: str = "characters"
    mermaid: bool = False
    themes: bool = False


COMMENTS: Mapping[str, Medium] = {
    # "Body is too long (maximum is 65536 characters)" of api.github.com; measured, a comment may have 262,144 bytes
    # (github.com/dead-claudia/github-limits, pull request 13): 65,536 code points keep within both.
    "github": Medium(limit=65_536, mermaid=True, themes=True),
    # docs.gitlab.com/administration/instance_limits, "Size of comments and descriptions".
    "gitlab": Medium(limit=1_000_000, mermaid=True),
    # "A discussion comment cannot be longer than 150000 characters" of the REST API (github.com/runatlantis/atlantis,
    # pull request 1585), a .NET string. Mermaid is documented for its wiki, not for pull requests.
    "azure": Medium(limit=150_000, measure=utf16_units),
}
"""By the forge that shows the comment."""

SUMMARIES: Mapping[str, Medium] = {
    # docs.github.com, workflow commands, "Step isolation and limits": 1 MiB a step.
    "github": Medium(limit=1_048_576, measure=utf8_bytes, unit="bytes", mermaid=True, themes=True),
    # No limit is documented. The page is for reading: GitHub's is enough.
    "azure": Medium(limit=1_048_576, measure=utf8_bytes, unit="bytes"),
}
"""By the CI provider that shows the summary; the others have no place for one."""


def medium(media: Mapping[str, Medium], name: str) -> Medium:
    """The place called `name`. Raises `UserError` when there is none."""
    if name not in media:
        raise UserError(f"nothing is known of texts on {name!r}", fix=f"choose one of {listed(sorted(media))}")
    return media[name]
