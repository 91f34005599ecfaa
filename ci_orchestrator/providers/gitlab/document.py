"""Whole files: the static pipeline, the parent of a dynamic one, and the child that its plan job makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ci_orchestrator.plan.pipeline import Cell, Pipeline, StageJobs, refuse
from ci_orchestrator.providers.base import command_of
from ci_orchestrator.providers.gitlab import jobs, words
from ci_orchestrator.providers.gitlab.limits import LIMITS
from ci_orchestrator.providers.gitlab.needs import MOST, Group, Links, Waits, needs
from ci_orchestrator.providers.gitlab.workflow import child_workflow, workflow
from ci_orchestrator.providers.yaml import Flow, Note, Raw, Value, dump

_RETRIED = ("api_failure", "data_integrity_failure", "runner_system_failure", "scheduler_failure")
"""Failures that are the infrastructure's; those of tests are retried by ci-orchestrator, as the plan says."""
_RENDERED = "Rendered by ci-orchestrator from {}: change that, and render this file again."


def static(pipeline: Pipeline, path: str) -> str:
    """The committed file of a static pipeline."""
    made = _Jobs(pipeline, lock="plan")
    names = ["plan", *made.stages(), "report"]
    content = _top(pipeline, workflow(pipeline), names) | _spaced({"plan": jobs.plan(pipeline), **made.all()})
    return _text(content, _head(pipeline, path))


def parent(pipeline: Pipeline, path: str) -> str:
    """The committed file of a dynamic pipeline."""
    content = _top(pipeline, workflow(pipeline), ["plan", "tests"])
    note = ["The jobs of the lock, with gates and report. This job ends as they end."]
    content |= _spaced({"plan": jobs.plan(pipeline)})
    content["run the plan"] = Note(jobs.run_child(pipeline), above=note, blank=True)
    return _text(content, _head(pipeline, path))


def child(pipeline: Pipeline) -> str:
    """The file that the plan job of a dynamic pipeline makes, once the cells are known."""
    made = _Jobs(pipeline, lock=jobs.TAKE_OVER)
    names = ["plan", *made.stages(), "report"]
    content = _top(pipeline, child_workflow(pipeline), names)
    content |= _spaced({jobs.TAKE_OVER: jobs.take_over(pipeline), **made.all()})
    return _text(content, ["Made by ci-orchestrator from the lock of this pipeline's plan job."])


def _head(pipeline: Pipeline, path: str) -> list[str]:
    lines = [_RENDERED.format(pipeline.plan_file), command_of(pipeline, "gitlab", path)]
    secrets = sorted({name for stage in pipeline.stages for name in stage.secrets})
    if secrets:
        lines += ["", "Secrets are masked variables under Settings, CI/CD, Variables:", f"  {', '.join(secrets)}"]
    if pipeline.fail_fast:
        lines += ["", *_NO_FAIL_FAST]
    return lines


_NO_FAIL_FAST = (
    "fail-fast: GitLab ends the other jobs of a stage only together with the whole pipeline, its report included;",
    "so they run on.",
)


def _top(pipeline: Pipeline, flow: Mapping[str, Value], stages: Sequence[str]) -> dict[str | Raw, Value]:
    cancelled = {"interruptible": pipeline.concurrency == "cancel-older"}
    return {
        **_spaced(
            {
                "workflow": flow,
                "stages": Flow(list(dict.fromkeys(stages))),
                "default": {**cancelled, "retry": {"max": LIMITS["retry"], "when": list(_RETRIED)}},
                "variables": words.checkout(pipeline.planning.checkout),
                jobs.WITH_TOOL: jobs.tool(pipeline),
            }
        )
    }


def _spaced(entries: Mapping[str, Value]) -> dict[str | Raw, Value]:
    return {key: Note(value, blank=True) for key, value in entries.items()}


def _text(content: Mapping[str | Raw, Value], head: Sequence[str]) -> str:
    text = dump(content, head)
    for wall, size in (("bytes", len(text.encode("utf-8"))), ("memory", _memory(content))):
        if size > LIMITS[wall]:
            refuse(LIMITS, wall, size, "the pipeline is too large a file", _SMALLER)
    return text


_SMALLER = ("fewer `shards`", "shorter `env` and commands, or in a script of the project", "several plans")


def _memory(value: Value | Mapping[str | Raw, Value]) -> int:
    """About what Ruby holds for a value, by which GitLab measures a file: 40 bytes an object, and its content."""
    match value:
        case Note(inside) | Flow(inside):
            return _memory(inside)
        case str():
            return 40 + (len(value.encode("utf-8")) if len(value) > 23 else 0)
        case Mapping():
            return 40 + sum(48 + _memory(str(key)) + _memory(each) for key, each in value.items())
        case Sequence():
            return 40 + sum(8 + _memory(each) for each in value)
    return 0


class _Jobs:
    """The jobs between plan and report, in the order of the file."""

    def __init__(self, pipeline: Pipeline, *, lock: str) -> None:
        self._pipeline, self._lock = pipeline, lock
        self._cells = {stage.id: tuple(_cells(stage)) for stage in pipeline.stages}
        self._stages = [stage for stage in pipeline.stages if self._cells[stage.id]]
        self._gates = {gate.of: gate for gate in pipeline.gates if self._cells.get(gate.of)}
        waited = {name for stage in self._stages for name in (*stage.needs, stage.behind)} | set(self._gates)
        self._groups = {stage.id: self._divided(stage, stage.id in waited) for stage in self._stages}
        self._links = Links()

    def stages(self) -> Iterator[str]:
        """The names of the GitLab stages."""
        for stage in self._stages:
            yield jobs.tests_stage(stage.level)
            if any(self._gates[other.id].level == stage.level for other in self._stages if other.id in self._gates):
                yield jobs.gates_stage(stage.level)

    def all(self) -> dict[str, Value]:
        """Name → job."""
        made: dict[str, Value] = {}
        for stage in self._stages:
            own = dict(self._tests(stage))
            gate = dict(self._gate(stage))
            made |= {link.name: jobs.link(self._pipeline, link) for link in self._links.made if link.name not in made}
            made |= {**own, **gate}
        made["report"] = jobs.report(self._pipeline, self._bundles())
        return made

    def _divided(self, stage: StageJobs, waited: bool) -> tuple[tuple[Group, tuple[Cell, ...]], ...]:
        """The jobs of a stage as the file defines them, none with more instances than a job may need."""
        cells = self._cells[stage.id]
        most = min(MOST, LIMITS["matrix"]) if waited else LIMITS["matrix"]
        parts = [cells[start : start + most] for start in range(0, len(cells), most)]
        name = words.job_name(stage.name)
        names = [name] if len(parts) == 1 else [f"{name} part {number}" for number in range(1, len(parts) + 1)]
        return tuple((Group(each, len(part)), part) for each, part in zip(names, parts, strict=True))

    def _tests(self, stage: StageJobs) -> Iterator[tuple[str, Value]]:
        parts = self._groups[stage.id]
        waits = self._waits(stage)
        if len(self._cells[stage.id]) == 1:
            ((group, (cell,)),) = parts
            yield group.name, jobs.tests(self._pipeline, stage, waits, cell.job)
            return
        shared = jobs.tests(self._pipeline, stage, waits, f'"${jobs.VARIABLE}"')
        if len(parts) == 1:
            yield parts[0][0].name, {**shared, **_matrix(parts[0][1])}
            return
        hidden = f".{words.job_name(stage.name)}"
        yield hidden, shared
        for group, cells in parts:
            yield group.name, {"extends": hidden, **_matrix(cells)}

    def _waits(self, stage: StageJobs) -> Value:
        """`needs` of a stage's jobs: the lock, the gate before, the stages that must have passed, the one behind."""
        before = [self._groups[name] for name in stage.needs if name in self._groups]
        first = [self._lock]
        if stage.after and any(gate.id == stage.after for gate in self._gates.values()):
            first.append(self._pipeline.gate(stage.after).name)
        ended = self._ended(stage.behind) if stage.behind in self._groups else ()
        room = MOST - len(first) - len(ended)
        direct = [group for parts in before for group, _ in parts]
        if sum(group.count for group in direct) > room:
            direct = [group for name in stage.needs if name in self._groups for group in self._one(name, Waits.PASSED)]
        label = words.job_name(stage.name)
        passed = self._links.within(
            direct, room, Waits.PASSED, label=f"needs of {label}", stage=jobs.tests_stage(stage.level)
        )
        return needs(first, [*passed, *ended], artifacts=False)

    def _one(self, name: str, waits: Waits) -> tuple[Group, ...]:
        """One job that stands for all of a stage."""
        stage = self._pipeline.stage(name)
        groups = [group for group, _ in self._groups[name]]
        return self._links.within(
            groups, 1, waits, label=words.job_name(stage.name), stage=jobs.tests_stage(stage.level)
        )

    def _ended(self, name: str) -> tuple[Group, ...]:
        return self._one(name, Waits.ENDED)

    def _gate(self, stage: StageJobs) -> Iterator[tuple[str, Value]]:
        if stage.id not in self._gates:
            return
        gate = self._gates[stage.id]
        groups = [group for group, _ in self._groups[stage.id]]
        near = self._links.within(
            groups, MOST - 1, Waits.BUNDLES, label=words.job_name(stage.name), stage=jobs.gates_stage(gate.level)
        )
        yield gate.name, jobs.gate(self._pipeline, gate, self._lock, near)
        for verdict, lines in (("hold", gate.on_hold), ("rollback", gate.on_rollback)):
            if lines:
                yield f"{verdict} {gate.stage}", jobs.reaction(self._pipeline, gate, gate.name, verdict)

    def _bundles(self) -> list[str]:
        """What the report collects from, where links carry the same bundles on; else nothing, and it takes all."""
        if not any(link.waits is Waits.BUNDLES for link in self._links.made):
            return []
        groups = [group.name for stage in self._stages for group, _ in self._groups[stage.id]]
        return [self._lock, *groups, *(gate.name for gate in self._gates.values())]


def _cells(stage: StageJobs) -> Iterator[Cell]:
    for matrix in stage.matrices:
        yield from matrix.cells


def _matrix(cells: Sequence[Cell]) -> dict[str, Value]:
    ids = [cell.job for cell in cells]
    lines: Value = Flow(ids) if len(ids) <= 8 else ids
    return {"parallel": {"matrix": [{jobs.VARIABLE: lines}]}}
