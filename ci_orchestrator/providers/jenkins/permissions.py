"""What a user of Jenkins must be allowed, by what is asked. docs/how-to/jenkins.md has the same table; tests compare.

Source: https://www.jenkins.io/doc/book/security/access-control/permissions/.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

USER, TOKEN = "JENKINS_USER_ID", "JENKINS_API_TOKEN"
"""Variables with a user and a token of theirs, by the names that Jenkins' own command line reads
(https://www.jenkins.io/doc/book/managing/cli/).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`what` is done with which `requests`. `permission`: as it is called in Jenkins, besides *Overall/Read*."""

    what: str
    permission: str
    requests: tuple[str, ...]

    @property
    def fixes(self) -> Mapping[int, str]:
        """What to do when Jenkins refuses it, by HTTP status. It says 404, too, for what a user may not see."""
        allowed = f"allow the user of the token {self.permission}"
        return {
            401: f"{USER} must be the user whose token {TOKEN} is (their page, *Security*, *API Token*)",
            403: f"{allowed}, and set {USER} and {TOKEN}: without them Jenkins is asked as anybody",
            404: f"check the job's full name and the build's number; or {allowed}",
        }


CHECKING = Operation(what="asking whose the token is", permission="*Overall/Read*", requests=("GET /whoAmI/api/json",))
ARTIFACTS = Operation(
    what="listing and downloading artifacts",
    permission="*Job/Read* (and *Run/Artifacts* where Jenkins is configured to have that)",
    requests=("GET {job}/{build}/api/json", "GET {job}/{build}/artifact/{pattern}/*zip*/{name}.zip"),
)
BUILD = Operation(
    what="reading a build",
    permission="*Job/Read*",
    requests=("GET {job}/{build}/api/json", "GET {job}/api/json"),
)
BUILDS = Operation(
    what="finding the last good build",
    permission="*Job/Read*",
    requests=("GET {job}/api/json", "GET {folder}/api/json"),
)
RUNNERS = Operation(what="listing agents", permission="*Overall/Read*", requests=("GET /computer/api/json",))
EVERY = (CHECKING, ARTIFACTS, BUILD, BUILDS, RUNNERS)
