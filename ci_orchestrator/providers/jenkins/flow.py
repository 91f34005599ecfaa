"""The functions that plan, run and decide, put together from constant code and the little that a plan changes."""

from __future__ import annotations

from collections.abc import Sequence

from ci_orchestrator.plan.pipeline import Pipeline, Shape
from ci_orchestrator.providers.base import CONTROL_SECONDS, plan_option
from ci_orchestrator.providers.jenkins import functions as code
from ci_orchestrator.providers.jenkins import groovy, report, steps
from ci_orchestrator.providers.shell import commands

_PLAN = """\
// Plans: which test runs in which job. Every job reads the lock.
void makePlan() {{
{body}
}}
"""

_EMITTED = """\
JOBS.putAll(readJSON(file: '.ci-orchestrator/jobs.json', returnPojo: true))
// This file comes from where the tests are: nothing but ids gets in.
if (JOBS.values().any { cells -> cells.keySet().any { job -> !(job ==~ /[a-z][a-z0-9_]{0,59}/) } }) {
    error 'jobs.json has something else than ids of jobs'
}"""


def plan(pipeline: Pipeline) -> str:
    """The function that plans."""
    lock = ".ci-orchestrator/plan.lock.json"
    dynamic = pipeline.shape is Shape.DYNAMIC
    options = [*plan_option(pipeline), "--lock-out", lock]
    if dynamic:
        options += ["--provider", "jenkins", "--emit", ".ci-orchestrator/jobs.json"]
    options += [word for stage, count in sorted(pipeline.pins.items()) for word in ("--shards", f"{stage}={count}")]
    command = commands([[".ci-orchestrator/bin/ci-orchestrator", "plan", *options]])
    inside = steps.environment(
        pipeline.planning_env,
        pipeline.planning_secrets,
        [*steps.setup(pipeline.planning, "all suites"), *steps.shell("plan", command, "the plan job")],
        "all suites",
    )
    after = [
        _EMITTED if dynamic else "JOBS.putAll(readJSON(text: JOBS_JSON, returnPojo: true))",
        "stash name: 'plan', includes: '.ci-orchestrator/plan.lock.json, .ci-orchestrator/history.sqlite'",
        "LEVELS.addAll(readJSON(text: LEVELS_JSON, returnPojo: true))",
    ]
    known = report.history(pipeline) if dynamic or pipeline.memory else []
    every = [*known, *inside, *after]
    inner = [f"prepared({report.installer(pipeline)}) {{", *steps.indented(every), "}"]
    prepared = steps.in_container(pipeline.shared_container, inner)
    body = [*steps.toolchain(pipeline.planning), *steps.checkout(pipeline.planning.checkout), *prepared]
    return _PLAN.format(
        body="\n".join(steps.indented([f"onAgent(CONTROL, {CONTROL_SECONDS}) {{", *steps.indented(body), "}"]))
    )


def constant(pipeline: Pipeline) -> Sequence[str]:
    """What runs levels, stages, gates and tests."""
    parts = [code.FLOW.replace("@RUN@", _fan_out(pipeline))]
    if pipeline.gates:
        verdicts = code.ON_ROLLBACK * any(gate.on_rollback for gate in pipeline.gates)
        verdicts += code.ON_HOLD * any(gate.on_hold for gate in pipeline.gates)
        parts.append(code.GATE.replace("@VERDICTS@", verdicts).replace("@SECONDS@", str(CONTROL_SECONDS)))
    else:
        parts[0] = parts[0].replace(code.CALL_GATE, "")
    inside = "\n".join(steps.indented(steps.in_root(pipeline.root, code.PREPARED.splitlines())))
    parts.append(code.TOOLS.replace("@IN_ROOT@", inside))
    return [_named(pipeline, part) for part in parts]


def _fan_out(pipeline: Pipeline) -> str:
    if any(stage.at_once is not None for stage in pipeline.stages):
        return code.LANES.replace("@STOP@", " && !red" if pipeline.fail_fast else "")
    return code.FAIL_FAST if pipeline.fail_fast else code.ALL_AT_ONCE


def _named(pipeline: Pipeline, text: str) -> str:
    """The code, its commands with the name of the plan file."""
    option = "".join(f" {line}" for line in commands([plan_option(pipeline)]) if line)
    return text.replace("@PLAN@", groovy.text(option)[1:-1])
