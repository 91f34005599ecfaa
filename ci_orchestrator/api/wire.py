"""The only place that names concrete classes: which clock, store, queue, crew and provider this process uses."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO
from uuid import uuid4

from ci_orchestrator import plugins
from ci_orchestrator.clock import Clock, SystemClock
from ci_orchestrator.coordinator.crew import Crew
from ci_orchestrator.coordinator.queue.base import Queue
from ci_orchestrator.coordinator.queue.memory import MemoryQueue
from ci_orchestrator.errors import MissingPartError, UserError
from ci_orchestrator.history.opening import Opened
from ci_orchestrator.history.opening import open_history as open_history  # noqa: PLC0414 - wired through
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers import FORGES, HOSTS, SESSIONS
from ci_orchestrator.providers.azure import context as azure
from ci_orchestrator.providers.base import TOKENS, Ci, Context, Place
from ci_orchestrator.providers.github import context as github
from ci_orchestrator.providers.gitlab import context as gitlab
from ci_orchestrator.providers.jenkins import context as jenkins
from ci_orchestrator.providers.jenkins.permissions import TOKEN
from ci_orchestrator.providers.local import context as local
from ci_orchestrator.providers.online import Forge, Host


@dataclass(frozen=True, slots=True)
class _Environment:
    """What a provider's jobs are told, and where they find a token. `writing`: those of `tokens` that may tell it
    something; none: all may.
    """

    context: Callable[[Mapping[str, str], Path], Context]
    token: Callable[[Mapping[str, str]], Secret]
    tokens: tuple[str, ...]
    writing: tuple[str, ...] = ()


_ENVIRONMENTS = {
    "azure": _Environment(azure.read_context, azure.token, azure.TOKENS),
    "github": _Environment(github.read_context, github.token, github.TOKENS),
    "gitlab": _Environment(gitlab.read_context, gitlab.token, gitlab.TOKENS, gitlab.WRITING),
    "jenkins": _Environment(jenkins.read_context, jenkins.token, (TOKEN,)),
}


def system_clock() -> Clock:
    """The machine's clock."""
    return SystemClock()


def new_queue() -> Queue:
    """The queue of one run on this machine."""
    return MemoryQueue()


def new_crew(root: Path, workers: int | None, *, marker: str = "") -> Crew:
    """The workers of this machine; `workers` at once, by default as many as there are CPUs that we may use."""
    if workers is not None and workers < 1:
        raise UserError(f"{workers} workers can do nothing", fix="--workers takes 1 or more")
    return Crew(root, os.environ, width=workers or usable_cpus(), marker=marker or uuid4().hex, hidden=TOKENS)


def this_context(environ: Mapping[str, str], root: Path) -> Context:
    """Where this process runs and where its change lives: what the provider's variables say, and git beside them."""
    here = local.read_context(root)
    kind = _provider(environ)
    if kind == "local":
        return here
    told = _ENVIRONMENTS[kind].context(environ, root)
    return replace(told, revision=told.revision or here.revision, branch=told.branch or here.branch, dirty=here.dirty)


def token(kind: str, environ: Mapping[str, str]) -> Secret:
    """What this process may show a provider; empty when it has nothing."""
    return _ENVIRONMENTS[kind].token(environ) if kind in _ENVIRONMENTS else Secret("")


def has_token(kind: str, environ: Mapping[str, str], *, writing: bool = False) -> bool:
    """Whether this process has something to show a provider, with `writing` something that may tell it anything."""
    may = not writing or any(environ.get(name, "").strip() for name in tokens_of(kind, writing=True))
    return may and bool(token(kind, environ))


def tokens_of(kind: str, *, writing: bool = False) -> tuple[str, ...]:
    """The variables that tokens of a provider are looked for in; `writing`: those that may tell it something."""
    found = _ENVIRONMENTS[kind]
    return (found.writing if writing else ()) or found.tokens


def token_variable(kind: str, environ: Mapping[str, str]) -> str:
    """The variable that a provider is shown the token of; empty when there is none."""
    held = (name for name in tokens_of(kind) if name in environ and token(kind, {name: environ[name]}))
    return next(held, "")


def host(place: Place, environ: Mapping[str, str], context: Context, clock: Clock, *, hasty: bool = False) -> Host:
    """The adapter of a place where builds run; `hasty`: one that waits for seconds only. Raises `MissingPartError`."""
    secret = token(place.kind, environ)
    found: Host = _adapter("hosts", HOSTS, place, secret=secret, context=context, clock=clock, hasty=hasty)
    return found


def forge(place: Place, environ: Mapping[str, str], context: Context, clock: Clock, *, hasty: bool = False) -> Forge:
    """The adapter of a place where changes live, in the same way. Raises `MissingPartError`."""
    secret = token(place.kind, environ)
    found: Forge = _adapter("forges", FORGES, place, secret=secret, context=context, clock=clock, hasty=hasty)
    return found


def _adapter(
    kind: str, table: Mapping[str, str], place: Place, *, secret: Secret, context: Context, clock: Clock, hasty: bool
) -> Any:  # noqa: ANN401 - as `plugins.load`
    options = {}
    try:
        made = plugins.load(kind, place.kind, table)
        if hasty and place.kind != "local":
            options["session"] = plugins.load("sessions", "hasty", SESSIONS)(clock)
    except ImportError:
        raise MissingPartError(
            f"talking to {place.kind} takes a client that is not installed",
            fix=f"pip install 'ci-orchestrator[{place.kind}]'",
        ) from None
    return made(place, secret, context=context, clock=clock, **options)


def _provider(environ: Mapping[str, str]) -> str:
    """Which provider this process runs at, by the variables that each documents for that question."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return "github"
    if environ.get("GITLAB_CI") == "true":
        return "gitlab"
    if environ.get("TF_BUILD", "").lower() == "true":
        return "azure"
    return "jenkins" if environ.get("JENKINS_URL") else "local"


def this_ci(environ: Mapping[str, str], root: Path, out: TextIO) -> Ci:
    """Where this process runs, as a job of a pipeline or of none. `root`: the project's directory, below which files
    are left; `out`: the stream that is the job's log.
    """
    kind = _provider(environ)
    if kind == "github":
        return github.GithubCi.read(environ, root, out)
    if kind == "gitlab":
        return gitlab.GitlabCi.read(environ, root)
    if kind == "azure":
        return azure.AzureCi.read(environ, root, out)
    return jenkins.JenkinsCi.read(environ, root) if kind == "jenkins" else local.LocalCi()


def usable_cpus() -> int:
    """CPUs that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


__all__ = [
    "Opened",
    "forge",
    "host",
    "new_crew",
    "new_queue",
    "open_history",
    "system_clock",
    "this_ci",
    "this_context",
    "token",
    "token_variable",
    "tokens_of",
    "usable_cpus",
]
