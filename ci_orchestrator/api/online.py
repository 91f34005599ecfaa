"""The online half of this build: where it runs, where its change lives, and what it may say there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_orchestrator.api import wire
from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import UserError
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.local.context import remote
from ci_orchestrator.providers.online import Forge, Host
from ci_orchestrator.providers.remotes import place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Online:
    """What can be asked. `host`, `forge`: None when there is none, or nothing may be asked of it; `why` says so."""

    context: Context
    host: Host | None = None
    forge: Forge | None = None
    why: tuple[str, ...] = ()


def connect(environ: Mapping[str, str], root: Path, clock: Clock, *, forge: str = "", host: str = "") -> Online:
    """What this process can ask, by its environment. Nothing is asked yet.

    `forge`: ``KIND=URL`` of the repository where the change lives, for what neither the environment nor the git remote
    tells; `host`: the same for where builds run, which outside of a build is the forge, if it can be. Raises
    `UserError` for one that cannot be understood, `MissingPartError` for an extra that is not installed.
    """
    context = wire.this_context(environ, root)
    place = _told("--forge", forge) if forge else context.forge or place_of(remote(root), known={})
    runs_at = _told("--host", host) if host else context.host or (None if context.build else place)
    why: list[str] = []
    host_there = _there(runs_at, environ, "artifacts and runners", why)
    forge_there = _there(place, environ, "comments and statuses", why, writing=True)
    return Online(
        context=context,
        host=wire.host(host_there, environ, context, clock) if host_there else None,
        forge=wire.forge(forge_there, environ, context, clock) if forge_there else None,
        why=tuple(why),
    )


def _there(
    place: Place | None, environ: Mapping[str, str], what: str, why: list[str], *, writing: bool = False
) -> Place | None:
    """The place, when we have a token for it, with `writing` one that may tell it something."""
    if place is None:
        why.append(f"no {what}: neither the environment nor the git remote says where")
    elif place.kind != "local" and not wire.has_token(place.kind, environ, writing=writing):
        names = wire.tokens_of(place.kind, writing=writing)
        why.append(f"no {what} at {place.kind}: there is no token; set {' or '.join(names)}")
        return None
    return place


def _told(option: str, told: str) -> Place:
    kind, _, address = told.partition("=")
    if kind == "local" and address:
        return Place(kind="local", api=address, web="", repository="")
    if kind == "jenkins" and address:
        return Place(kind="jenkins", api=address, web=address, repository="")
    host = address.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    place = place_of(address, known={host: kind})
    if place is None or place.kind != kind:
        raise UserError(
            f"{option} takes KIND=URL, not {told!r}", fix=f"{option} github=https://github.example.com/owner/name"
        )
    return place
