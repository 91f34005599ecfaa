"""Which tokens are here, whether providers take them, and what they may do: what `doctor` asks of providers.

A token is never shown, only the variable that holds it. Nothing is written at a provider, and a machine without a
network has its answer after seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ci_orchestrator.api import probes, wire
from ci_orchestrator.api.checkup import Check, State
from ci_orchestrator.api.online import places
from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import MissingPartError, ProviderError
from ci_orchestrator.providers.access import Access
from ci_orchestrator.providers.base import Place
from ci_orchestrator.providers.remotes import told_place

SECONDS = 10.0
"""What the providers have together."""
_SAID = {
    True: (State.OK, "allowed"),
    False: (State.WARNING, "not allowed"),
    None: (State.UNKNOWN, "only doing it tells"),
}


@dataclass(frozen=True, slots=True)
class _Role:
    """What a place is to a build: where it runs, or where its change lives. `what`: in words. `writing`: it is told
    something, and not only asked.
    """

    what: str
    place: Place
    writing: bool
    check: Callable[[], tuple[Access, ...]]

    @property
    def name(self) -> str:
        return f"{self.what} at {self.place.kind}"


def of_providers(
    root: Path, environ: Mapping[str, str], clock: Clock, *, planned: str = "", seconds: float = SECONDS
) -> tuple[Check, ...]:
    """The checks of where builds run and of where changes live, as far as environment and git remote tell that;
    `planned`: ``KIND=URL`` of the latter in the plan, for when they do not.
    """
    context, runs_at, lives_at = places(environ, root, planned=lambda: planned)
    roles = []
    if runs_at is not None:
        roles.append(
            _Role("builds", runs_at, False, lambda: wire.host(runs_at, environ, context, clock, hasty=True).check())
        )
    if lives_at is not None:
        roles.append(
            _Role("changes", lives_at, True, lambda: wire.forge(lives_at, environ, context, clock, hasty=True).check())
        )
    found = [*_planned(planned, lives_at)]
    asked = [role for role in roles if wire.has_token(role.place.kind, environ, writing=role.writing)]
    found += _without_token([role for role in roles if role not in asked])
    answers = probes.answers([partial(_answer, role, environ) for role in asked], seconds=seconds)
    told = [(role, answer or [_late(role, seconds)]) for role, answer in zip(asked, answers, strict=True)]
    if len(told) > 1 and len(told[0][1]) == 1 and _same(told[0][1][0], told[1][1][0]):  # once is enough
        return (*found, replace(told[0][1][0], name=f"{told[0][0].what} and {told[1][0].name}"))
    return (*found, *(check for _, answer in told for check in answer))


def _planned(planned: str, lives_at: Place | None) -> Iterator[Check]:
    """What becomes of the plan's word here: a rendered pipeline passes it to `report`, and there it counts."""
    place = told_place(planned)
    if place is None or lives_at is None:
        return
    said = f"{planned}, as the plan says"
    if place != lives_at:
        said = f"{planned} in rendered pipelines; here the environment or the git remote tells {lives_at.repository}"
    yield Check(name="forge", state=State.OK, found=said)


def _same(one: Check, other: Check) -> bool:
    return (one.state, one.found, one.remedy) == (other.state, other.found, other.remedy)


def _without_token(roles: list[_Role]) -> Iterator[Check]:
    """One line for each place: `report --publish` says the same, and harms nothing."""
    for place in dict.fromkeys(role.place for role in roles):
        mine = [role for role in roles if role.place == place]
        names = wire.tokens_of(place.kind, writing=all(role.writing for role in mine))
        yield Check(
            name=f"{' and '.join(role.what for role in mine)} at {place.kind}",
            state=State.WARNING,
            found=f"{place.repository}: no token",
            remedy=f"set {' or '.join(names)}; without one `report --publish` asks and tells nothing there",
        )


def _answer(role: _Role, environ: Mapping[str, str]) -> list[Check]:
    variable = wire.token_variable(role.place.kind, environ)
    try:
        found = role.check()
    except MissingPartError as error:
        return [Check(name=role.name, state=State.WARNING, found=error.what, remedy=error.fix)]
    except ProviderError as error:
        said = f"{error.what} (the token is in {variable})"
        return [Check(name=role.name, state=State.WARNING, found=said, remedy=error.fix)]
    known = Check(name=role.name, state=State.OK, found=f"{role.place.repository} answers to the token in {variable}")
    return [known, *(_told(one, role.place) for one in found)]


def _told(one: Access, place: Place) -> Check:
    state, said = _SAID[one.allowed]
    return Check(name=f"{one.what} at {place.kind}", state=state, found=said, remedy=one.fix)


def _late(role: _Role, seconds: float) -> Check:
    host = role.place.web or role.place.api
    return Check(
        name=role.name,
        state=State.WARNING,
        found=f"{host} has not answered within {seconds:g} seconds",
        remedy="check the network, the address, and HTTPS_PROXY behind a proxy",
    )
