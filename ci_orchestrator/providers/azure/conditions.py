"""Which job waits for which, and under what condition it then starts."""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.plan.pipeline import GateJob, Matrix, Pipeline, Shape, StageJobs
from ci_orchestrator.providers.azure.expressions import every, output, some, succeeded
from ci_orchestrator.providers.yaml import Note, Value

Wires = dict[str, Value]
"""`dependsOn` and `condition` of a job."""


class Wiring:
    """The dependencies of a pipeline's jobs.

    Conditions name the jobs that count: a bare ``succeeded()`` would look at all before them, and a red job before a
    gate must not hold up what the gate lets through. A condition of one's own replaces the check that the run was not
    stopped: it stands there again.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._stages = {stage.id: stage for stage in pipeline.stages}
        self._gates = {gate.id: gate for gate in pipeline.gates}

    def stage(self, stage: StageJobs, matrix: Matrix) -> Wires:
        """Of the jobs of a matrix: what they need has passed, and the gate before them let them start."""
        depends, passed, others = ["plan"], ["plan"], []
        if self._dynamic:
            others.append(f"ne({self._cells(matrix)}, '')")
        for job, planned in self._before(stage):
            depends.append(job)
            if self._dynamic:
                # Where no job was planned there is nothing that could have failed.
                others.append(some([succeeded([job]), f"eq({self._cells(planned)}, '')"]))
            else:
                passed.append(job)
        if stage.behind:
            gates = [gate.id for gate in self._pipeline.gates if gate.of == stage.behind]
            depends += [*self._jobs(stage.behind), *gates]
        depends += self._row(stage, matrix)
        condition = every(["not(canceled())", succeeded(passed), *others])
        return {"dependsOn": list(dict.fromkeys(depends)), "condition": condition}

    def gate(self, gate: GateJob) -> Wires:
        """Of a gate: its stage has started, however it ended."""
        jobs = self._jobs(gate.of)
        started = some([f"ne(dependencies.{job}.result, 'Skipped')" for job in jobs])
        return {"dependsOn": ["plan", *jobs], "condition": every(["not(canceled())", succeeded(["plan"]), started])}

    def report(self) -> Wires:
        """Of the report: there is a lock."""
        jobs = [job for stage in self._pipeline.stages for job in self._jobs(stage.id)]
        gates = [gate.id for gate in self._pipeline.gates]
        why = "However the jobs ended, also when the run was stopped."
        condition = Note("in(dependencies.plan.result, 'Succeeded', 'SucceededWithIssues')", above=[why])
        return {"dependsOn": ["plan", *jobs, *gates], "condition": condition}

    @property
    def _dynamic(self) -> bool:
        return self._pipeline.shape is Shape.DYNAMIC

    def _jobs(self, stage: str) -> list[str]:
        return [matrix.id for matrix in self._stages[stage].matrices]

    def _row(self, stage: StageJobs, matrix: Matrix) -> list[str]:
        """Where not all jobs may run at once, one matrix waits for the one before it."""
        ids = [other.id for other in stage.matrices]
        at = ids.index(matrix.id)
        return ids[at - 1 : at] if stage.at_once is not None else []

    def _before(self, stage: StageJobs) -> Iterator[tuple[str, Matrix]]:
        """The jobs that must have passed, and the matrix without which there was nothing to pass."""
        for need in stage.needs:
            for matrix in self._stages[need].matrices:
                yield matrix.id, matrix
        if stage.after:
            yield stage.after, self._stages[self._gates[stage.after].of].matrices[0]

    def _cells(self, matrix: Matrix) -> str:
        return output("plan", "emit", f"jobs_{matrix.id}")
