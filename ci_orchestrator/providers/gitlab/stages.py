"""The jobs between plan and report, and what each of them needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ci_orchestrator.plan.pipeline import Cell, GateJob, Pipeline, StageJobs
from ci_orchestrator.providers.gitlab import jobs, words
from ci_orchestrator.providers.gitlab.limits import LIMITS
from ci_orchestrator.providers.gitlab.needs import MOST, Group, Links, Waits, needs
from ci_orchestrator.providers.yaml import Flow, Value

_ONE_LINE = 8
"""Cells that a matrix lists on one line."""
_FEW = 8
"""Links that stand for a stage of many jobs: more of them would make a shorter tree, and longer lists of needs."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Cells of a stage that one definition makes."""

    group: Group
    cells: tuple[Cell, ...]


class Stages:
    """Test jobs, links, gates, and what the plan asks for on a verdict. `lock`: the job that has the lock.

    A stage without cells is left out, with its gate; what needs it goes on.
    """

    def __init__(self, pipeline: Pipeline, *, lock: str) -> None:
        self._pipeline, self._lock = pipeline, lock
        self._stages = {stage.id: stage for stage in pipeline.stages if any(one.cells for one in stage.matrices)}
        self._behind = _behind(pipeline, self._stages)
        self._gates = {gate.of: gate for gate in pipeline.gates if gate.of in self._stages}
        self._after = {gate.id: gate.name for gate in self._gates.values()}
        needed = {name for stage in self._stages.values() for name in stage.needs}
        waited = {*needed, *self._behind.values(), *self._gates}
        self._parts = {name: _divided(stage, name in waited) for name, stage in self._stages.items()}
        self._links = Links()

    def names(self) -> list[str]:
        """The GitLab stages, in order."""
        gated = {gate.level for gate in self._gates.values()}
        made: list[str] = []
        for level in sorted({stage.level for stage in self._stages.values()}):
            made += [jobs.tests_stage(level), *([jobs.gates_stage(level)] if level in gated else [])]
        return made

    def all(self) -> dict[str, Value]:
        """Name → job, in the order of the file; the report is the last."""
        whole = {name: jobs.tests(self._pipeline, stage, self._waits(stage)) for name, stage in self._stages.items()}
        gates = {name: dict(self._gate(gate)) for name, gate in self._gates.items()}
        common = _common(list(whole.values()))
        made: dict[str, Value] = {jobs.TEST: {"extends": jobs.WITH_TOOL, **common}} if common else {}
        for name, job in whole.items():
            made |= self._definitions(name, _without(job, common))
            made |= {link.name: jobs.link(self._pipeline, link) for link in self._links.made if link.of.id == name}
            made |= gates.get(name, {})
        return {**made, "report": jobs.report(self._pipeline, self._bundles())}

    def _definitions(self, name: str, job: jobs.Job) -> Iterator[tuple[str, Value]]:
        parts = self._parts[name]
        if len(parts) == 1:
            yield parts[0].group.name, _with_ids(job, parts[0].cells)
            return
        hidden = f".{words.job_name(self._stages[name].name)}"
        yield hidden, job
        for part in parts:
            yield part.group.name, _with_ids({"extends": hidden}, part.cells)

    def _waits(self, stage: StageJobs) -> Value:
        """`needs` of a stage's jobs: the lock, the gate before, the stages that must have passed, the one behind."""
        before = [name for name in stage.needs if name in self._stages]
        others = [Group(self._after[stage.after])] if stage.after in self._after else []
        if stage.id in self._behind:
            others += self._few(self._behind[stage.id], Waits.ENDED)
        room = MOST - 1 - len(others)
        groups = [group for name in before for group in self._groups(name)]
        if sum(group.count for group in groups) > room:
            groups = [group for name in before for group in self._few(name, Waits.PASSED)]
        label = f"needs of {words.job_name(stage.name)}"
        passed = self._links.within(groups, room, Waits.PASSED, label=label, of=stage)
        return needs((self._lock,), [*others, *passed], artifacts=False)

    def _groups(self, name: str) -> list[Group]:
        return [part.group for part in self._parts[name]]

    def _few(self, name: str, waits: Waits) -> tuple[Group, ...]:
        """A few jobs that stand for all of a stage; that it passed, a stage of few jobs says itself."""
        stage = self._stages[name]
        make = self._links.tree if waits is Waits.ENDED else self._links.within
        return make(self._groups(name), _FEW, waits, label=words.job_name(stage.name), of=stage)

    def _gate(self, gate: GateJob) -> Iterator[tuple[str, Value]]:
        stage = self._stages[gate.of]
        first = [self._lock, *([self._after[stage.after]] if stage.after in self._after else [])]
        label = words.job_name(stage.name)
        near = self._links.within(self._groups(gate.of), MOST - len(first), Waits.BUNDLES, label=label, of=stage)
        yield gate.name, jobs.gate(self._pipeline, gate, first, near)
        for verdict, lines in (("hold", gate.on_hold), ("rollback", gate.on_rollback)):
            if lines:
                yield f"{verdict} {gate.stage}", jobs.reaction(self._pipeline, gate, verdict, near)

    def _bundles(self) -> list[str]:
        """What the report collects from, where links carry the same bundles on; else nothing, and it takes all."""
        if not any(link.waits is Waits.BUNDLES for link in self._links.made):
            return []
        groups = [group.name for name in self._stages for group in self._groups(name)]
        return [self._lock, *groups, *(gate.name for gate in self._gates.values())]


def _behind(pipeline: Pipeline, present: Collection[str]) -> dict[str, str]:
    """Stage → the last one before it that has jobs, where stages run one after another."""
    order = {stage.id: stage.behind for stage in pipeline.stages}
    found: dict[str, str] = {}
    for name in present:
        behind = order[name]
        while behind and behind not in present:
            behind = order.get(behind, "")
        if behind:
            found[name] = behind
    return found


def _divided(stage: StageJobs, waited: bool) -> tuple[_Part, ...]:
    """The definitions of a stage's jobs; where others wait for them, none has more instances than a job may need."""
    cells = [cell for matrix in stage.matrices for cell in matrix.cells]
    most = min(MOST, LIMITS["matrix"]) if waited else LIMITS["matrix"]
    parts = [tuple(cells[start : start + most]) for start in range(0, len(cells), most)]
    name = words.job_name(stage.name)
    names = [name] if len(parts) == 1 else [f"{name} part {number}" for number in range(1, len(parts) + 1)]
    return tuple(_Part(Group(each, len(part)), part) for each, part in zip(names, parts, strict=True))


def _common(whole: Sequence[jobs.Job]) -> jobs.Job:
    """What all test jobs say alike, where there are several: it is said once."""
    if len(whole) < 2:
        return {}
    own = {"extends", "stage", "needs"}
    return {
        key: value
        for key, value in whole[0].items()
        if key not in own and all(key in job and job[key] == value for job in whole)
    }


def _without(job: jobs.Job, common: jobs.Job) -> jobs.Job:
    if not common:
        return job
    return {"extends": jobs.TEST, **{key: job[key] for key in job if key not in {"extends", *common}}}


def _with_ids(job: jobs.Job, cells: Sequence[Cell]) -> jobs.Job:
    """The job with the ids that it runs: one as a variable, several as a matrix."""
    ids = [cell.job for cell in cells]
    if len(ids) == 1:
        known = job.get("variables")
        return {**job, "variables": {**(known if isinstance(known, dict) else {}), jobs.VARIABLE: ids[0]}}
    return {**job, "parallel": {"matrix": [{jobs.VARIABLE: Flow(ids) if len(ids) <= _ONE_LINE else ids}]}}
