"""What a plan may say that is checked and kept, and that nothing acts on yet: said by everything that reads a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ci_orchestrator.plan.models import Plan


@dataclass(frozen=True, slots=True)
class Waiting:
    """A field as messages name it, what it will do, and where it is said in a plan."""

    field: str
    means: str
    said_in: Callable[[Plan], Iterable[str]]


WAITING: tuple[Waiting, ...] = (
    Waiting(
        "gates.NAME.latency.compare",
        "tests of a stage are held against `max` only, not against earlier builds",
        lambda plan: (name for name, gate in plan.gates.items() if gate.latency and gate.latency.compare),
    ),
    Waiting(
        "notify",
        "nobody is told beside the people that the provider tells",
        lambda plan: ("notify",) if plan.notify.failures else (),
    ),
    Waiting(
        "quotas",
        "every suite may use all runners of its class",
        lambda plan: plan.quotas,
    ),
    Waiting(
        "suites.NAME.deadline",
        "jobs are ordered by priority and bounded by `timeout`",
        lambda plan: (name for name, suite in plan.suites.items() if suite.deadline is not None),
    ),
)
MOST_NAMED = 5


def not_acted_on(plan: Plan) -> tuple[str, ...]:
    """One sentence for each field of the plan that nothing acts on yet, sorted by field; none when all is acted on."""
    said = ((waiting, sorted(waiting.said_in(plan))) for waiting in WAITING)
    return tuple(_sentence(waiting, names) for waiting, names in said if names)


def _sentence(waiting: Waiting, names: list[str]) -> str:
    text = f"nothing acts on `{waiting.field}` yet: {waiting.means}"
    if "NAME" not in waiting.field:
        return text
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{text} ({', '.join(names[:MOST_NAMED])}{more})"
