"""Pipelines of Azure Pipelines: one stage of jobs, so that one job's outputs can be another's matrix."""

from __future__ import annotations

import json

from ci_orchestrator.plan.pipeline import Limits, Matrix, Pipeline, Rendered
from ci_orchestrator.providers.azure.document import document
from ci_orchestrator.providers.azure.jobs import leg
from ci_orchestrator.providers.azure.limits import LIMITS


class Azure:
    """Writes one file of jobs. A matrix is a native object, which costs the template parser next to nothing."""

    limits: Limits = LIMITS
    path: str = "azure-pipelines.yml"

    def render(self, pipeline: Pipeline, path: str) -> Rendered:
        """The file. Raises `PlanError` at a wall, and for what Azure would evaluate or cannot find an agent for."""
        return Rendered(main=path, files={path: document(pipeline, path)})

    def emit(self, pipeline: Pipeline) -> str:
        """Logging commands: for each matrix an output variable of this step with its legs, empty when it has none."""
        return "".join(_variable(matrix) for stage in pipeline.stages for matrix in stage.matrices)


def _variable(matrix: Matrix) -> str:
    legs = {cell.job: leg(cell.job) for cell in matrix.cells}
    value = json.dumps(legs, separators=(",", ":")) if legs else ""
    return f"##vso[task.setvariable variable=jobs_{matrix.id};isOutput=true]{value}\n"


RENDERER = Azure()
