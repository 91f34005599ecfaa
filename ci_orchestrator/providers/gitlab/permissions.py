"""What each thing that we ask of GitLab takes, and what to do where it is refused.

Sources: https://docs.gitlab.com/user/permissions/ (roles), https://docs.gitlab.com/user/profile/personal_access_tokens/
(scopes), https://docs.gitlab.com/ci/jobs/ci_job_token/ and …/ci/jobs/fine_grained_permissions/ (what a job's own token
may do; that it cannot write notes is https://gitlab.com/gitlab-org/gitlab/-/issues/545150).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

TOKEN = "GITLAB_TOKEN"  # noqa: S105 - the name of the variable
NO_FIXES: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Permission:
    """`what`: the operation in words. `scope`, `role`: what a project access token needs at least, in a private
    project. `job`: the job's own token does, too.
    """

    what: str
    scope: str
    role: str
    job: bool = False

    def remedy(self) -> str:
        """How to get a token that may."""
        return (
            f"make a project access token (Settings, Access tokens) with the role {self.role} and the scope "
            f"{self.scope}, and add it as the masked CI/CD variable {TOKEN}"
        )

    def fixes(self) -> Mapping[int, str]:
        """What to do by the HTTP status. GitLab says 404 for what a token may not see."""
        missing = f"check the project's path and the number; or the token may not see it: {self.remedy()}"
        return {401: self.remedy(), 403: self.remedy(), 404: missing}


class Asks(Enum):
    """Everything that is asked of GitLab."""

    CHECK = Permission("checking the token", "read_api", "Guest")
    ARTIFACTS = Permission("listing artifacts", "read_api", "Reporter", job=True)
    DOWNLOAD = Permission("downloading an artifact", "read_api", "Reporter", job=True)
    DELETE = Permission("deleting artifacts", "api", "Maintainer")
    BUILD = Permission("reading a pipeline", "read_api", "Reporter")
    BUILDS = Permission("listing pipelines", "read_api", "Reporter")
    RUNNERS = Permission("listing runners", "read_api", "Maintainer")
    COMMENTS = Permission("reading notes", "read_api", "Reporter", job=True)
    COMMENT = Permission("writing a note", "api", "Reporter")
    CHANGE = Permission("reading a merge request", "read_api", "Reporter", job=True)
    STATUSES = Permission("reading statuses", "read_api", "Reporter")
    STATUS = Permission("setting a status", "api", "Developer")
    ATTACH = Permission("uploading an image", "api", "Reporter")
