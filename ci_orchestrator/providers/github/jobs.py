"""The jobs of a workflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.environment import Checkout
from ci_orchestrator.plan.models import Labels
from ci_orchestrator.plan.pipeline import GateJob, Matrix, Pipeline, Shape, StageJobs
from ci_orchestrator.providers.base import CONTROL_SECONDS, MARGIN, memory_extras
from ci_orchestrator.providers.github.artifacts import (
    download_lock,
    earlier_bundles,
    keep_bundle,
    upload_lock,
    upload_report,
)
from ci_orchestrator.providers.github.collecting import Bundles
from ci_orchestrator.providers.github.expressions import script, text
from ci_orchestrator.providers.github.limits import LIMITS
from ci_orchestrator.providers.github.permissions import BUILDS, CHECK, COMMENTING, STATUS
from ci_orchestrator.providers.github.pins import image
from ci_orchestrator.providers.github.remembering import (
    BRANCH,
    fetch_memory,
    forge,
    reporting_extras,
    restore_history,
    save_history,
    trusted,
)
from ci_orchestrator.providers.github.steps import (
    Step,
    action,
    apart,
    checkout,
    clean,
    plan_file,
    prepare,
    secrets,
    texts,
)
from ci_orchestrator.providers.github.wiring import UNPLANNED, Wire, Wiring
from ci_orchestrator.providers.yaml import Flow, Note, Value

Job = dict[str, Value]
READ: Mapping[str, Value] = {"contents": Note("read", beside="to check out")}
_TELLING = (CHECK, COMMENTING, STATUS)
"""What a report asks GitHub for where the change is GitHub's; what else it asks is part of what it may do then."""


def plan_job(pipeline: Pipeline) -> Job:
    """The job that lists the tests and divides them: into the jobs that the file has, or into new ones."""
    dynamic = pipeline.shape is Shape.DYNAMIC
    pins = "\n".join(f"{stage}={count}" for stage, count in sorted(pipeline.pins.items()))
    inputs: Step = {"command": "plan", **plan_file(pipeline), **({"emit": True} if dynamic else {"shards": pins})}
    env = {**texts(pipeline.planning_env), **secrets(pipeline.planning_secrets)}
    steps = [
        *prepare(pipeline, pipeline.planning, "plan", env, *([fetch_memory(pipeline)] if pipeline.memory else [])),
        *([restore_history(pipeline)] if dynamic and not pipeline.memory else []),
        action(pipeline, "Plan", inputs, id_="plan", env=env, needs=memory_extras(pipeline)),
        upload_lock(pipeline),
    ]
    job = control_job(pipeline, "plan", None, READ)
    if pipeline.shared_container:  # where all tests run in one image, they can be listed in it too
        job["container"] = {"image": image(pipeline.shared_container)}
    if dynamic:
        job["outputs"] = {"jobs": "${{ steps.plan.outputs.jobs }}"}
    return {**job, "steps": apart(steps)}


@dataclass(frozen=True, slots=True)
class Cells:
    """What differs between the jobs of one definition.

    `name`, `job`: the expressions of a job's name and of its id in the lock. `matrix`: what they are taken from.
    `at_once`: the most that run at the same time, None for all.
    """

    name: str
    job: str
    matrix: Value
    at_once: int | None


def cells_of(pipeline: Pipeline, wiring: Wiring, stage: StageJobs, matrix: Matrix) -> Cells:
    """Those of one matrix, each with its name."""
    cells: Value = [Flow({"job": cell.job, "name": text(cell.name)}) for cell in matrix.cells]
    if pipeline.shape is Shape.DYNAMIC:
        cells = f"${{{{ {wiring.cells(matrix.id)} }}}}"
    at_once = None if stage.at_once is None else max(1, stage.at_once // len(stage.matrices))
    return Cells("${{ matrix.name }}", "${{ matrix.job }}", {"include": cells}, at_once)


def stage_job(pipeline: Pipeline, stage: StageJobs, wire: Wire | None, cells: Cells) -> Job:
    """The jobs of one matrix of a stage."""
    env = {**texts(stage.env), **secrets(stage.secrets)}
    steps = [
        *prepare(pipeline, stage.setup, stage.suite, env),
        download_lock(pipeline),
        earlier_bundles(pipeline, cells.job),
        action(pipeline, "Run the tests", {"command": "run", "job": cells.job, "resume": True}, env=env),
        keep_bundle(pipeline, cells.job, stage.retain),
    ]
    minutes = min(ceil((stage.timeout + MARGIN) / 60), LIMITS["minutes"])
    runs_on = _runs_on(stage.labels, f"suite {stage.suite!r} ({stage.runner})")
    job = _job(cells.name, runs_on, minutes, wire, READ)
    job["strategy"] = strategy(pipeline, cells.matrix, cells.at_once)
    if stage.container:
        job["container"] = {"image": image(stage.container)}
    if stage.services:
        job["services"] = {name: _service(stage, name) for name in stage.services}
    return {**job, "steps": apart(steps)}


def gate_job(pipeline: Pipeline, wire: Wire, gate: GateJob, bundles: Bundles) -> Job:
    """The job that decides after a stage. It is green for *proceed* alone."""
    steps = [
        clean(pipeline),
        download_lock(pipeline),
        *bundles.of_stage(gate),
        action(pipeline, "Decide", {"command": "gate", "stage": gate.stage}, id_="gate"),
        keep_bundle(pipeline, gate.id, pipeline.retain),
    ]
    job = control_job(pipeline, gate.name, wire, bundles.permissions)
    return {**job, "outputs": {"verdict": "${{ steps.gate.outputs.verdict }}"}, "steps": apart(steps)}


def verdict_jobs(pipeline: Pipeline, wiring: Wiring, gate: GateJob) -> Iterator[tuple[str, Job]]:
    """The jobs that a plan asks for when a gate holds, or wants to go back."""
    for verdict, lines in (("hold", gate.on_hold), ("rollback", gate.on_rollback)):
        if lines:
            wire = wiring.verdict(gate, verdict)
            job = control_job(pipeline, f"{verdict} {gate.stage}", wire, READ)
            steps: Sequence[Step] = [checkout(Checkout()), _reaction(f"On {verdict}", lines, gate)]
            yield f"{verdict}_{gate.of}", {**job, "steps": apart(steps)}


def _reaction(name: str, lines: Sequence[Sequence[str]], gate: GateJob) -> Step:
    step: Step = {"name": name, "run": script(lines)}
    return {**step, "env": secrets(gate.secrets)} if gate.secrets else step


def report_job(pipeline: Pipeline, wire: Wire, bundles: Bundles) -> Job:
    """The job that collects, proves and reports. What it says decides."""
    # Coverage is held against the files of the repository, annotations are at paths of it, and a branch is git's.
    source = pipeline.publish or _in_branch(pipeline) or any(stage.coverage for stage in pipeline.stages)
    cached = not pipeline.memory
    inputs: Step = {"command": "report"}
    inputs |= {"gate": True} if pipeline.judged else {}
    inputs |= {"publish": True} if pipeline.publish else {}
    inputs |= {"forge": pipeline.forge} if pipeline.publish and pipeline.forge else {}
    inputs |= {"memory": pipeline.memory} if pipeline.memory else {}
    env = trusted(pipeline, publish=pipeline.publish)
    steps: list[Step] = [
        checkout(Checkout()) if source else clean(pipeline),
        {"name": "Without a plan nothing is proven", "if": UNPLANNED, "run": "exit 1"},
        download_lock(pipeline),
        *bundles.of_all(),
        *([restore_history(pipeline)] if cached else []),
        action(pipeline, "Report", inputs, env=env, needs=reporting_extras(pipeline)),
        upload_report(pipeline),
        *([save_history(pipeline)] if cached else []),
    ]
    permissions = {**bundles.permissions, **(READ if source else {}), **_telling(pipeline), **_writing(pipeline)}
    return {**control_job(pipeline, "report", wire, dict(sorted(permissions.items()))), "steps": apart(steps)}


def _telling(pipeline: Pipeline) -> Mapping[str, Value]:
    """What the token of a report that is told must be allowed, beside reading the source."""
    if not pipeline.publish:
        return {}
    asked = (BUILDS, *(_TELLING if forge(pipeline) == "github" else ()))
    every = ((one.what, *one.permission.split(": ")) for one in asked)
    return {name: Note(level, beside=f"for {what}") for what, name, level in every}


def _writing(pipeline: Pipeline) -> Mapping[str, Value]:
    """What it must be allowed to commit: the history, and the images of a comment, each to a branch of its own."""
    images = pipeline.images and forge(pipeline) == "github"
    kept = [*(["the history"] if _in_branch(pipeline) else []), *(["images"] if images else [])]
    return {"contents": Note("write", beside=f"to keep {' and '.join(kept)} in a branch")} if kept else {}


def _in_branch(pipeline: Pipeline) -> bool:
    return pipeline.memory.startswith(BRANCH)


def _job(name: str, runs_on: Value, minutes: int, wire: Wire | None, permissions: Mapping[str, Value]) -> Job:
    """What every job begins with."""
    start: Job = {"name": name, **(needs_of(wire) if wire else {})}
    return {**start, "runs-on": runs_on, "timeout-minutes": minutes, "permissions": dict(permissions)}


def needs_of(wire: Wire) -> Job:
    """What a job waits for, and when it runs."""
    needs: Value = wire.needs[0] if len(wire.needs) == 1 else Flow(list(wire.needs))
    return {"needs": needs, **({"if": wire.condition} if wire.condition else {})}


def control_job(pipeline: Pipeline, name: str, wire: Wire | None, permissions: Mapping[str, Value]) -> Job:
    """A job that plans, decides or reports."""
    return _job(text(name), _runs_on(pipeline.control, "pipeline.runner"), CONTROL_SECONDS // 60, wire, permissions)


def _runs_on(labels: Labels | None, runner: str) -> Value:
    if labels is None:
        return "ubuntu-latest"
    if not labels.github:
        raise PlanError(
            f"the runner class of {runner} has no labels for GitHub", fix="add `labels: {github: [ubuntu-latest]}`"
        )
    every = [text(label) for label in labels.github]
    return every[0] if len(every) == 1 else Flow(every)


def strategy(pipeline: Pipeline, matrix: Value, at_once: int | None) -> dict[str, Value]:
    """A matrix. `at_once`: the most of its jobs that run at the same time, None for all."""
    value: dict[str, Value] = {"fail-fast": pipeline.fail_fast}
    if at_once is not None:
        value["max-parallel"] = at_once
    return {**value, "matrix": matrix}


def _service(stage: StageJobs, name: str) -> Value:
    service = stage.services[name]
    value: dict[str, Value] = {"image": image(service.image)}
    if service.env:
        value["env"] = texts(service.env)
    if service.ports:
        value["ports"] = [port if ":" in port else f"{port}:{port}" for port in service.ports]
    return value
