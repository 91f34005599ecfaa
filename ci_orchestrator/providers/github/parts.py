"""Stages of plans whose bundles are collected by name: a matrix with a job behind it that collects, or calls of such.

A stage that fits one matrix is one, in the workflow itself. A larger one is calls of a workflow of its suite's, each
for a *part*: a matrix of 256 jobs, and the job that collects from them. What differs between a stage's jobs travels as
the end of their ids alone, so that the plan job's outputs hold all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from ci_orchestrator.plan.pipeline import Limits, Matrix, Pipeline, Shape, StageJobs, refuse
from ci_orchestrator.providers.github.collecting import Named
from ci_orchestrator.providers.github.expressions import compact
from ci_orchestrator.providers.github.jobs import READ, Cells, Job, control_job, needs_of, stage_job, strategy
from ci_orchestrator.providers.github.steps import apart, clean, secrets
from ci_orchestrator.providers.github.wiring import Wire, Wiring
from ci_orchestrator.providers.yaml import Flow, Note, Value

WORKFLOWS = ".github/workflows"
"""The one directory in which GitHub looks for workflows to call."""
FEWER = (
    "fewer `shards`, first for the largest suite",
    "fewer suites, or fewer `stages` of a canary",
    "several plans, each with a pipeline of its own",
)
_LOCAL = "zizmor: ignore[self-repository] the same commit either way, and older runners know this one"
"""``$/`` instead of ``./`` takes a runner of version 2.336: github.blog/changelog, 2026-07-30."""
_STAGE = "${{ inputs.stage }}"
_INPUTS: Mapping[str, str] = {
    "stage": "The stage, as the ids of its jobs begin.",
    "part": "What this part of it is called.",
    "shards": "The ends of the ids of its jobs, as JSON.",
}


def shards(stage: StageJobs, matrix: Matrix) -> list[str]:
    """What the ids of a matrix's jobs have behind that of the stage: ``_03of12``, or nothing for a single job."""
    return [cell.job.removeprefix(stage.id) for cell in matrix.cells]


def parts_of(pipeline: Pipeline) -> dict[str, list[dict[str, object]]]:
    """Stage → its parts, each with its jobs: what the plan job emits."""
    parts: dict[str, list[dict[str, object]]] = {
        stage.id: [{"part": each.id, "shards": shards(stage, each)} for each in stage.matrices if each.cells]
        for stage in pipeline.stages
    }
    return {stage: every for stage, every in parts.items() if every}


@dataclass(frozen=True, slots=True)
class Call:
    """A workflow that is called. `interface`: its inputs and secrets. `jobs`: key, job, and a remark."""

    name: str
    interface: Mapping[str, Value]
    jobs: tuple[tuple[str, Job, str], ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """The stages of one pipeline. `path`: of the workflow; what it calls is named after it."""

    pipeline: Pipeline
    limits: Limits
    bundles: Named
    path: str

    @property
    def dynamic(self) -> bool:
        """Whether the jobs are known only when the plan job has run."""
        return self.pipeline.shape is Shape.DYNAMIC

    def wiring(self) -> Wiring:
        """What waits for what, when each stage is one job."""
        fitting = [stage.id for stage in self.pipeline.stages if not self._is_called(stage)]
        return Wiring(self.pipeline, grouped=True, collectors={name: f"collect_{name}" for name in fitting})

    def check(self) -> None:
        """Raises `PlanError` for more workflows, or more parts, than there may be."""
        parts = sum(-(-stage.most // self.limits["matrix"]) for stage in self.pipeline.stages)
        for wall, number, what in (
            ("calls", len(self._called()), "every suite that does not fit a matrix is a workflow of its own"),
            ("names", parts, "a report fetches what each matrix left"),
        ):
            if number > self.limits[wall]:
                refuse(self.limits, wall, number, what, FEWER)

    def jobs(self, wiring: Wiring, stage: StageJobs) -> Iterator[tuple[str, Job, str]]:
        """What a stage is in the workflow, with a remark where the reader may wonder."""
        wire = wiring.stage(stage, stage.id)
        if self._is_called(stage):
            remark = f"Calls of {self._file(stage)}, each for as many jobs as a matrix takes."
            yield stage.id, self._call(wire, stage), remark
            return
        (matrix,) = stage.matrices
        planned = f"{wiring.cells(stage.id)}[0].shards"
        vector: Value = f"${{{{ {planned} }}}}" if self.dynamic else Flow(shards(stage, matrix))
        name = f"{stage.id}${{{{ matrix.shard }}}}"
        cells = Cells(name, name, {"shard": vector}, stage.at_once)
        yield stage.id, stage_job(self.pipeline, stage, wire, cells), ""
        names = f"${{{{ toJSON({planned}) }}}}" if self.dynamic else compact(shards(stage, matrix))
        collect = self._collect(f"collect {stage.name}", wiring.collector(stage), stage.id, names, stage.id)
        yield wiring.collectors[stage.id], collect, ""

    def workflows(self) -> Iterator[tuple[str, Call]]:
        """The workflows that are called, by their paths: one for each suite that does not fit a matrix."""
        for stage in self._called().values():
            yield self._file(stage), Call(stage.suite, _interface(stage), tuple(self._part(stage)))

    def _part(self, stage: StageJobs) -> Iterator[tuple[str, Job, str]]:
        """The jobs of a part. Those of all stages of a suite are alike."""
        at_once = None if stage.at_once is None else min(stage.at_once, self.limits["matrix"])
        name = f"{_STAGE}${{{{ matrix.shard }}}}"
        cells = Cells(name, name, {"shard": "${{ fromJSON(inputs.shards) }}"}, at_once)
        yield "test", stage_job(self.pipeline, stage, None, cells), ""
        wire = Wire(("test",), "always()")
        collect = self._collect("collect", wire, _STAGE, "${{ inputs.shards }}", "${{ inputs.part }}")
        yield "collect", collect, "Runs however the tests ended: nobody could list what so many jobs leave."

    def _call(self, wire: Wire, stage: StageJobs) -> Job:
        every: Value = [Flow({"part": each.id, "shards": shards(stage, each)}) for each in stage.matrices]
        if self.dynamic:
            every = f"${{{{ fromJSON(needs.plan.outputs.jobs).{stage.id} }}}}"
        at_once = None if stage.at_once is None else max(1, stage.at_once // self.limits["matrix"])
        job: Job = {"name": "${{ matrix.part }}", **needs_of(wire), "permissions": dict(READ)}
        job["strategy"] = strategy(self.pipeline, {"include": every}, at_once)
        job["uses"] = Note(f"./{self._file(stage)}", beside=_LOCAL)
        job["with"] = {"stage": stage.id, "part": "${{ matrix.part }}", "shards": "${{ toJSON(matrix.shards) }}"}
        return {**job, "secrets": secrets(stage.secrets)} if stage.secrets else job

    def _collect(self, name: str, wire: Wire, stage: str, names: str, part: str) -> Job:
        steps = self.bundles.collect(stage, names, part, self.pipeline.retain)
        return {**control_job(self.pipeline, name, wire, {}), "steps": apart([clean(self.pipeline), *steps])}

    def _is_called(self, stage: StageJobs) -> bool:
        return stage.most > self.limits["matrix"]

    def _called(self) -> dict[str, StageJobs]:
        """Suite → its first stage that is called, for each that has one."""
        called: dict[str, StageJobs] = {}
        for stage in filter(self._is_called, self.pipeline.stages):
            called.setdefault(stage.suite, stage)
        return dict(sorted(called.items()))

    def _file(self, stage: StageJobs) -> str:
        return f"{WORKFLOWS}/{PurePosixPath(self.path).stem}-{stage.suite}.yml"


def _interface(stage: StageJobs) -> dict[str, Value]:
    inputs: dict[str, Value] = {
        name: {"description": said, "type": "string", "required": True} for name, said in _INPUTS.items()
    }
    secret: dict[str, Value] = {name: {"required": False} for name in stage.secrets}
    return {"inputs": inputs, **({"secrets": secret} if secret else {})}
