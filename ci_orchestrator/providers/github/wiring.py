"""What waits for what in a workflow, and when it runs all the same.

GitHub's implicit ``success()`` looks at all ancestors, so a stage behind a gate would be skipped for a red job before
that gate: every job that may start after something red says so with results of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ci_orchestrator.plan.pipeline import GateJob, Matrix, Pipeline, Shape, StageJobs
from ci_orchestrator.providers.github.expressions import condition

PLANNED = "needs.plan.result == 'success'"


@dataclass(frozen=True, slots=True)
class Wire:
    """`needs`: keys of jobs, in order, each once. `condition`: of the job, empty for GitHub's own."""

    needs: tuple[str, ...]
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The connections of one pipeline."""

    pipeline: Pipeline

    @property
    def dynamic(self) -> bool:
        """Whether the jobs are known only when the plan job has run."""
        return self.pipeline.shape is Shape.DYNAMIC

    def cells(self, matrix: Matrix) -> str:
        """The expression that is the list of a matrix's cells; null when it has none."""
        return f"fromJSON(needs.plan.outputs.jobs).{matrix.id}"

    def stage(self, stage: StageJobs, matrix: Matrix) -> Wire:
        """When the jobs of one matrix of a stage start."""
        needed = [each for name in stage.needs for each in self.pipeline.stage(name).matrices]
        before = self._before(stage, matrix)
        needs = _once(["plan", *(each.id for each in needed), *([stage.after] if stage.after else []), *before])
        present = [f"{self.cells(matrix)} != null"] if self.dynamic else []
        if not (stage.after or before or (self.dynamic and needed)):
            return Wire(needs, condition(present))
        parts = ["!cancelled()", PLANNED, *present, *map(self._passed, needed)]
        if stage.after:
            parts.append(f"needs.{stage.after}.result == 'success'")
        return Wire(needs, condition(parts))

    def _before(self, stage: StageJobs, matrix: Matrix) -> list[str]:
        """What must have ended, however it did: in a sequential pipeline all jobs are in one row."""
        row = stage.matrices[: stage.matrices.index(matrix)] if self.pipeline.sequential else ()
        if row:
            return [row[-1].id]
        return [each.id for each in self.pipeline.stage(stage.behind).matrices] if stage.behind else []

    def gate(self, gate: GateJob) -> Wire:
        """A gate decides whenever its stage ran, whatever came of that."""
        judged = [matrix.id for matrix in self.pipeline.stage(gate.of).matrices]
        ran = " || ".join(f"needs.{each}.result != 'skipped'" for each in judged)
        parts = ["!cancelled()", PLANNED, f"({ran})" if len(judged) > 1 else ran]
        return Wire(("plan", *judged), condition(parts))

    def verdict(self, gate: GateJob, verdict: str) -> Wire:
        """What runs when a gate said hold or rollback."""
        return Wire((gate.id,), condition(["!cancelled()", f"needs.{gate.id}.outputs.verdict == '{verdict}'"]))

    def end(self, others: Iterable[str]) -> Wire:
        """The report runs after everything, also after cancellation, if there is a lock to report on."""
        return Wire(("plan", *others), condition(["always()", PLANNED]))

    def _passed(self, matrix: Matrix) -> str:
        """All jobs of a matrix have passed, or there are none."""
        passed = f"needs.{matrix.id}.result == 'success'"
        return f"({passed} || {self.cells(matrix)} == null)" if self.dynamic else passed


def _once(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
