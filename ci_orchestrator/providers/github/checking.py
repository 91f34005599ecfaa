"""What a token may do at GitHub, told without writing anything.

A classic token's scopes come with every answer, in ``X-OAuth-Scopes``
(https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps); what GitHub tells of a repository
has the role of the token's user. Of fine-grained tokens and those of apps, a workflow's among them, it tells neither:
what only reads is tried, what writes cannot be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ci_orchestrator.providers.access import Access, Right, granted, tried
from ci_orchestrator.providers.github import permissions
from ci_orchestrator.providers.github.line import Line
from ci_orchestrator.providers.github.permissions import Operation

SCOPES = "x-oauth-scopes"


@dataclass(frozen=True, slots=True)
class _Known:
    """`scopes`: of a classic token that has any, None for any other. `role`: what its user may do here."""

    scopes: frozenset[str] | None
    role: Mapping[str, object]
    private: bool
    organization: bool

    def has(self, *narrow: str) -> bool:
        """Whether the token may change something, by ``repo``, in public by ``public_repo``, or by a `narrow` scope."""
        wide = {"repo"} if self.private else {"repo", "public_repo"}
        return not wide.union(narrow).isdisjoint(self.scopes or ())

    def may(self, role: str) -> bool:
        return self.role.get(role) is True


def host(line: Line) -> tuple[Access, ...]:
    """Artifacts and runners. Two requests, or three where the scopes are not told."""
    known = _known(line)
    if known.scopes is None:
        return (
            _tried(line, Right.ARTIFACTS, permissions.BUILDS, "/actions/runs"),
            _tried(line, Right.RUNNERS, permissions.RUNNERS, "/actions/runners"),
        )
    groups = not known.organization or "admin:org" in known.scopes
    own = known.may("admin") and "repo" in known.scopes
    return (
        granted(Right.ARTIFACTS, known.has() or not known.private, permissions.ARTIFACTS.fixes[403]),
        granted(
            Right.RUNNERS, own and groups, (permissions.RUNNERS if not own else permissions.SHARED_RUNNERS).fixes[403]
        ),
    )


def forge(line: Line) -> tuple[Access, ...]:
    """Comments, statuses and checks. One request."""
    known = _known(line)
    comments, statuses, results = (
        one.fixes[403] for one in (permissions.COMMENTING, permissions.STATUS, permissions.CHECK)
    )
    if known.scopes is None:
        return (
            granted(Right.COMMENTS, None, comments),
            granted(Right.STATUSES, None, statuses),
            granted(Right.RESULTS, None, results),
        )
    return (
        granted(Right.COMMENTS, known.has(), comments),
        granted(Right.STATUSES, known.has("repo:status") and known.may("push"), statuses),
        granted(Right.RESULTS, False, results),
    )


def _known(line: Line) -> _Known:
    with line.asking(permissions.CHECKING):
        headers, found = line.requestJsonAndCheck("GET", line.repository)
        scopes = frozenset(filter(None, map(str.strip, headers.get(SCOPES, "").split(","))))
        role, owner = found.get("permissions"), found.get("owner")
        return _Known(
            scopes=scopes or None,
            role=role if isinstance(role, dict) else {},
            private=found.get("private") is not False,
            organization=isinstance(owner, dict) and owner.get("type") == "Organization",
        )


def _tried(line: Line, what: Right, operation: Operation, path: str) -> Access:
    def ask() -> None:
        with line.asking(operation):
            line.requestJsonAndCheck("GET", f"{line.repository}{path}", {"per_page": 1})

    return tried(what, ask)
