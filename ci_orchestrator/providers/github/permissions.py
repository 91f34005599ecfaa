"""What a token must be allowed, for each thing that is asked of GitHub.

Source: https://docs.github.com/rest/authentication/permissions-required-for-github-apps; a workflow's ``permissions:``
and fine-grained personal tokens have the same. The table in docs/how-to/github.md is this one, and the tests compare
both with the requests that are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_REPOSITORY = "/repos/{owner}/{repo}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`what` is done with which `requests`. `permission`: as it stands in a workflow, or on a fine-grained token.

    `in_workflow`: GITHUB_TOKEN can have it. `classic`: the scope of a classic personal token; empty when it cannot.
    """

    what: str
    permission: str
    requests: tuple[str, ...]
    in_workflow: bool = True
    classic: str = "repo"

    @property
    def fixes(self) -> Mapping[int, str]:
        """What to do when GitHub refuses it, by HTTP status. It says 404 for what a token may not see, too."""
        if not self.in_workflow:
            fix = (
                f"it takes a fine-grained personal token, or one of a GitHub App, with `{self.permission}`, in "
                "GITHUB_TOKEN; the token of a workflow cannot have that"
            )
        else:
            fix = f"the token must be allowed `{self.permission}`: in a workflow, under `permissions:` of the job"
            if self.permission.endswith("write"):
                fix += "; a pull request from a fork never has it, and a workflow that follows it (workflow_run) has"
        if not self.classic:
            fix += "; a classic personal token cannot do this at all"
        return {403: fix, 404: f"{fix}; or there is no such thing: check the repository's name"}


ARTIFACTS = Operation(
    what="listing and downloading artifacts",
    permission="actions: read",
    requests=(
        f"GET {_REPOSITORY}/actions/runs/{{run_id}}/artifacts",
        f"GET {_REPOSITORY}/actions/artifacts/{{artifact_id}}/{{archive_format}}",
    ),
)
CLEANING = Operation(
    what="deleting an artifact",
    permission="actions: write",
    requests=(f"DELETE {_REPOSITORY}/actions/artifacts/{{artifact_id}}",),
)
CHECKING = Operation(what="checking the token", permission="metadata: read", requests=(f"GET {_REPOSITORY}",))
BUILD = Operation(
    what="reading a build", permission="actions: read", requests=(f"GET {_REPOSITORY}/actions/runs/{{run_id}}",)
)
BUILDS = Operation(
    what="finding the last good build",
    permission="actions: read",
    requests=(
        f"GET {_REPOSITORY}/actions/runs/{{run_id}}",
        f"GET {_REPOSITORY}/actions/workflows/{{workflow_id}}/runs",
        f"GET {_REPOSITORY}/actions/runs",
    ),
)
RUNNERS = Operation(
    what="listing runners",
    permission="administration: read",
    requests=(f"GET {_REPOSITORY}", f"GET {_REPOSITORY}/actions/runners"),
    in_workflow=False,
)
SHARED_RUNNERS = Operation(
    what="listing groups of runners",
    permission="organization_self_hosted_runners: read",
    requests=(
        "GET /orgs/{org}/actions/runner-groups",
        "GET /orgs/{org}/actions/runner-groups/{runner_group_id}/runners",
    ),
    in_workflow=False,
    classic="admin:org",
)
READING = Operation(
    what="reading comments and the change",
    permission="pull-requests: read",
    requests=(
        f"GET {_REPOSITORY}/issues/{{issue_number}}/comments",
        f"GET {_REPOSITORY}/pulls/{{pull_number}}",
        f"GET {_REPOSITORY}/pulls",
        f"GET {_REPOSITORY}/commits/{{commit_sha}}/pulls",
        "GET /user",
    ),
)
COMMENTING = Operation(
    what="writing a comment",
    permission="pull-requests: write",
    requests=(
        f"POST {_REPOSITORY}/issues/{{issue_number}}/comments",
        f"PATCH {_REPOSITORY}/issues/comments/{{comment_id}}",
        f"DELETE {_REPOSITORY}/issues/comments/{{comment_id}}",
    ),
)
STATUS = Operation(
    what="setting a status", permission="statuses: write", requests=(f"POST {_REPOSITORY}/statuses/{{sha}}",)
)
SAID = Operation(
    what="reading statuses", permission="statuses: read", requests=(f"GET {_REPOSITORY}/commits/{{ref}}/status",)
)
CHECKED = Operation(
    what="reading checks", permission="checks: read", requests=(f"GET {_REPOSITORY}/commits/{{ref}}/check-runs",)
)
CHECK = Operation(
    what="publishing a check",
    permission="checks: write",
    requests=(f"POST {_REPOSITORY}/check-runs", f"PATCH {_REPOSITORY}/check-runs/{{check_run_id}}"),
    classic="",
)
IMAGES = Operation(
    what="keeping an image",
    permission="contents: write",
    requests=(
        f"PUT {_REPOSITORY}/contents/{{path}}",
        f"POST {_REPOSITORY}/git/trees",
        f"POST {_REPOSITORY}/git/commits",
        f"POST {_REPOSITORY}/git/refs",
    ),
)
OPERATIONS = (
    CHECKING,
    ARTIFACTS,
    BUILD,
    BUILDS,
    CLEANING,
    READING,
    COMMENTING,
    STATUS,
    SAID,
    CHECKED,
    CHECK,
    IMAGES,
    RUNNERS,
    SHARED_RUNNERS,
)
