"""One function of Groovy for all stages whose jobs are run in the same way, and for what follows a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.models import Labels
from ci_orchestrator.plan.pipeline import Pipeline, StageJobs, refuse
from ci_orchestrator.providers.base import CONTROL_SECONDS, MARGIN
from ci_orchestrator.providers.jenkins import steps
from ci_orchestrator.providers.jenkins.limits import LIMITS
from ci_orchestrator.providers.shell import commands

_SHOWN = 6
"""Stages that a comment names."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of Groovy, and the stages whose jobs it runs."""

    name: str
    text: str
    stages: tuple[str, ...]


def functions(pipeline: Pipeline) -> tuple[Function, ...]:
    """As many as there are ways to run a job. Raises `PlanError` for what Jenkins cannot say, and at a wall."""
    alike: dict[str, list[StageJobs]] = {}
    for stage in pipeline.stages:
        alike.setdefault(_body(stage), []).append(stage)
    if len(alike) > LIMITS["functions"]:
        ways = (
            "`env`, `setup`, `secrets` and `timeout` under `defaults`, the same for many suites",
            "fewer suites",
            "several plans, each with a pipeline of its own",
        )
        refuse(LIMITS, "functions", len(alike), "too many different ways to run a job", ways)
    return tuple(_function(stages, body) for body, stages in alike.items())


def control(pipeline: Pipeline) -> str:
    """The label expression of the agents that plan, decide and report."""
    return label(pipeline.control, "that plans and reports (`pipeline: runner`, else the cheapest)")


def label(labels: Labels | None, runner: str) -> str:
    """The label expression of a runner class; empty, which is any agent, without classes. Raises `PlanError`."""
    if labels is None:
        return ""
    if labels.jenkins is None:
        raise PlanError(
            f"runner class {runner}: `labels: jenkins` is missing",
            fix="say under its `labels:` which agents these are, such as `jenkins: linux && x64`",
        )
    return labels.jenkins


def verdict_functions(pipeline: Pipeline) -> tuple[Mapping[tuple[str, str], str], tuple[str, ...]]:
    """Gate and verdict → the function with its commands; and the functions, each once."""
    where = control(pipeline)
    names: dict[tuple[str, str], str] = {}
    made: dict[str, str] = {}
    for gate in pipeline.gates:
        for verdict, lines in (("on_hold", gate.on_hold), ("on_rollback", gate.on_rollback)):
            if lines:
                run = steps.shell(verdict.replace("_", " "), commands(lines), gate.name)
                run = steps.environment({}, gate.secrets, steps.in_root(pipeline.root, run), gate.name)
                inside = ["checkout scm", *run]
                body = "\n".join(steps.indented(steps.on_agent(where, CONTROL_SECONDS, inside)))
                names[gate.id, verdict] = made.setdefault(f"{verdict}|{body}", f"{verdict}_{gate.of}")
    texts = (f"void {name}() {{\n{body.partition('|')[2]}\n}}" for body, name in made.items())
    return names, tuple(texts)


def _function(stages: Sequence[StageJobs], body: str) -> Function:
    name = f"run_{stages[0].id}"
    names = ", ".join(stage.name for stage in stages[:_SHOWN])
    more = f" and {len(stages) - _SHOWN} more" if len(stages) > _SHOWN else ""
    head = [f"// A job of {names}{more}.", f"void {name}(String job) {{"]
    return Function(name, "\n".join([*head, body, "}"]), tuple(stage.id for stage in stages))


def _body(stage: StageJobs) -> str:
    who = f"suite {stage.suite}"
    if stage.services:
        raise PlanError(
            f"{who}: Jenkins cannot start `services` beside a job",
            fix="start them in `setup: run`; or have them on agents of their own; or use another provider",
        )
    inside = [*steps.setup(stage.setup, who), "runTests(job)"]
    body = ["prepared(INSTALL) {", *steps.indented(steps.environment(stage.env, stage.secrets, inside, who)), "}"]
    body = steps.in_container(stage.container, body)
    body = [*steps.toolchain(stage.setup), *steps.checkout(stage.setup.checkout), *body]
    where = label(stage.labels, stage.runner)
    return "\n".join(steps.indented(steps.on_agent(where, steps.seconds(stage.timeout) + MARGIN, body)))
