"""What a token must be allowed, by what is asked with it. docs/how-to/azure.md has the same table, and a test compares.

Sources: https://learn.microsoft.com/azure/devops/integrate/get-started/authentication/oauth#scopes (the scopes and what
they are called where a token is made), …/azure/devops/organizations/security/permissions (those of an identity). The
published descriptions of the REST API name the scopes of each operation; the contract server compares, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

JOB_TOKEN = "SYSTEM_ACCESSTOKEN"  # noqa: S105 - the name of a variable
"""The token of the job itself. A step has it only when its `env` says so."""
PERSONAL_TOKEN = "AZURE_DEVOPS_EXT_PAT"  # noqa: S105
"""A personal access token, by the name that the Azure CLI reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """`scope`: of a token, by its id; `label`: the same where a token is made. `role`: what the identity of a build
    must be allowed where it uses the job's own token.
    """

    scope: str
    label: str
    role: str

    def fixes(self, project: str) -> Mapping[int, str]:
        """What to do about a status."""
        mine = f"a personal access token in {PERSONAL_TOKEN} needs the scope {self.label}"
        return {
            401: f"hand the step a token: `{JOB_TOKEN}: $(System.AccessToken)` in its `env`; {mine}",
            403: f"allow the identity `{project} Build Service` to {self.role}; {mine}",
            404: f"check the names; Azure says this, too, of what may not be seen: {self.role}; {mine}",
        }


BUILDS = Permission(scope="vso.build", label="Build (Read)", role="*View builds* of the pipeline")
POOLS = Permission(scope="vso.agentpools", label="Agent Pools (Read)", role="*Reader* of each agent pool")
CODE = Permission(scope="vso.code", label="Code (Read)", role="*Read* the repository")
THREADS = Permission(
    scope="vso.threads_full",
    label="Pull Request Threads (Read & write)",
    role="*Contribute to pull requests* of the repository",
)
STATUSES = Permission(scope="vso.code_status", label="Code (Status)", role="*Contribute* to the repository")
ATTACHMENTS = Permission(
    scope="vso.code_write", label="Code (Read & write)", role="*Contribute to pull requests* of the repository"
)
RESULTS = Permission(
    scope="vso.test_write",
    label="Test Management (Read & write)",
    role="*Create test runs* and *Delete test runs* of the project",
)
EVERY: tuple[Permission, ...] = (BUILDS, POOLS, CODE, THREADS, STATUSES, ATTACHMENTS, RESULTS)
