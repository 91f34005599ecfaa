"""What a token may do at GitLab: by its scopes, and by the role of its user in the project.

Sources: https://docs.gitlab.com/api/personal_access_tokens/#get-details-on-a-personal-access-token (``self``, also of
project and group access tokens), https://docs.gitlab.com/api/projects/ (``permissions``),
https://docs.gitlab.com/api/access_requests/#valid-access-levels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ci_orchestrator.providers.access import Access, Right, granted, tried
from ci_orchestrator.providers.gitlab import reading
from ci_orchestrator.providers.gitlab.line import Line
from ci_orchestrator.providers.gitlab.permissions import Asks

LEVELS = {"Guest": 10, "Reporter": 20, "Developer": 30, "Maintainer": 40}
HOST: Mapping[Right, Asks] = {Right.ARTIFACTS: Asks.ARTIFACTS, Right.RUNNERS: Asks.RUNNERS}
FORGE: Mapping[Right, Asks] = {Right.COMMENTS: Asks.COMMENT, Right.STATUSES: Asks.STATUS}
"""Native results are files of a job, for which nothing has to be allowed."""


@dataclass(frozen=True, slots=True)
class _Known:
    """`scopes`: empty when GitLab does not tell them. `level`: of the role, 0 for none."""

    scopes: frozenset[str]
    level: int
    private: bool

    def may(self, asks: Asks) -> bool | None:
        needed = LEVELS[asks.value.role]
        if self.scopes and self.scopes.isdisjoint({"api", asks.value.scope}):
            return False
        if self.level < needed:
            # Who is no member may read in public, and write comments there; administrators may do everything.
            return False if self.level and (self.private or needed >= LEVELS["Developer"]) else None
        return True if self.scopes else None


def host(line: Line, build: str) -> tuple[Access, ...]:
    """Artifacts and runners. Of a job's own token the list of its own pipeline's jobs is tried."""
    if line.full:
        return tuple(_told(line, HOST))
    return (
        tried(Right.ARTIFACTS, lambda: line.first_job(build)),
        granted(Right.RUNNERS, False, Asks.RUNNERS.value.remedy()),
    )


def forge(line: Line) -> tuple[Access, ...]:
    """Comments and statuses. A job's own token reads notes, and writes nothing."""
    if line.full:
        return tuple(_told(line, FORGE))
    line.first_change()
    return tuple(granted(what, False, asks.value.remedy()) for what, asks in FORGE.items())


def _told(line: Line, rights: Mapping[Right, Asks]) -> Iterator[Access]:
    """Two requests."""
    project, token = line.project(), line.token()
    permissions = reading.inside(project, "permissions")
    scopes = token.get("scopes")
    known = _Known(
        scopes=frozenset(map(str, scopes)) if isinstance(scopes, list) else frozenset(),
        level=max(
            reading.number(reading.inside(permissions, one), "access_level")
            for one in ("project_access", "group_access")
        ),
        private=reading.text(project, "visibility") == "private",
    )
    for what, asks in rights.items():
        yield granted(what, known.may(asks), asks.value.remedy())
