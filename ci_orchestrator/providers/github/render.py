"""A pipeline as a workflow of GitHub Actions."""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.pipeline import Limits, Pipeline, Rendered, refuse
from ci_orchestrator.plan.pipeline_options import Trigger
from ci_orchestrator.providers.base import command_of
from ci_orchestrator.providers.github.expressions import compact, plain, text
from ci_orchestrator.providers.github.jobs import Job, gate_job, plan_job, report_job, stage_job, verdict_jobs
from ci_orchestrator.providers.github.limits import LIMITS
from ci_orchestrator.providers.github.wiring import Wiring
from ci_orchestrator.providers.yaml import Flow, Note, Raw, Value, dump

_FEWER = (
    "fewer `shards`, first for the largest suite",
    "fewer `stages` of a canary",
    "several plans, each with a pipeline of its own",
)


class GitHub:
    """Writes workflows."""

    limits: Limits = LIMITS
    path: str = ".github/workflows/tests.yml"

    def render(self, pipeline: Pipeline, path: str) -> Rendered:
        """One file. Raises `PlanError` at a wall, and for a runner class without labels."""
        token = _check_collecting(pipeline)
        head = (
            "Made by ci-orchestrator from the test plan. Do not edit: change the plan, and run",
            command_of(pipeline, "github", path),
        )
        written = dump(_workflow(pipeline, token=token), head)
        if len(written) > LIMITS["bytes"]:
            refuse(LIMITS, "bytes", len(written), "the workflow is too long", _FEWER)
        return Rendered(path, {path: written})

    def emit(self, pipeline: Pipeline) -> str:
        """The cells of every matrix that has some, as JSON: the output `jobs` of the plan job."""
        matrices = [matrix for stage in pipeline.stages for matrix in stage.matrices if matrix.cells]
        written = compact({each.id: [{"job": cell.job, "name": cell.name} for cell in each.cells] for each in matrices})
        if 2 * len(written) > LIMITS["output"]:
            refuse(LIMITS, "output", 2 * len(written), "the list of jobs is too long", _FEWER)
        return written + "\n"


RENDERER = GitHub()


def _workflow(pipeline: Pipeline, *, token: bool) -> dict[str | Raw, Value]:
    return {
        "name": plain(pipeline.name),
        Raw("on"): Note(_triggers(pipeline.trigger), blank=True),
        "permissions": Note({}, above=["Each job asks for what it needs."], blank=True),
        "concurrency": Note(_concurrency(pipeline.concurrency), blank=True),
        "defaults": Note({"run": _defaults(pipeline)}, blank=True),
        "jobs": Note(_jobs(pipeline, token=token), blank=True),
    }


def _triggers(trigger: Trigger) -> Value:
    value: dict[str, Value] = {}
    if trigger.push:
        value["push"] = {"branches": Flow(list(trigger.push))}
    if trigger.pull_request:
        value["pull_request"] = None
    if trigger.schedule:
        value["schedule"] = [{"cron": trigger.schedule}]
    if trigger.manual or not value:
        value["workflow_dispatch"] = None
    return value


def _concurrency(wanted: str) -> Value:
    """Builds of one branch or pull request share a group; each build is one of its own where that is not wanted."""
    group = f"${{{{ github.workflow }}}}-${{{{ github.{'run_id' if wanted == 'none' else 'ref'} }}}}"
    return {"group": group, "cancel-in-progress": wanted == "cancel-older"}


def _defaults(pipeline: Pipeline) -> dict[str, Value]:
    """Commands are quoted for a POSIX shell, on Windows too; they run in the project's directory."""
    where: dict[str, Value] = {} if pipeline.root == "." else {"working-directory": text(pipeline.root)}
    return {"shell": "bash", **where}


def _jobs(pipeline: Pipeline, *, token: bool) -> dict[str, Value]:
    jobs: dict[str, Value] = {}
    for key, job, remark in _every(pipeline, token=token):
        if key in jobs:
            raise PlanError(f"two jobs of the pipeline would be called {key!r}", fix="rename one of the suites")
        jobs[key] = Note(job, above=[remark] if remark else [], blank=bool(jobs))
    return jobs


def _every(pipeline: Pipeline, *, token: bool) -> Iterator[tuple[str, Job, str]]:
    """All jobs, in the order in which they run, with a remark where the reader may wonder."""
    wiring = Wiring(pipeline)
    gates = {gate.of: gate for gate in pipeline.gates}
    yield "plan", plan_job(pipeline), ""
    before: list[str] = []
    for stage in pipeline.stages:
        for matrix in stage.matrices:
            before.append(matrix.id)
            yield matrix.id, stage_job(pipeline, wiring, stage, matrix), ""
        if gate := gates.get(stage.id):
            before.append(gate.id)
            remark = f"Decides however the jobs of {stage.name} ended. Only what it lets proceed goes on."
            yield gate.id, gate_job(pipeline, wiring, gate, token=token), remark
            yield from ((key, job, "") for key, job in verdict_jobs(pipeline, wiring, gate))
    remark = "Runs whatever happened before, and proves that no test is missing."
    yield "report", report_job(pipeline, wiring.end(before), token=token), remark


def _check_collecting(pipeline: Pipeline) -> bool:
    """Whether collecting takes a token, which is when the jobs and one more attempt of each leave too many artifacts.

    Raises `PlanError` when a build would list, or ask the REST API for, more than GitHub gives: gates and report each
    ask once for a hundred artifacts, and once for each that they fetch.
    """
    sizes = {stage.id: sum(matrix.most for matrix in stage.matrices) for stage in pipeline.stages}
    artifacts = sum(sizes.values()) + len(pipeline.gates) + 2
    if 2 * artifacts <= LIMITS["listed"]:
        return False
    fetched = sum(sizes[gate.of] for gate in pipeline.gates) + sum(sizes.values()) + len(pipeline.gates)
    requests = fetched + (1 + len(pipeline.gates)) * -(-artifacts // 100)
    for wall, number in (("artifacts", artifacts), ("requests", requests)):
        if number > LIMITS[wall]:
            refuse(LIMITS, wall, number, "a report could not collect all bundles", _FEWER)
    return True
