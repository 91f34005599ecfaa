"""The only place that names concrete classes: which clock, store, queue, crew and provider this process uses."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from ci_orchestrator.clock import Clock, SystemClock
from ci_orchestrator.coordinator.crew import Crew
from ci_orchestrator.coordinator.queue.base import Queue
from ci_orchestrator.coordinator.queue.memory import MemoryQueue
from ci_orchestrator.errors import UserError
from ci_orchestrator.history.opening import Opened
from ci_orchestrator.history.opening import open_history as open_history  # noqa: PLC0414 - wired through
from ci_orchestrator.providers.azure.context import AzureCi
from ci_orchestrator.providers.base import TOKENS, Ci
from ci_orchestrator.providers.github.context import GithubCi
from ci_orchestrator.providers.gitlab.context import GitlabCi
from ci_orchestrator.providers.jenkins.context import JenkinsCi
from ci_orchestrator.providers.local.context import LocalCi


def system_clock() -> Clock:
    """The machine's clock."""
    return SystemClock()


def new_queue() -> Queue:
    """The queue of one run on this machine."""
    return MemoryQueue()


def new_crew(root: Path, workers: int | None, *, marker: str = "") -> Crew:
    """The workers of this machine; `workers` at once, by default as many as there are CPUs that we may use."""
    if workers is not None and workers < 1:
        raise UserError(f"{workers} workers can do nothing", fix="--workers takes 1 or more")
    return Crew(root, os.environ, width=workers or usable_cpus(), marker=marker or uuid4().hex, hidden=TOKENS)


def this_ci(environ: Mapping[str, str], root: Path, out: TextIO) -> Ci:
    """Where this process runs, by the variables that each provider documents for that question. `root`: the project's
    directory, below which files are left; `out`: the stream that is the job's log.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        return GithubCi.read(environ, root, out)
    if environ.get("GITLAB_CI") == "true":
        return GitlabCi.read(environ, root)
    if environ.get("TF_BUILD", "").lower() == "true":
        return AzureCi.read(environ, root, out)
    if environ.get("JENKINS_URL"):
        return JenkinsCi.read(environ, root)
    return LocalCi()


def usable_cpus() -> int:
    """CPUs that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


__all__ = ["Opened", "new_crew", "new_queue", "open_history", "system_clock", "this_ci", "usable_cpus"]
