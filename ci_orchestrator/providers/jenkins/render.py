"""Pipelines as a declarative Jenkinsfile."""

from __future__ import annotations

from ci_orchestrator.plan.pipeline import Limits, Pipeline, Rendered
from ci_orchestrator.providers.jenkins import data
from ci_orchestrator.providers.jenkins.document import document
from ci_orchestrator.providers.jenkins.limits import LIMITS


class Jenkins:
    """Writes a Jenkinsfile: a declarative frame, functions of constant size, and data in JSON.

    No native ``matrix``: it becomes one method, which broke at its 19th cell (ceph/ceph-build#2643), it cannot stand
    within ``parallel``, and in a dynamic pipeline its cells are not known.
    """

    limits: Limits = LIMITS
    path: str = "Jenkinsfile"

    def render(self, pipeline: Pipeline, path: str) -> Rendered:
        """The Jenkinsfile. Raises `PlanError` at a wall, for `services`, and for a runner class without a label."""
        return Rendered(main=path, files={path: document(pipeline, path)})

    def emit(self, pipeline: Pipeline) -> str:
        """What ``readJSON`` reads: stage → job → its name."""
        return "\n".join([*data.cells_json(pipeline), ""])


RENDERER = Jenkins()
