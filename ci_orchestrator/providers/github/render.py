"""A pipeline as a workflow of GitHub Actions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ci_orchestrator.plan.pipeline import Limits, Pipeline, Rendered, StageJobs, refuse
from ci_orchestrator.plan.pipeline_options import Trigger
from ci_orchestrator.providers.base import head
from ci_orchestrator.providers.github.collecting import Bundles, Named, way_of
from ci_orchestrator.providers.github.expressions import compact, plain, text
from ci_orchestrator.providers.github.jobs import (
    Job,
    cells_of,
    gate_job,
    plan_job,
    report_job,
    stage_job,
    verdict_jobs,
)
from ci_orchestrator.providers.github.limits import LIMITS
from ci_orchestrator.providers.github.parts import FEWER, Parts, parts_of
from ci_orchestrator.providers.github.wiring import Wiring
from ci_orchestrator.providers.yaml import Flow, Note, Raw, Value, dump

Document = dict[str | Raw, Value]


class GitHub:
    """Writes workflows. `limits`: GitHub's, or tighter ones."""

    path: str = ".github/workflows/tests.yml"

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits

    def render(self, pipeline: Pipeline, path: str) -> Rendered:
        """The workflow, and those that it calls. Raises `PlanError` at a wall, and for a class without labels."""
        bundles = way_of(pipeline, self.limits)
        if isinstance(bundles, Named):
            parts = Parts(pipeline, self.limits, bundles, path)
            parts.check()
            written = {path: _workflow(pipeline, _in_parts(pipeline, parts)), **dict(_called(pipeline, parts))}
        else:
            written = {path: _workflow(pipeline, _in_matrices(pipeline, bundles))}
        return Rendered(path, {place: self._file(pipeline, path, value) for place, value in written.items()})

    def emit(self, pipeline: Pipeline) -> str:
        """The cells of every matrix that has some, as JSON: the output `jobs` of the plan job."""
        if isinstance(way_of(pipeline, self.limits), Named):
            written = compact(parts_of(pipeline))
        else:
            every = [matrix for stage in pipeline.stages for matrix in stage.matrices if matrix.cells]
            written = compact({one.id: [{"job": cell.job, "name": cell.name} for cell in one.cells] for one in every})
        if 2 * len(written) > self.limits["output"]:
            refuse(self.limits, "output", 2 * len(written), "the list of jobs is too long", FEWER)
        return written + "\n"

    def _file(self, pipeline: Pipeline, path: str, value: Document) -> str:
        written = dump(value, head(pipeline, "github", path))
        if (size := len(written.encode())) > self.limits["bytes"]:
            refuse(self.limits, "bytes", size, "the workflow is too long", FEWER)
        return written


RENDERER = GitHub()


def _workflow(pipeline: Pipeline, jobs: Iterable[tuple[str, Job, str]]) -> Document:
    return {
        "name": plain(pipeline.name),
        Raw("on"): Note(_triggers(pipeline.trigger), blank=True),
        "permissions": _permissions(),
        "concurrency": Note(_concurrency(pipeline.concurrency), blank=True),
        "defaults": Note({"run": _defaults(pipeline)}, blank=True),
        "jobs": Note(_jobs(jobs), blank=True),
    }


def _called(pipeline: Pipeline, parts: Parts) -> Iterator[tuple[str, Document]]:
    """The workflows that the main one calls. Nothing but secrets, inputs and `github` comes from there."""
    for path, call in parts.workflows():
        yield (
            path,
            {
                "name": call.name,
                Raw("on"): Note({"workflow_call": call.interface}, blank=True),
                "permissions": _permissions(),
                "defaults": Note({"run": _defaults(pipeline)}, blank=True),
                "jobs": Note(_jobs(call.jobs), blank=True),
            },
        )


def _permissions() -> Note:
    return Note({}, above=["Each job asks for what it needs."], blank=True)


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


def _jobs(every: Iterable[tuple[str, Job, str]]) -> dict[str, Value]:
    """Jobs, each with its key, and a remark where the reader may wonder."""
    jobs: dict[str, Value] = {}
    for key, job, remark in every:
        jobs[key] = Note(job, above=[remark] if remark else [], blank=bool(jobs))
    return jobs


def _in_matrices(pipeline: Pipeline, bundles: Bundles) -> Iterator[tuple[str, Job, str]]:
    """All jobs, in the order in which they run: a matrix is a job."""
    wiring = Wiring(pipeline)

    def of_stage(stage: StageJobs) -> Iterator[tuple[str, Job, str]]:
        for matrix in stage.matrices:
            wire, cells = wiring.stage(stage, matrix.id), cells_of(pipeline, wiring, stage, matrix)
            yield matrix.id, stage_job(pipeline, stage, wire, cells), ""

    return _around(pipeline, wiring, bundles, of_stage)


def _in_parts(pipeline: Pipeline, parts: Parts) -> Iterator[tuple[str, Job, str]]:
    """All jobs, in the order in which they run: a stage is a job, which may be calls."""
    wiring = parts.wiring()
    return _around(pipeline, wiring, parts.bundles, lambda stage: parts.jobs(wiring, stage))


def _around(
    pipeline: Pipeline,
    wiring: Wiring,
    bundles: Bundles,
    of_stage: Callable[[StageJobs], Iterable[tuple[str, Job, str]]],
) -> Iterator[tuple[str, Job, str]]:
    """The jobs of every stage, and what is around them."""
    gates = {gate.of: gate for gate in pipeline.gates}
    yield "plan", plan_job(pipeline), ""
    before: list[str] = []
    for stage in pipeline.stages:
        for key, job, remark in of_stage(stage):
            before.append(key)
            yield key, job, remark
        if gate := gates.get(stage.id):
            before.append(gate.id)
            remark = f"Decides however the jobs of {stage.name} ended. Only what it lets proceed goes on."
            yield gate.id, gate_job(pipeline, wiring.gate(gate), gate, bundles), remark
            yield from ((key, job, "") for key, job in verdict_jobs(pipeline, wiring, gate))
    remark = "Runs whatever happened before, and proves that no test is missing."
    yield "report", report_job(pipeline, wiring.end(before), bundles), remark
