"""The online half of this build: where it runs, where its change lives, and what it may say there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ci_orchestrator.api import wire
from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import UserError
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.local.context import remote
from ci_orchestrator.providers.online import Build, Forge, Host, Metered
from ci_orchestrator.providers.remotes import place_of, told_place


@dataclass(frozen=True, slots=True, kw_only=True)
class Online:
    """What can be asked. `host`, `forge`: None when there is none, or nothing may be asked of it; `why` says so, and
    `remedy` what it takes to ask the host.

    `past`: another build than the one that this process is a job of, which `context` is of then. `here`: the revision
    that is checked out.
    """

    context: Context
    host: Host | None = None
    forge: Forge | None = None
    why: tuple[str, ...] = ()
    remedy: str = ""
    past: Build | None = None
    here: str = ""


def connect(
    environ: Mapping[str, str],
    root: Path,
    clock: Clock,
    *,
    forge: str = "",
    host: str = "",
    build: str = "",
    planned: Callable[[], str] = lambda: "",
) -> Online:
    """What this process can ask, by its environment. Nothing is asked yet, but what a `build` of the past was of.

    `forge`: ``KIND=URL`` of the repository where the change lives, whatever else says; `planned`: the same, asked for
    when neither the environment nor the git remote tells; `host`: where builds run, which outside of a build is the
    forge, if it can be. Raises `UserError` for one that cannot be understood, and for a build whose revision is not
    told, `ProviderError` for one that is not there, `MissingPartError` for an extra that is not installed.
    """
    context, runs_at, lives_at = places(environ, root, forge=forge, host=host, planned=planned)
    online = _connected(context, runs_at, lives_at, environ, clock)
    if not build or (build == context.build and runs_at == context.host):
        return online
    past = host_of(online).build(build)
    if not past.revision:
        raise UserError(
            f"{host_of(online).name} does not tell which revision build {build} was of",
            fix="have it reported within the build itself: `report --publish` in its last job",
        )
    again = _connected(_context_of(past, context, runs_at), runs_at, lives_at, environ, clock)
    _count(again.host, online.host)
    return replace(again, past=past, here=context.revision)


def host_of(online: Online) -> Host:
    """Where builds run. Raises `UserError`, when nothing may be asked of it."""
    if online.host is None:
        raise UserError("there is no build to collect from: " + "; ".join(online.why), fix=online.remedy)
    return online.host


def places(
    environ: Mapping[str, str],
    root: Path,
    *,
    forge: str = "",
    host: str = "",
    planned: Callable[[], str] = lambda: "",
) -> tuple[Context, Place | None, Place | None]:
    """What this process is told, where builds run, and where the change lives. See `connect`."""
    context = wire.this_context(environ, root)
    lives_at = _told("--forge", forge) if forge else context.forge or place_of(remote(root), known={})
    lives_at = lives_at or told_place(planned())
    runs_at = _told("--host", host) if host else context.host or (None if context.build else lives_at)
    return context, runs_at, lives_at


def _connected(
    context: Context, runs_at: Place | None, lives_at: Place | None, environ: Mapping[str, str], clock: Clock
) -> Online:
    why: list[str] = []
    host = _there(runs_at, environ, "artifacts and runners", why)
    forge = _there(lives_at, environ, "comments and statuses", why, writing=True)
    told = replace(context, forge=lives_at)
    return Online(
        context=context,
        host=wire.host(host, environ, told, clock) if host else None,
        forge=wire.forge(forge, environ, told, clock) if forge else None,
        why=tuple(why),
        remedy=_remedy(runs_at),
    )


def _remedy(runs_at: Place | None) -> str:
    """A place that needs no token is always asked."""
    if runs_at is not None and runs_at.kind == "local":
        return ""
    tell = f"set {' or '.join(wire.tokens_of(runs_at.kind))}" if runs_at else "--host KIND=URL says where builds run"
    return f"{tell}; or name what to report on: a PATH"


def _count(now: object, before: object) -> None:
    """What asking took is that of both."""
    if isinstance(now, Metered) and isinstance(before, Metered):
        now.meter.joins(before.meter)


def _context_of(past: Build, here: Context, runs_at: Place | None) -> Context:
    """What a build of the past was told, as far as its host knows. Whoever tells of it follows it, and is trusted as
    much as before: a job of a fork is not trusted with any build.
    """
    trusted = here.follows or not here.fork
    return Context(
        revision=past.revision,
        branch=past.branch,
        event="change" if past.change else "",
        change=past.change,
        head=past.revision if past.change else "",
        base=past.base,
        fork=past.fork or not trusted,
        follows=trusted,
        build=past.id,
        host=runs_at,
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
    place = told_place(told)
    if place is None:
        raise UserError(
            f"{option} takes KIND=URL, not {told!r}", fix=f"{option} github=https://github.example.com/owner/name"
        )
    return place
