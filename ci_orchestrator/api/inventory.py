"""The use case *runners*: who could run the plan's jobs, as the provider reports it, before a job waits for ever."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from ci_orchestrator.api import wire
from ci_orchestrator.api.online import connect
from ci_orchestrator.api.project import Project
from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import ExitCode, UserError
from ci_orchestrator.plan.models import Labels, Plan
from ci_orchestrator.providers.online import Ability, Runner, RunnerState

HOSTED = re.compile(r"(ubuntu|windows|macos)-[a-z0-9.]+(-[a-z0-9]+)*")
"""Labels of GitHub's own runners, which no API lists."""
_ALL_OF = re.compile(r"[^&|!()<>\"\s]+(\s*&&\s*[^&|!()<>\"\s]+)*")
"""A label expression of Jenkins that asks for all of some labels; any other is left to Jenkins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassChecked:
    """A runner class of the plan. `fitting`: runners that have all of `labels`. `lacking`: labels that no runner has.
    `near`: what may have been meant, by lacking label. `unchecked`: why nothing can be said, empty when it can.
    """

    name: str
    labels: tuple[str, ...]
    fitting: tuple[Runner, ...] = ()
    lacking: tuple[str, ...] = ()
    near: tuple[tuple[str, str], ...] = ()
    unchecked: str = ""

    @property
    def waits_for_ever(self) -> bool:
        """No runner fits: a job of this class would never start."""
        return not self.fitting and not self.unchecked


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The runners, and what they are to the plan's classes (none without a plan)."""

    provider: str
    runners: tuple[Runner, ...]
    classes: tuple[ClassChecked, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """2 when jobs of some class would wait for ever."""
        return ExitCode.USER_ERROR if any(one.waits_for_ever for one in self.classes) else ExitCode.OK


def take_inventory(
    project: Project, environ: Mapping[str, str], *, host: str = "", clock: Clock | None = None
) -> Inventory:
    """Ask the provider for its runners, and hold the plan's runner classes against them.

    `host`: ``KIND=URL`` where the environment and the git remote do not tell. Raises `UserError` when there is nobody
    to ask, `ProviderError` when the provider refuses.
    """
    clock = clock or wire.system_clock()
    online = connect(environ, project.root, clock, host=host, planned=project.planned_forge)
    if online.host is None:
        raise UserError("there is no provider to ask: " + "; ".join(online.why), fix="--host KIND=URL, and a token")
    if Ability.RUNNERS not in online.host.abilities:
        raise UserError(f"{online.host.name} has no runners to list", fix="--host KIND=URL names another provider")
    runners = tuple(online.host.runners())
    plan = project.plan_if_any()
    return Inventory(
        provider=online.host.name, runners=runners, classes=tuple(_classes(plan, online.host.name, runners))
    )


def _classes(plan: Plan | None, provider: str, runners: Sequence[Runner]) -> Iterable[ClassChecked]:
    for name, runner_class in sorted(plan.runners.items() if plan else ()):
        asked = _asked(runner_class.labels, provider)
        if asked is None:
            yield ClassChecked(name=name, labels=(), unchecked=f"the plan says nothing of it for {provider}")
        elif isinstance(asked, str):
            yield ClassChecked(name=name, labels=(), unchecked=asked)
        else:
            yield _checked(name, *asked, runners)


def _asked(labels: Labels, provider: str) -> tuple[tuple[str, ...], str] | str | None:
    """The labels and the group that a class asks for; a text says why that cannot be known; None: nothing is said."""
    if provider == "github" and labels.github:
        own = [label for label in labels.github if not HOSTED.fullmatch(label.lower())]
        return (labels.github, "") if len(own) == len(labels.github) else "GitHub's own runners, which it does not list"
    if provider == "gitlab" and labels.gitlab:
        return labels.gitlab, ""
    if provider == "azure" and labels.azure:
        return labels.azure.demands, labels.azure.pool
    if provider == "jenkins" and labels.jenkins:
        if not _ALL_OF.fullmatch(labels.jenkins.strip()):
            return f"only Jenkins can say what {labels.jenkins!r} means"
        return tuple(part.strip() for part in labels.jenkins.split("&&")), ""
    return None


def _checked(name: str, labels: tuple[str, ...], group: str, runners: Sequence[Runner]) -> ClassChecked:
    within = [one for one in runners if not group or one.group.lower() == group.lower()]
    has = {id(one): {label.lower() for label in one.labels} for one in within}
    known = sorted({label for one in within for label in one.labels})
    lacking = tuple(label for label in labels if all(label.lower() not in each for each in has.values()))
    near = ((label, match[0]) for label in lacking if (match := get_close_matches(label, known, n=1)))
    fitting = tuple(one for one in within if has[id(one)].issuperset(label.lower() for label in labels))
    return ClassChecked(
        name=name,
        labels=(*labels, *([f"pool {group}"] if group else [])),
        fitting=fitting,
        lacking=lacking,
        near=tuple(near),
    )


def idle(runners: Iterable[Runner]) -> int:
    """How many of them could begin at once."""
    return sum(one.state is RunnerState.IDLE for one in runners)
