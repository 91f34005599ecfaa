"""The address of what keeps the history between builds: what cannot be one is refused where it is written."""

from __future__ import annotations

import re

from ci_orchestrator.capabilities.units import RefusedError, shown

BRANCH = "branch"
"""The scheme of a branch of a repository."""
_LOGIN = re.compile(r"://[^/]*@|[?&](?:ssl)?password=")
_CHARACTERS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]*", re.ASCII)
_NO_BRANCH = re.compile(r"/\.|\.\.|//|\.lock(?:/|$)|[./]$|^HEAD$|^refs/")
FORMS = "write branch:NAME, a folder, s3://BUCKET/PREFIX or postgresql://HOST/DATABASE"
"""What to write instead."""


def check_memory(place: str) -> str:
    """`place`, when it can be one. It tells no password: plans are committed, and commands are shown in logs."""
    if _LOGIN.search(place):
        raise RefusedError(
            "the address of the memory has a user or a password in it",
            "leave it out, and name the variables with it under `pipeline: secrets`, such as PGPASSWORD",
        )
    scheme, rest = parts(place)
    if scheme == "memory":
        raise RefusedError("a memory that ends with the process keeps nothing between builds", FORMS)
    branch, _, remote = rest.partition("@")
    if scheme == BRANCH and not is_branch(branch):
        raise RefusedError(f"{shown(branch)} cannot be the name of a branch", "write branch:NAME, or NAME@REMOTE")
    if scheme == BRANCH and remote.startswith("-"):
        raise RefusedError(f"{shown(remote)} is no remote", "write the name of a remote after the @, or its address")
    if scheme == "s3" and not rest.removeprefix("//").partition("/")[0]:
        raise RefusedError(f"{shown(place)} names no bucket", "write s3://BUCKET/PREFIX")
    if not rest:
        raise RefusedError(f"{shown(place)} names no place", FORMS)
    return place


def parts(place: str) -> tuple[str, str]:
    """Scheme and rest; a path has no scheme."""
    scheme, colon, rest = place.partition(":")
    return (scheme, rest) if colon and "/" not in scheme else ("", place)


def own_branch(place: str) -> str:
    """The branch of the project's own repository that keeps the history; empty when it is kept elsewhere."""
    scheme, rest = parts(place)
    branch, _, remote = rest.partition("@")
    return branch if scheme == BRANCH and remote in ("", "origin") else ""


def is_branch(name: str) -> bool:
    """Whether git takes `name` for a branch (https://git-scm.com/docs/git-check-ref-format), and it needs no escaping
    in any pipeline.
    """
    return _CHARACTERS.fullmatch(name) is not None and _NO_BRANCH.search(name) is None
