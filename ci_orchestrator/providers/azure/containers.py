"""Services: containers beside a job, which Azure wants described once for the whole pipeline."""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.plan.environment import Service
from ci_orchestrator.plan.pipeline import Pipeline, StageJobs
from ci_orchestrator.providers.azure.expressions import plain, text
from ci_orchestrator.providers.yaml import Flow, Value


def resources(pipeline: Pipeline) -> list[Value]:
    """``resources: containers:``, one for each service of a suite."""
    described = {name: value for stage in pipeline.stages for name, value in _of(stage)}
    return list(described.values())


def services_of(stage: StageJobs) -> dict[str, Value]:
    """``services:`` of a job: the name that the tests know → the name of the resource."""
    return {alias: _name(stage, alias) for alias in stage.services}


def _of(stage: StageJobs) -> Iterator[tuple[str, Value]]:
    for alias, service in stage.services.items():
        name = _name(stage, alias)
        yield name, _resource(name, service, f"suite {stage.suite}: service {alias}")


def _resource(name: str, service: Service, who: str) -> Value:
    value: dict[str, Value] = {"container": name, "image": service.image}
    if service.env:
        value["env"] = {key: text(_without_macro(each, f"{who}: `env: {key}`")) for key, each in service.env.items()}
    if service.ports:
        value["ports"] = Flow([port if ":" in port else f"{port}:{port}" for port in service.ports])
    return value


def _without_macro(value: str, what: str) -> str:
    """An agent would look for variables in it, and no shell stands between."""
    return plain(value, what) if "$(" in value or value.startswith("$[") else value


def _name(stage: StageJobs, alias: str) -> str:
    """A service's name has no `_`, so the last one tells where it begins: no two are called alike."""
    return f"{stage.suite}_{alias}"
