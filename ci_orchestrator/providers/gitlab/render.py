"""GitLab CI: a static `.gitlab-ci.yml`, or one whose plan job makes a child pipeline."""

from __future__ import annotations

from ci_orchestrator.plan.pipeline import Limits, Pipeline, Rendered, Shape
from ci_orchestrator.providers.gitlab import document
from ci_orchestrator.providers.gitlab.limits import LIMITS


class GitLab:
    """See `ci_orchestrator.providers.base.Renderer`."""

    limits: Limits = LIMITS
    path: str = ".gitlab-ci.yml"

    def render(self, pipeline: Pipeline, path: str) -> Rendered:
        """One file: all jobs of a static pipeline, or the parent of a dynamic one. Raises `PlanError`."""
        write = document.static if pipeline.shape is Shape.STATIC else document.parent
        return Rendered(main=path, files={path: write(pipeline, path)})

    def emit(self, pipeline: Pipeline) -> str:
        """The child pipeline of a lock. Raises `PlanError`."""
        return document.child(pipeline)


RENDERER = GitLab()
