"""A job that is tried again: GitLab counts no tries, and brings nothing of those before but what is in a cache."""

from __future__ import annotations

from ci_orchestrator.plan.pipeline import Pipeline, Shape
from ci_orchestrator.providers.gitlab.words import inside
from ci_orchestrator.providers.shell import BUNDLES
from ci_orchestrator.providers.yaml import Flow, Value

PARENT = "PARENT_PIPELINE_ID"
"""The variable by which a child pipeline knows the one that has the lock."""


def cache(pipeline: Pipeline, variable: str) -> Value:
    """What a try that failed leaves for the next one of the same job in the same pipeline. `variable`: holds its id.

    Not `unprotect`: what runs on other branches cannot put anything into a protected branch's.
    """
    return {
        "key": f"ci-orchestrator-tries-${_pipeline(pipeline)}-${variable}",
        "paths": Flow([inside(pipeline.root, f"{BUNDLES}/")]),
        "when": "on_failure",
    }


def sorted_out(pipeline: Pipeline) -> str:
    """The line that puts bundles of earlier tries into a directory of their own, where ``artifacts: reports`` does not
    look: GitLab shows how the tests ended, not how they began. It is there when the cache brought it; without it,
    bundles are left over in a directory that was not cleaned, from who knows which pipeline.
    """
    earlier = f'{BUNDLES}/earlier-"${_pipeline(pipeline)}"'
    return (
        f"if [ -d {earlier} ]; then\n"
        f"  find {BUNDLES} -maxdepth 1 -name 'dtf-*' -exec mv {{}} {earlier} \\;\n"
        "else\n"
        f"  rm -rf {BUNDLES}\n"
        f"  mkdir -p {earlier}\n"
        "fi\n"
    )


def _pipeline(pipeline: Pipeline) -> str:
    """The variable with the pipeline that has the lock: of a child that is started anew, jobs go on as well."""
    return PARENT if pipeline.shape is Shape.DYNAMIC else "CI_PIPELINE_ID"
