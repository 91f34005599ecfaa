"""Agents of Azure Pipelines as runners: what they can, in the words of a job's demands.

https://learn.microsoft.com/azure/devops/pipelines/process/demands: a demand is the name of a capability, or
``NAME -equals VALUE``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ci_orchestrator.providers.online import Runner, RunnerState


def runner(agent: Any, pool: str) -> Runner:  # noqa: ANN401 - a model of the client library, which has no types
    """An agent that the service describes with its capabilities and what it was assigned."""
    labels = _labels(agent.user_capabilities or {}, told=True) | _labels(agent.system_capabilities or {}, told=False)
    return Runner(name=agent.name or "", state=_state(agent), labels=tuple(sorted(labels)), group=pool)


def _state(agent: Any) -> RunnerState:  # noqa: ANN401
    if agent.status != "online" or agent.enabled is False:
        return RunnerState.OFFLINE
    return RunnerState.BUSY if agent.assigned_request else RunnerState.IDLE


def _labels(capabilities: Mapping[str, str | None], *, told: bool) -> set[str]:
    """Names, and values of what somebody `told` or the agent says of itself. The rest is the whole environment of the
    machine it was started on: its values are nobody's business.
    """
    values = {
        f"{name} -equals {value}"
        for name, value in capabilities.items()
        if value and (told or name.lower().startswith("agent."))
    }
    return set(capabilities) | values
