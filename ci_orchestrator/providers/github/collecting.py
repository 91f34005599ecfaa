"""How the bundles of jobs come to the gates and to the report, within what GitHub lists and gives.

`Listed`: they are found by a pattern, while the run has few enough artifacts for that. `Named`: nothing is listed; a
job behind every matrix collects its bundles by their exact names and keeps them together as a *part*, and gates and
report fetch the parts by theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ci_orchestrator.plan.pipeline import GateJob, Limits, Pipeline, Shape, StageJobs
from ci_orchestrator.providers.github.artifacts import download_bundles, download_named, earlier, upload
from ci_orchestrator.providers.github.expressions import compact
from ci_orchestrator.providers.github.pins import COLLECT, ours
from ci_orchestrator.providers.github.steps import PLANNED_JOBS, Step, path_of
from ci_orchestrator.providers.shell import BUNDLES
from ci_orchestrator.providers.yaml import Note, Value

ASKED = 900
"""Jobs whose bundles the REST API is asked for: of its thousand requests in an hour some are left for another try."""
PARTS = "ci-orchestrator-bundles-"
"""What the artifact of a part is called, before the part's own name."""


class Bundles(Protocol):
    """A way in which bundles travel. `permissions`: of the jobs that fetch them."""

    @property
    def permissions(self) -> Mapping[str, Value]: ...

    def of_stage(self, gate: GateJob) -> Iterator[Step]:
        """Fetch what the gate decides on."""
        ...

    def of_all(self) -> Iterator[Step]:
        """Fetch everything that was left."""
        ...


def way_of(pipeline: Pipeline, limits: Limits) -> Listed | Named:
    """The simplest way that fits; the same before and after the jobs are known.

    Without a token the jobs and another attempt of each must fit the list. With one, gates and report each ask once for
    a hundred artifacts, and once for each that they fetch.
    """
    sizes = {stage.id: stage.most for stage in pipeline.stages}
    jobs, gates = sum(sizes.values()), len(pipeline.gates)
    artifacts = jobs + gates + 2
    if 2 * artifacts <= limits["listed"]:
        return Listed(pipeline, token=False)
    fetched = sum(sizes[gate.of] for gate in pipeline.gates) + jobs + gates
    requests = fetched + (1 + gates) * -(-artifacts // 100)
    if jobs <= ASKED and artifacts <= limits["artifacts"] and requests <= limits["requests"]:
        return Listed(pipeline, token=True)
    return Named(pipeline)


@dataclass(frozen=True, slots=True)
class Listed:
    """Found by a pattern. `token`: by the REST API, because the run's own service would not list them all."""

    pipeline: Pipeline
    token: bool

    @property
    def permissions(self) -> Mapping[str, Value]:
        """Listing by the REST API takes one."""
        if not self.token:
            return {}
        return {"actions": Note("read", beside="to list more artifacts than a run can list of itself")}

    def of_stage(self, gate: GateJob) -> Iterator[Step]:
        """The stage's own: shards end like ``_03of12``."""
        yield download_bundles(self.pipeline, f"dtf-{gate.of}{{,_[0-9]*of[0-9]*}}", token=self.token)

    def of_all(self) -> Iterator[Step]:
        """All, the gates' among them."""
        yield download_bundles(self.pipeline, "dtf-*", token=self.token)


@dataclass(frozen=True, slots=True)
class Named:
    """Found by their names, for no request. What an artifact is called has no attempt in it, so that whoever collects
    after another attempt knows it; the directories within it have.
    """

    pipeline: Pipeline

    @property
    def permissions(self) -> Mapping[str, Value]:
        """A run may fetch its own artifacts."""
        return {}

    def collect(self, stage: str, shards: str, part: str, seconds: float) -> Iterator[Step]:
        """Make a part: `shards` is an expression, what the names of its jobs have behind the stage's `stage`, as JSON.

        What earlier attempts left is in it already; a bundle that is not there makes the job red, behind the upload.
        """
        yield earlier(self.pipeline, f"{PARTS}{part}")
        yield self._collect("Collect the bundles", f"dtf-{stage}", shards)
        whole = upload(self.pipeline, f"{PARTS}{part}", f"{BUNDLES}/dtf-*", seconds, overwrite=True)
        yield {"if": "always()", **whole}

    def of_stage(self, gate: GateJob) -> Iterator[Step]:
        """The stage's parts. What is missing speaks for itself, when the gate decides."""
        parts = [self.pipeline.stage(gate.of)]
        yield self._collect("Fetch the bundles", PARTS, self._parts(parts, f".{gate.of}.*.part"), tolerant=True)

    def of_all(self) -> Iterator[Step]:
        """All parts, and what the gates left that decided."""
        yield self._collect("Fetch the bundles", PARTS, self._parts(self.pipeline.stages, ".*.*.part"), tolerant=True)
        for gate in self.pipeline.gates:
            fetch: Step = {"if": f"needs.{gate.id}.result != 'skipped'", "continue-on-error": True}
            yield {**fetch, **download_named(self.pipeline, f"dtf-{gate.id}")}

    def _parts(self, stages: Sequence[StageJobs], within: str) -> str:
        """The names of parts as JSON: written out, or the expression that takes them from the plan job's output."""
        if self.pipeline.shape is Shape.DYNAMIC:
            return f"${{{{ toJSON({PLANNED_JOBS}{within}) }}}}"
        return compact([matrix.id for stage in stages for matrix in stage.matrices])

    def _collect(self, name: str, prefix: str, names: str, *, tolerant: bool = False) -> Step:
        step: Step = {"name": name}
        if tolerant:
            step["continue-on-error"] = True
        with_: Step = {"prefix": prefix, "names": names, "path": path_of(self.pipeline, BUNDLES)}
        return {**step, "uses": ours(COLLECT), "with": with_}
