"""Azure's jobs: one that plans, one for each matrix, one for each gate and what follows it, one that reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.environment import Checkout
from ci_orchestrator.plan.models import Labels
from ci_orchestrator.plan.pipeline import GateJob, Matrix, Pipeline, Shape, StageJobs, refuse
from ci_orchestrator.providers.azure import steps
from ci_orchestrator.providers.azure.conditions import Wires, Wiring
from ci_orchestrator.providers.azure.containers import services_of
from ci_orchestrator.providers.azure.expressions import output, plain, script
from ci_orchestrator.providers.azure.limits import LIMITS
from ci_orchestrator.providers.base import CONTROL_SECONDS, MARGIN, extras, memory_extras, report_options
from ci_orchestrator.providers.shell import BUNDLES, LOCK, REPORT, STATE
from ci_orchestrator.providers.yaml import Flow, Value

Job = dict[str, Value]
DECISION = f"{STATE}/decision"
"""Where a gate leaves its bundle, apart from those that it judged."""
CANCEL_MINUTES = 5
"""Minutes that a job has for its last steps when it is stopped."""


def every_job(pipeline: Pipeline) -> Iterator[Job]:
    """All jobs, in the order in which they can start."""
    wiring = Wiring(pipeline)
    gates = {gate.of: gate for gate in pipeline.gates}
    yield _plan(pipeline)
    for stage in pipeline.stages:
        for matrix in stage.matrices:
            yield _tests(pipeline, wiring, stage, matrix)
        if gate := gates.get(stage.id):
            yield _gate(pipeline, wiring, gate)
            yield from _verdicts(pipeline, gate)
    yield _report(pipeline, wiring)


def leg(job: str) -> Mapping[str, str]:
    """What a leg of a matrix sets."""
    return {steps.JOB: job}


def _plan(pipeline: Pipeline) -> Job:
    dynamic = pipeline.shape is Shape.DYNAMIC
    env, secrets = pipeline.planning_env, pipeline.planning_secrets
    memory = [steps.fetch_memory(pipeline)] if pipeline.memory else []  # before any command of the plan can look on
    words = ["plan", "--lock-out", LOCK]
    words += [word for stage, count in sorted(pipeline.pins.items()) for word in ("--shards", f"{stage}={count}")]
    words += ["--provider", "azure", "--emit", "-"] if dynamic else []
    every = [
        *steps.prepare(pipeline, pipeline.planning, env, secrets, extras=memory_extras(pipeline), first=memory),
        *([steps.history("plan"), steps.take_history(pipeline)] if dynamic and not memory else []),
        steps.run(pipeline, "Plan", words, env=env, secrets=secrets, name="emit"),
        *steps.publish_lock(pipeline),
    ]
    job = _control(pipeline, "plan", "Plan", {}, every)
    image = pipeline.shared_container
    return {**job, "container": {"image": image}, "steps": job.pop("steps")} if image else job


def _tests(pipeline: Pipeline, wiring: Wiring, stage: StageJobs, matrix: Matrix) -> Job:
    """The jobs of one matrix of a stage."""
    words = ["run", "--lock", LOCK, "--job", f'"${steps.JOB}"', "--resume"]
    every = [
        *steps.prepare(pipeline, stage.setup, stage.env, stage.secrets),
        steps.download_lock(pipeline),
        steps.download_earlier(pipeline),
        steps.run(pipeline, "Run the tests", words, env=stage.env, secrets=stage.secrets),
        steps.drop_earlier(pipeline),
        steps.publish_bundle(pipeline, f"$({steps.JOB})", BUNDLES),
    ]
    job: Job = {"job": matrix.id, "displayName": stage.name}
    job["pool"] = _pool(stage.labels, f"runner class {stage.runner!r}")
    job |= wiring.stage(stage, matrix)
    job["timeoutInMinutes"] = _minutes(stage)
    job["cancelTimeoutInMinutes"] = CANCEL_MINUTES
    job["strategy"] = _strategy(pipeline, stage, matrix)
    if stage.container:
        job["container"] = {"image": stage.container}
    if stage.services:
        job["services"] = services_of(stage)
    return {**job, **_lock_variable(), "steps": steps.apart(every)}


def _minutes(stage: StageJobs) -> int:
    minutes = ceil((stage.timeout + MARGIN) / 60)
    if stage.labels is None and minutes > LIMITS["minutes"]:
        ways = ("a shorter `timeout`", "more `shards`", "agents of your own: `runners` with `labels: azure`")
        refuse(LIMITS, "minutes", minutes, f"suite {stage.suite}: its `timeout` is too long", ways)
    return minutes


def _strategy(pipeline: Pipeline, stage: StageJobs, matrix: Matrix) -> Job:
    strategy: Job = {"matrix": f"$[ {output('plan', 'emit', f'jobs_{matrix.id}')} ]"}
    if pipeline.shape is Shape.STATIC:
        strategy = {"matrix": {cell.job: Flow(leg(cell.job)) for cell in matrix.cells}}
    if stage.at_once is not None:
        strategy["maxParallel"] = stage.at_once
    return strategy


def _gate(pipeline: Pipeline, wiring: Wiring, gate: GateJob) -> Job:
    every = [
        steps.checkout(Checkout()),
        steps.tool(pipeline),
        steps.download_lock(pipeline),
        steps.download_bundles(pipeline, [f"dtf-{gate.of}-*", f"dtf-{gate.of}_*of*-*"]),
        steps.run(pipeline, "Decide", ["gate", "--stage", gate.stage, "--lock", LOCK, "--out", DECISION], name="gate"),
        steps.publish_bundle(pipeline, gate.id, DECISION),
    ]
    return _control(pipeline, gate.id, f"Gate {gate.stage}", wiring.gate(gate), every)


def _verdicts(pipeline: Pipeline, gate: GateJob) -> Iterator[Job]:
    """What the plan asks for when a gate holds, or rolls back."""
    for verdict, lines in (("hold", gate.on_hold), ("rollback", gate.on_rollback)):
        if lines:
            every = [
                steps.checkout(Checkout()),
                steps.bash(pipeline, verdict.capitalize(), script(lines), secrets=gate.secrets),
            ]
            fell = f"eq({output(gate.id, 'gate', 'verdict')}, '{verdict}')"
            wires: Wires = {"dependsOn": [gate.id], "condition": fell}
            job = _control(pipeline, f"{gate.id}_{verdict}", f"{verdict.capitalize()} {gate.stage}", wires, every)
            del job["variables"]
            yield job


def _report(pipeline: Pipeline, wiring: Wiring) -> Job:
    cached = not pipeline.memory
    words = ["report", "--lock", LOCK, "--out", REPORT, *script([report_options(pipeline)])]
    every = [
        steps.checkout(Checkout()),
        steps.tool(pipeline, extras(pipeline)),
        *([steps.history("report"), steps.take_history(pipeline)] if cached else []),
        steps.download_lock(pipeline),
        steps.download_bundles(pipeline, ["dtf-*"]),
        steps.run_online(pipeline, "Report", words, api=pipeline.publish),
        *steps.publish_results(pipeline, coverage=any(stage.coverage for stage in pipeline.stages)),
        *([steps.put_history(pipeline)] if cached else []),
    ]
    return _control(pipeline, "report", "Report", wiring.report(), every)


def _control(pipeline: Pipeline, name: str, title: str, wires: Wires, every: Sequence[steps.Step]) -> Job:
    """A job that plans, decides or reports; but the first they all read the lock."""
    job: Job = {"job": name, "displayName": title}
    job["pool"] = _pool(
        pipeline.control, "the runner class that plans and reports (`pipeline: runner`, else the cheapest)"
    )
    job |= {**wires, "timeoutInMinutes": CONTROL_SECONDS // 60, **(_lock_variable() if wires else {})}
    return {**job, "steps": steps.apart(every)}


def _lock_variable() -> Job:
    return {"variables": {steps.LOCK_NAME: f"$[ {output('plan', 'lock', 'artifact')} ]"}}


def _pool(labels: Labels | None, who: str) -> Value:
    if labels is None:
        return {"vmImage": "ubuntu-latest"}
    if labels.azure is None:
        raise PlanError(
            f"{who}: `labels: azure` is missing",
            fix="say under `labels:` of the runner class which agents these are, such as `azure: {pool: linux}`",
        )
    pool: Job = {"name": plain(labels.azure.pool, f"{who}: `azure: pool`")}
    if labels.azure.demands:
        pool["demands"] = [plain(demand, f"{who}: `azure: demands`") for demand in labels.azure.demands]
    return pool
