"""What the report reads beside the bundles of its jobs, and what of it is shown where."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from ci_orchestrator.capabilities.units import RefusedError, shown
from ci_orchestrator.plan.fields import Listed, Model, ProjectPath

_BUILDS = r"[1-9][0-9]{0,4} builds?"
MOST_BUILDS = 99_999

Section = Literal[
    "gates",
    "changes",
    "failures",
    "not-proven",
    "flaky",
    "coverage",
    "benchmarks",
    "slowest",
    "trend",
    "tables",
    "links",
]
"""The parts of the comment, in their order; each is there only when it has something to say."""


When = Literal["always", "changed", "failure"]
"""In which case there is a comment."""


def _builds(value: object) -> object:
    """A number of builds: 200, or ``200 builds``."""
    if isinstance(value, str) and re.fullmatch(_BUILDS, value):
        return int(value.partition(" ")[0])
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_BUILDS:
        return value
    raise RefusedError(f"{shown(value)} is not a number of builds", "write it like 200 builds")


Builds = Annotated[
    int,
    BeforeValidator(_builds),
    WithJsonSchema(
        {
            "title": "number of builds",
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MOST_BUILDS},
                {"type": "string", "pattern": f"^{_BUILDS}$"},
            ],
        }
    ),
]


class Comment(Model):
    """The comment on a change."""

    when: When = "always"
    """Always, only when something changed against the base or is not green, or only when something is not green."""
    sections: Listed[Section] | None = None
    """The parts of the comment; their order is fixed. By default all."""
    templates: dict[Section, ProjectPath] = {}
    """Files with Jinja2 templates that replace parts of the comment."""
    images: bool | None = None
    """Whether its charts are images that the forge keeps. By default where keeping them takes no further permission, if
    matplotlib (extra `charts`) is there to draw them; `true` installs it in rendered pipelines and allows their report
    to commit images to a branch of their own on GitHub (`contents: write`)."""


class History(Model):
    """What is remembered of earlier builds."""

    keep: Builds = 200
    """How many builds are remembered."""


class ReportOptions(Model):
    """What the report reads and shows."""

    results: Annotated[Listed[ProjectPath], Field(max_length=100)] = ()
    """Globs of result and coverage files that other steps wrote, relative to the project; what they hold is told from
    their content."""
    benchmarks: Annotated[Listed[ProjectPath], Field(max_length=100)] = ()
    """Globs of files with benchmarks, relative to the project."""
    comment: Comment = Comment()
    """The comment on a change."""
    history: History = History()
    """What is remembered of earlier builds."""
