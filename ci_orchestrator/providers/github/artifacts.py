"""The steps that carry locks, bundles and reports from job to job, as artifacts."""

from __future__ import annotations

from math import ceil

from ci_orchestrator.plan.pipeline import Pipeline
from ci_orchestrator.providers.github.limits import LIMITS
from ci_orchestrator.providers.github.pins import pinned
from ci_orchestrator.providers.github.steps import ATTEMPT, Step, path_of
from ci_orchestrator.providers.shell import BUNDLES, LOCK, REPORT, STATE
from ci_orchestrator.providers.yaml import Value

DAY = 86_400
AGAIN = "github.run_attempt != '1'"
"""The condition of what only a later attempt does."""
LOCK_ARTIFACT = "ci-orchestrator-lock"
REPORT_ARTIFACT = "ci-orchestrator-report"


def upload(pipeline: Pipeline, name: str, path: str, keep: float, **more: Value) -> Step:
    """Keep something as an artifact. `path` is relative to the project; `keep`: seconds; `more`: further inputs."""
    days = min(max(1, ceil(keep / DAY)), LIMITS["retention"])
    with_: Step = {"name": name, "path": path_of(pipeline, path)}
    with_ |= {"include-hidden-files": True, "retention-days": days}
    return {"uses": pinned("actions/upload-artifact"), "with": with_ | more}


def keep_bundle(pipeline: Pipeline, job: str, seconds: float) -> Step:
    """Keep a job's bundle, also a red one's. `job`: its id, or the expression that gives it; `seconds`: how long.

    The star makes the bundle's own directory part of the artifact, so that many can be merged into one place. Another
    attempt takes the artifact's place, and brings the bundles of those before along (`earlier_bundles`).
    """
    kept = upload(pipeline, f"dtf-{job}", f"{BUNDLES}/dtf-{job}-*", seconds, overwrite=True)
    return {"if": "always()", **kept}


def earlier_bundles(pipeline: Pipeline, job: str) -> Step:
    """Fetch what earlier attempts of a job left. There may be nothing: then all of its tests run again."""
    return earlier(pipeline, f"dtf-{job}")


def earlier(pipeline: Pipeline, artifact: str) -> Step:
    """Fetch bundles that earlier attempts put into an artifact, if there is one."""
    start: Step = {"name": "Fetch what earlier attempts left", "if": AGAIN, "continue-on-error": True}
    return {**start, **download_named(pipeline, artifact)}


def upload_lock(pipeline: Pipeline) -> Step:
    """Keep the lock. Whoever runs everything again plans again; whoever runs failed jobs again has the first lock."""
    more: Step = {"if-no-files-found": "error", "overwrite": True}
    return upload(pipeline, LOCK_ARTIFACT, LOCK, pipeline.retain, **more)


def upload_report(pipeline: Pipeline) -> Step:
    """Keep the report."""
    return {"if": "always()", **upload(pipeline, f"{REPORT_ARTIFACT}-{ATTEMPT}", REPORT, pipeline.retain)}


def download_lock(pipeline: Pipeline) -> Step:
    """Fetch the lock."""
    with_: Step = {"name": LOCK_ARTIFACT, "path": path_of(pipeline, STATE)}
    return {"uses": pinned("actions/download-artifact"), "with": with_}


def download_named(pipeline: Pipeline, artifact: str) -> Step:
    """Fetch one artifact with bundles."""
    with_: Step = {"name": artifact, "path": path_of(pipeline, BUNDLES)}
    return {"uses": pinned("actions/download-artifact"), "with": with_}


def download_bundles(pipeline: Pipeline, pattern: str, *, token: bool) -> Step:
    """Fetch bundles; each brings its directory along.

    `token`: ask the REST API, because the run's own service would not list them all.
    """
    with_: Step = {"pattern": pattern, "path": path_of(pipeline, BUNDLES), "merge-multiple": True}
    if token:
        with_["github-token"] = "${{ github.token }}"
    return {"uses": pinned("actions/download-artifact"), "with": with_}
