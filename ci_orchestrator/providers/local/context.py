"""The local machine as a provider: what git says of the project, and nobody to tell anything."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_orchestrator.providers.base import Context, Finding
from ci_orchestrator.results.report import NO_LINKS, Links

_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class LocalCi:
    """See `providers.base.Ci`: no pipeline, so no attempts and no one who listens."""

    attempt: None = None
    links: Links = NO_LINKS
    name: str = "local"

    def publish(self, values: Mapping[str, str]) -> None:
        """Nobody follows."""

    def summarise(self, markdown: str) -> None:
        """There is no build to show it with."""

    def point_out(self, findings: Sequence[Finding]) -> None:
        """The terminal has them."""


def read_context(project: Path) -> Context:
    """The project's revision and branch; an empty context where there is no git or no repository."""
    revision = _git(project, "rev-parse", "--verify", "--quiet", "HEAD")
    if not revision:
        return Context()
    return Context(
        revision=revision,
        branch=_git(project, "symbolic-ref", "--short", "--quiet", "HEAD"),
        dirty=bool(_git(project, "status", "--porcelain", "--untracked-files=no")),
    )


def repository(project: Path) -> Path:
    """The root of the repository that a project is in; the project itself where there is none."""
    top = _git(project, "rev-parse", "--show-toplevel")
    return Path(top).resolve() if top else project.resolve()


def merged(project: Path) -> tuple[str, ...]:
    """The revisions that what is checked out is a merge of; none where it is no merge."""
    parents = tuple(_git(project, "rev-parse", "--quiet", "HEAD^@").split())
    return parents if len(parents) > 1 else ()


def source_of(project: Path) -> str:
    """What is checked out, so that results of one state are not taken for those of another: the tree of the revision,
    which is the same for merges that are made twice; then ``+`` and a digest of what was changed since in files that
    git knows. Empty where there is no git.
    """
    tree = _git(project, "rev-parse", "--verify", "--quiet", "HEAD^{tree}")
    changes = _git(project, "diff", "--no-ext-diff", "--no-textconv", "--binary", "HEAD") if tree else ""
    return f"{tree}+{hashlib.sha256(changes.encode(errors='replace')).hexdigest()[:16]}" if changes else tree


def remote(project: Path) -> str:
    """The address of the repository that the project was cloned from; empty where there is none."""
    return _git(project, "remote", "get-url", "origin")


def tracked_files(project: Path) -> frozenset[str]:
    """All files of the project that git knows, by paths from there; none where there is no git."""
    return frozenset(filter(None, _git(project, "ls-files", "-z", "--cached").split("\0")))


def _git(project: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", *arguments],
            cwd=project,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
