"""How git is let into the repository, for a memory on one of its branches: checkouts leave no credentials behind.

As an agent does it itself (https://github.com/microsoft/azure-pipelines-agent, src/Agent.Plugins/GitSourceProvider.cs):
a header for the address of the repository, and for no other. Azure Repos take the token of the job; GitHub would be
shown a token that is not for it, and wants one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.plan.pipeline import Pipeline
from ci_orchestrator.providers.azure.permissions import JOB_TOKEN

_GITHUB = ("GITHUB_TOKEN", "GH_TOKEN")
"""Names of a secret with a token for GitHub, the first that the plan names counts."""


def needs_git(pipeline: Pipeline) -> bool:
    """Whether the memory is a branch of a repository."""
    return pipeline.memory.startswith("branch:")


def git_login(pipeline: Pipeline) -> Iterator[str]:
    """Lines of shell, before a command that uses git. Without a token git is as it was."""
    yield 'case "$BUILD_REPOSITORY_PROVIDER" in'
    yield f'  TfsGit) login="${{{JOB_TOKEN}:+bearer ${JOB_TOKEN}}}" ;;'
    for name in [name for name in _GITHUB if name in pipeline.secrets][:1]:
        yield f'  GitHub*) login="${{{name}:+basic $(printf x-access-token:%s "${name}" | base64 | tr -d \'\\n\')}}" ;;'
    yield "  *) login= ;;"
    yield "esac"
    yield 'if [ -n "$login" ]; then'
    yield '  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.$BUILD_REPOSITORY_URI.extraheader"'
    yield '  export GIT_CONFIG_VALUE_0="AUTHORIZATION: $login"'
    yield "fi"
