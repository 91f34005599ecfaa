"""What GitLab answers, as our values. Of each answer only what is used is read; what is missing is its default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from ci_orchestrator.providers.online import Artifact, Build, Runner, RunnerState, Status, StatusState

Fields = Mapping[str, object]
"""An object of GitLab's JSON."""

_CHANGE = re.compile(r"refs/merge-requests/([1-9][0-9]{0,17})/(head|merge|train)", re.ASCII)
"""The refs of pipelines of merge requests."""
_UNNAMED = "artifacts.zip"
"""What GitLab calls the archive of a job whose `artifacts` have no `name`."""
_OTHERS = frozenset({"external", "parent_pipeline"})
"""Sources of pipelines that are none of their own: of statuses that somebody set, and of other pipelines."""
STATES = {
    StatusState.SUCCESS: "success",
    StatusState.FAILURE: "failed",
    StatusState.ERROR: "failed",
    StatusState.PENDING: "pending",
    StatusState.NEUTRAL: "success",
}
"""What GitLab is told. It has no state for what says nothing; ``canceled`` and ``skipped`` would stop a merge."""
_TOLD = {
    "success": StatusState.SUCCESS,
    "failed": StatusState.FAILURE,
    "canceled": StatusState.ERROR,
    "manual": StatusState.NEUTRAL,
    "skipped": StatusState.NEUTRAL,
}


def text(fields: Fields, name: str) -> str:
    """A text, or a number as one."""
    value = fields.get(name)
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def number(fields: Fields, name: str) -> int:
    """A whole number, 0 where there is none."""
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def inside(fields: Fields, name: str) -> Fields:
    """An object within an object."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def moment(fields: Fields, name: str) -> float:
    """A time (ISO 8601) as Unix seconds."""
    try:
        found = datetime.fromisoformat(text(fields, name))
    except ValueError:
        return 0.0
    return found.timestamp() if found.tzinfo else 0.0


def artifact(job: Fields, build: str) -> Artifact | None:
    """The archive of a job, None when it left none. It is named as `artifacts: name` has it, else as the job."""
    archive = inside(job, "artifacts_file")
    file, job_id = text(archive, "filename"), number(job, "id")
    if not file or not job_id:
        return None
    return Artifact(
        name=text(job, "name") if file == _UNNAMED else file.removesuffix(".zip"),
        key=str(job_id),
        build=build,
        size=number(archive, "size"),
        created=moment(job, "finished_at") or moment(job, "created_at"),
        expires=moment(job, "artifacts_expire_at"),
    )


def child(bridge: Fields) -> str:
    """The pipeline that a job of this project triggered in this project, as a child; empty when there is none."""
    downstream, own = inside(bridge, "downstream_pipeline"), inside(bridge, "pipeline")
    same = number(own, "project_id") and number(own, "project_id") == number(downstream, "project_id")
    return text(downstream, "id") if same else ""


def build(pipeline: Fields) -> Build | None:
    """A pipeline, None when it is none of the project's own."""
    if text(pipeline, "source") in _OTHERS:
        return None
    return any_build(pipeline)


def any_build(pipeline: Fields) -> Build:
    """A pipeline of a branch, or of a tag. One of a merge request is that only in the fork which it comes from."""
    return Build(
        id=text(pipeline, "id"),
        revision=text(pipeline, "sha"),
        branch="" if pipeline.get("tag") is True else text(pipeline, "ref"),
        url=text(pipeline, "web_url"),
        fork=text(pipeline, "source") == "merge_request_event",
    )


def change_ref(pipeline: Fields) -> tuple[int, bool] | None:
    """The merge request that a pipeline is of, and whether it is of a merge with the target branch.

    See https://docs.gitlab.com/ci/pipelines/merge_request_pipelines/ and …/merged_results_pipelines/.
    """
    found = _CHANGE.fullmatch(text(pipeline, "ref"))
    return (int(found[1]), found[2] != "head") if found else None


def build_of_change(pipeline: Fields, change: Fields, number: int, revision: str) -> Build:
    """A pipeline of a merge request, of which GitLab says `change`."""
    return Build(
        id=text(pipeline, "id"),
        revision=revision,
        branch=text(change, "source_branch"),
        url=text(pipeline, "web_url"),
        change=number,
        base=text(change, "target_branch"),
        fork=not same_project(change),
    )


def runner(listed: Fields, details: Fields) -> Runner:
    """`listed`: as the project lists it, with what it does now (`job_execution_status`, from GitLab 17 on; without it,
    what is online counts as idle). `details`: with its tags. One that is paused takes no jobs.
    """
    tags = details.get("tag_list")
    online = listed.get("online") is True or text(listed, "status") == "online"
    idle = RunnerState.BUSY if text(listed, "job_execution_status") == "active" else RunnerState.IDLE
    return Runner(
        name=text(listed, "description") or f"runner {text(listed, 'id')}",
        state=idle if online and listed.get("paused") is not True else RunnerState.OFFLINE,
        labels=tuple(sorted({tag for tag in tags if isinstance(tag, str)})) if isinstance(tags, list) else (),
        group=text(listed, "runner_type").removesuffix("_type"),
    )


def status(fields: Fields) -> Status:
    """A status of a commit. One that may fail says nothing when it does."""
    state = _TOLD.get(text(fields, "status"), StatusState.PENDING)
    allowed = fields.get("allow_failure") is True and state is StatusState.FAILURE
    return Status(
        name=text(fields, "name"),
        state=StatusState.NEUTRAL if allowed else state,
        description=text(fields, "description"),
        url=text(fields, "target_url"),
    )


def proposes(change: Fields, revision: str) -> bool:
    """Whether an open merge request has this revision as its head."""
    return text(change, "state") == "opened" and text(change, "sha") == revision


def at_home(change: Fields) -> bool:
    """Whether an open merge request is of a branch of its own project, and not of a fork."""
    return text(change, "state") == "opened" and same_project(change)


def same_project(change: Fields) -> bool:
    """Whether a merge request is said to come from its own project."""
    home = number(change, "target_project_id")
    return home != 0 and number(change, "source_project_id") == home


def already(error: str) -> bool:
    """Whether a status was refused because it says what is being said: that something runs, or is about to.

    See https://gitlab.com/gitlab-org/gitlab-foss/-/issues/25807.
    """
    return bool(re.search(r"Cannot transition status via :enqueue from :(?:pending|running)\b", error))
