"""The jobs of a pipeline, each as GitLab reads it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from ci_orchestrator.plan.pipeline import GateJob, Pipeline, Shape, StageJobs
from ci_orchestrator.providers.base import CONTROL_SECONDS, MARGIN, extras, memory_extras, plan_option, report_options
from ci_orchestrator.providers.gitlab import memory, setup, tries, words
from ci_orchestrator.providers.gitlab.context import DOTENV, QUALITY
from ci_orchestrator.providers.gitlab.needs import Group, Link, Waits, needs
from ci_orchestrator.providers.shell import BUNDLES, LOCK, REPORT, STATE, TOOL, commands, install
from ci_orchestrator.providers.yaml import Flow, Note, Value

Job = dict[str, Value]

WITH_TOOL = ".with ci-orchestrator"
WITH_EXTRAS = ".with ci-orchestrator and extras"
TEST = ".test job"
TAKE_OVER = "take over the lock"
"""The first job of a child pipeline: it hands on what the parent's plan job made."""
VARIABLE = "CI_ORCHESTRATOR_JOB"
CHILD = f"{STATE}/pipeline.yml"


def tool(pipeline: Pipeline, *, more: Sequence[str] = ()) -> Job:
    """What the jobs that run ci-orchestrator have in common. `more`: its extras."""
    return {"before_script": [*enter(pipeline), "\n".join(install(pipeline.tool_version, more)) + "\n"]}


def plans_with(pipeline: Pipeline) -> str:
    """What the plan job extends: some places where a history is kept take an extra."""
    return WITH_EXTRAS if memory_extras(pipeline) else WITH_TOOL


def reports_with(pipeline: Pipeline) -> str:
    """What the report extends."""
    return WITH_EXTRAS if extras(pipeline) else WITH_TOOL


def enter(pipeline: Pipeline) -> list[str]:
    """The line that goes to the plan's directory, where it is not the repository's."""
    return [] if pipeline.root == "." else [f"cd -- {shlex.quote(words.plain(pipeline.root, 'the directory'))}"]


def plan(pipeline: Pipeline) -> Job:
    """The job that plans: within the pinned jobs of a static pipeline, or handing a child pipeline to GitLab."""
    dynamic = pipeline.shape is Shape.DYNAMIC
    caches = [setup.cache(pipeline.planning.cache, pipeline.root, "plan", strict=False)]
    caches += [memory.cache(pipeline, "pull")] if dynamic and not pipeline.memory else []
    return {
        "extends": plans_with(pipeline),
        "stage": "plan",
        **setup.image(pipeline.shared_container, pipeline.planning.toolchain),
        **words.tags(pipeline.control),
        "timeout": words.duration(CONTROL_SECONDS),
        **_optional("variables", words.variables(pipeline.planning_env)),
        **_optional("cache", [one for one in caches if one is not None]),
        "script": [
            *memory.fetch(pipeline),
            *memory.hidden(pipeline, pipeline.planning_secrets),
            *setup.preparation(pipeline.planning, ()),
            _plan_command(pipeline),
        ],
        "artifacts": {
            "expire_in": words.expiry(pipeline.retain),
            "paths": Flow([words.inside(pipeline.root, path) for path in (LOCK, *([CHILD] if dynamic else []))]),
        },
    }


def _plan_command(pipeline: Pipeline) -> str:
    line = [*_ours(pipeline, "plan"), "--lock-out", LOCK]
    if pipeline.shape is Shape.DYNAMIC:
        return shlex.join([*line, "--provider", "gitlab", "--emit", CHILD])
    pins = [f"--shards {shlex.quote(f'{stage}={count}')}" for stage, count in sorted(pipeline.pins.items())]
    return " \\\n  ".join([shlex.join(line), *pins])


def _ours(pipeline: Pipeline, command: str, *options: str) -> list[str]:
    """A command of ci-orchestrator on this plan."""
    return [TOOL, command, *plan_option(pipeline), *options]


def take_over(pipeline: Pipeline) -> Job:
    """The lock of the parent's plan job, for all jobs of the child."""
    return {
        "stage": "plan",
        **words.tags(pipeline.control),
        "needs": [Flow({"pipeline": f"${tries.PARENT}", "job": "plan"})],
        "variables": {"GIT_STRATEGY": "none"},
        "script": [*enter(pipeline), f"test -s {LOCK}"],
        "artifacts": {
            "expire_in": words.expiry(pipeline.retain),
            "paths": Flow([words.inside(pipeline.root, LOCK)]),
        },
    }


def tests(pipeline: Pipeline, stage: StageJobs, waits: Value) -> Job:
    """The test jobs of a stage, but for their ids, which they find in `VARIABLE`."""
    kept = setup.cache(stage.setup.cache, pipeline.root, stage.runner)
    command = shlex.join(_ours(pipeline, "run", "--lock", LOCK))
    return {
        "extends": WITH_TOOL,
        "stage": tests_stage(stage.level),
        "needs": waits,
        **setup.image(stage.container, stage.setup.toolchain),
        **setup.services(stage),
        **words.tags(stage.labels, stage.runner),
        "timeout": words.duration(stage.timeout, more=MARGIN),
        **({"resource_group": f"{_turn(pipeline, stage)}-$CI_PIPELINE_IID"} if stage.at_once == 1 else {}),
        **_optional("variables", _test_variables(pipeline, stage)),
        "cache": [*([] if kept is None else [kept]), tries.cache(pipeline, VARIABLE)],
        "script": [
            *memory.hidden(pipeline, stage.secrets),
            tries.sorted_out(pipeline),
            *setup.preparation(stage.setup, stage.secrets),
            f'{command} --job "${VARIABLE}" --resume',
        ],
        "artifacts": {
            "when": "always",
            "expire_in": words.expiry(stage.retain),
            "paths": Flow([words.inside(pipeline.root, f"{BUNDLES}/")]),
            "reports": _reports(pipeline, stage),
        },
    }


def _turn(pipeline: Pipeline, stage: StageJobs) -> str:
    """What the jobs that run one after another have in common: the pipeline, or their only runner."""
    return "sequential" if pipeline.sequential else stage.runner


def _test_variables(pipeline: Pipeline, stage: StageJobs) -> Job:
    return {
        **words.checkout(stage.setup.checkout, pipeline.planning.checkout),
        **words.variables(stage.env),
    }


def _reports(pipeline: Pipeline, stage: StageJobs) -> Value:
    found: Job = {"junit": words.inside(pipeline.root, f"{BUNDLES}/*/results/junit.xml")}
    if stage.coverage and stage.coverage.report.endswith(".xml"):
        path = stage.coverage.report if stage.cwd == "." else f"{stage.cwd}/{stage.coverage.report}"
        place = words.plain(words.inside(pipeline.root, path), "the coverage report")
        found["coverage_report"] = {"coverage_format": "cobertura", "path": place}
    return found


def link(pipeline: Pipeline, one: Link) -> Job:
    """A job that waits for others. With bundles it carries theirs on, so that one download brings them all."""
    job: Job = {
        "stage": tests_stage(one.of.level),
        **words.tags(pipeline.control),
        **({} if one.waits is Waits.PASSED else {"when": "always"}),
        "needs": needs((), one.needs, artifacts=one.waits is Waits.BUNDLES),
    }
    if one.waits is not Waits.BUNDLES:
        return {**job, "variables": {"GIT_STRATEGY": "none"}, "script": [f"echo {shlex.quote(one.name)}"]}
    path = words.inside(pipeline.root, f"{BUNDLES}/")
    return {
        **job,
        "script": [f"ls {shlex.quote(path)} || echo none"],
        "artifacts": {"when": "always", "expire_in": "1 day", "paths": Flow([path])},
    }


def gate(pipeline: Pipeline, one: GateJob, first: Sequence[str], groups: Sequence[Group]) -> Job:
    """The decision after a stage. Its exit code is the verdict: the next stage needs this job.

    `first`: the job with the lock, and the gate before, whose decision may have withheld the stage; it is carried on.
    """
    told = bool(one.on_hold or one.on_rollback)
    return {
        "extends": WITH_TOOL,
        "stage": gates_stage(one.level),
        "when": "always",
        **words.tags(pipeline.control),
        "image": setup.OWN_IMAGE,
        "needs": needs(first, groups, artifacts=True),
        "timeout": words.duration(CONTROL_SECONDS),
        "script": [shlex.join(_ours(pipeline, "gate", "--stage", one.stage, "--lock", LOCK))],
        "artifacts": {
            "when": "always",
            "expire_in": words.expiry(pipeline.retain),
            "paths": Flow([words.inside(pipeline.root, f"{BUNDLES}/dtf-gate_*/")]),
            **({"reports": {"dotenv": words.inside(pipeline.root, DOTENV)}} if told else {}),
        },
    }


def reaction(pipeline: Pipeline, one: GateJob, verdict: str, groups: Sequence[Group]) -> Value:
    """What the plan asks for on `verdict`, hold or rollback, of a gate. `groups`: what the gate judged."""
    lines = commands(one.on_hold if verdict == "hold" else one.on_rollback)
    otherwise = f'echo "The verdict is $GATE_VERDICT, not {verdict}: nothing to do."'
    job: Job = {
        "stage": gates_stage(one.level),
        "when": "on_failure",
        **words.tags(pipeline.control),
        "needs": needs((one.name,), groups, artifacts=False),
        "timeout": words.duration(CONTROL_SECONDS),
        "script": [
            f'if [ "$GATE_VERDICT" != {verdict} ]; then\n  {otherwise}\n  exit 0\nfi\n',
            *setup.demanded(one.secrets),
            *enter(pipeline),
            *lines,
        ],
    }
    return Note(
        job, above=[f"Starts when the gate or a test failed, not when the stage was skipped; acts on {verdict}."]
    )


def report(pipeline: Pipeline, bundles: Sequence[str]) -> Job:
    """The last job, whatever became of the others. `bundles`: the jobs to collect from, all of them when empty."""
    jobs = sum(matrix.most for stage in pipeline.stages for matrix in stage.matrices)
    command = shlex.join(_ours(pipeline, "report", "--lock", LOCK, "--out", REPORT, *report_options(pipeline)))
    quality = {"reports": {"codequality": words.inside(pipeline.root, f"{REPORT}/{QUALITY}")}}
    return {
        "extends": reports_with(pipeline),
        "stage": "report",
        **words.tags(pipeline.control),
        "image": setup.OWN_IMAGE,
        **({"dependencies": list(bundles)} if bundles else {}),
        "timeout": words.duration(max(CONTROL_SECONDS, jobs)),
        **memory.kept(pipeline),
        "script": [*memory.missed(pipeline), command],
        "artifacts": {
            "when": "always",
            "expire_in": words.expiry(pipeline.retain),
            "expose_as": "test report",
            "paths": Flow([words.inside(pipeline.root, f"{REPORT}/")]),
            **(quality if pipeline.publish else {}),
        },
    }


def run_child(pipeline: Pipeline) -> Job:
    """The job of the parent that starts what the plan job made, and ends as that ends."""
    queue = {"resource_group": "tests-$CI_COMMIT_REF_SLUG"} if pipeline.concurrency == "queue" else {}
    return {
        "stage": "tests",
        "needs": Flow(["plan"]),
        # What is handed down has precedence over the child's own variables.
        "inherit": {"variables": False},
        **queue,
        "trigger": {
            "include": [{"artifact": words.inside(pipeline.root, CHILD), "job": "plan"}],
            "strategy": "depend",
        },
        "variables": {tries.PARENT: "$CI_PIPELINE_ID"},
    }


def tests_stage(level: int) -> str:
    """The GitLab stage of the test jobs of a level."""
    return f"tests {level + 1}"


def gates_stage(level: int) -> str:
    """The GitLab stage of the gates after a level."""
    return f"gates {level + 1}"


def _optional(key: str, value: Value) -> Mapping[str, Value]:
    """The key, where there is something to say."""
    return {key: value} if value else {}
