"""Names of secrets that a job could not be handed: they would change what its programs do before any test runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from ci_orchestrator.capabilities.units import RefusedError
from ci_orchestrator.plan.fields import EnvName

OURS = "CI_ORCHESTRATOR_"
"""What the names of our own variables begin with: in a job they say which job it is, and more."""
_USED = {
    "BASH_ENV": "bash runs the file that it names",
    "ENV": "sh runs the file that it names",
    "HOME": "programs keep their settings there",
    "IFS": "the shell divides words by it",
    "JAVA_TOOL_OPTIONS": "every Java obeys it",
    "NODE_OPTIONS": "every Node.js obeys it",
    "PATH": "programs are found by it",
    "SHELL": "programs start the shell that it names",
}
_BEGINNINGS = {
    OURS: f"variables that begin with {OURS} are ci-orchestrator's own",
    "DYLD_": "variables that begin with DYLD_ decide which libraries programs load",
    "GIT_": "variables that begin with GIT_ are settings of git",
    "LD_": "variables that begin with LD_ decide which libraries programs load",
    "PYTHON": "variables that begin with PYTHON are settings of Python",
}
_KEPT = "GITHUB_TOKEN"


def _check(name: str) -> str:
    why = next((why for start, why in _BEGINNINGS.items() if name.startswith(start)), "")
    if name in _USED:
        why = f"a secret cannot be called {name}: {_USED[name]}"
    elif name.upper().startswith("GITHUB_") and name != _KEPT:
        why = f"GitHub keeps no secret whose name begins with GITHUB_, but {_KEPT}, which it makes itself"
    if why:
        raise RefusedError(why, "call the secret something else")
    return name


SecretVariable = Annotated[EnvName, AfterValidator(_check)]
"""The name of a secret, under which it stands in the environment of what it is for. For GitHub's rule see
https://docs.github.com/actions/reference/security/secrets#naming-your-secrets."""
