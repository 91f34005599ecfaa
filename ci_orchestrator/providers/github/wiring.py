"""What waits for what in a workflow, and when it runs all the same.

GitHub's implicit ``success()`` looks at all ancestors, so a stage behind a gate would be skipped for a red job before
that gate: every job that may start after something red says so with results of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ci_orchestrator.plan.pipeline import GateJob, Pipeline, Shape, StageJobs
from ci_orchestrator.providers.github.expressions import condition
from ci_orchestrator.providers.github.steps import PLANNED_JOBS

PLANNED = "needs.plan.result == 'success'"
UNPLANNED = "needs.plan.result != 'success'"


@dataclass(frozen=True, slots=True)
class Wire:
    """`needs`: keys of jobs, in order, each once. `condition`: of the job, empty for GitHub's own."""

    needs: tuple[str, ...]
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The connections of one pipeline.

    `grouped`: each stage is one job of the workflow, called like the stage, rather than one for each matrix.
    `collectors`: stage → the job of the workflow that collects its bundles, where it is another one.
    """

    pipeline: Pipeline
    grouped: bool = False
    collectors: Mapping[str, str] = field(default_factory=dict)

    @property
    def dynamic(self) -> bool:
        """Whether the jobs are known only when the plan job has run."""
        return self.pipeline.shape is Shape.DYNAMIC

    def keys(self, stage: StageJobs) -> list[str]:
        """The jobs of the workflow that are a stage."""
        return [stage.id] if self.grouped else [matrix.id for matrix in stage.matrices]

    def cells(self, key: str) -> str:
        """The expression that is the list of what a job of the workflow makes jobs of; null when there is none."""
        return f"{PLANNED_JOBS}.{key}"

    def stage(self, stage: StageJobs, key: str) -> Wire:
        """When those jobs of a stage start that `key` makes."""
        needed = [each for name in stage.needs for each in self.keys(self.pipeline.stage(name))]
        before = self._before(stage, key)
        needs = _once(["plan", *needed, *([stage.after] if stage.after else []), *before])
        present = [f"{self.cells(key)} != null"] if self.dynamic else []
        if not (stage.after or before or (self.dynamic and needed)):
            return Wire(needs, condition(present))
        parts = ["!cancelled()", PLANNED, *present, *map(self._passed, needed)]
        if stage.after:
            parts.append(f"needs.{stage.after}.result == 'success'")
        return Wire(needs, condition(parts))

    def _before(self, stage: StageJobs, key: str) -> list[str]:
        """What must have ended, however it did: in a sequential pipeline all jobs are in one row."""
        keys = self.keys(stage)
        row = keys[: keys.index(key)] if self.pipeline.sequential else ()
        if row:
            return [row[-1]]
        return self.keys(self.pipeline.stage(stage.behind)) if stage.behind else []

    def gate(self, gate: GateJob) -> Wire:
        """A gate decides whenever its stage ran, whatever came of that."""
        judged = self.keys(self.pipeline.stage(gate.of))
        ran = " || ".join(f"needs.{each}.result != 'skipped'" for each in judged)
        parts = ["!cancelled()", PLANNED, f"({ran})" if len(judged) > 1 else ran]
        collector = self.collectors.get(gate.of)
        return Wire(("plan", *judged, *([collector] if collector else [])), condition(parts))

    def collector(self, stage: StageJobs) -> Wire:
        """What collects behind a stage runs whenever that ran."""
        return Wire(("plan", stage.id), condition(["always()", f"needs.{stage.id}.result != 'skipped'"]))

    def verdict(self, gate: GateJob, verdict: str) -> Wire:
        """What runs when a gate said hold or rollback."""
        return Wire((gate.id,), condition(["!cancelled()", f"needs.{gate.id}.outputs.verdict == '{verdict}'"]))

    def end(self, others: Iterable[str]) -> Wire:
        """The report runs after everything, whatever happened: a required check that was skipped counts as passed."""
        return Wire(("plan", *others), "always()")

    def _passed(self, key: str) -> str:
        """All that `key` makes have passed, or there are none."""
        passed = f"needs.{key}.result == 'success'"
        return f"({passed} || {self.cells(key)} == null)" if self.dynamic else passed


def _once(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
