"""What a build's jobs left at its provider, here: bundles, the lock, and the report of the build to compare with."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ci_orchestrator.api.online import Online, host_of
from ci_orchestrator.api.project import LOCK_FILE
from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import ProviderError, UserError
from ci_orchestrator.providers.local.host import THIS_BUILD
from ci_orchestrator.providers.online import Ability
from ci_orchestrator.providers.transfer import fetch
from ci_orchestrator.run.bundle import PREFIX, find_bundles

OURS = (PREFIX, "ci-orchestrator-lock")
"""What the names of our artifacts begin with, where a pipeline can name them. Elsewhere (GitLab, Jenkins) there is one
for each job or build, called like that, with ours inside."""
REPORT = "report"
"""What is in the name of an artifact with a report: its own name, or that of the job that makes it."""
RESULTS = "results.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Where things are now. `lock`: None when the build has none."""

    bundles: tuple[Path, ...]
    lock: Path | None


def collect(online: Online, place: Path, clock: Clock, *, build: str = "") -> Collected:
    """Fetch the bundles and the lock of a build, by default of this one, into `place`, which is made anew.

    Raises `UserError` when the build's host cannot be asked, `ProviderError` when it refuses.
    """
    host = host_of(online)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    every = list(host.artifacts(build))
    wanted = [one for one in every if one.name.startswith(OURS)] or every
    for number, artifact in enumerate(sorted(wanted, key=lambda one: (one.created, one.name, one.key))):
        fetch(host, artifact, place / f"{number:05}", clock=clock)
    bundles = find_bundles(place)
    # what a test keeps in its bundle may be called like a lock, and is none of ours
    locks = [one for one in sorted(place.rglob(LOCK_FILE)) if not any(map(one.is_relative_to, bundles))]
    return Collected(bundles=bundles, lock=locks[-1] if locks else None)


def nothing_kept(online: Online, build: str) -> ProviderError:
    """A build without bundles and without a lock: with a lock it would be known what is not proven."""
    return ProviderError(
        f"build {build or online.context.build or THIS_BUILD} at {host_of(online).name} has no bundles",
        fix="its test jobs must keep them (artifacts called dtf-…), and come before this one",
    )


def fetch_base(online: Online, place: Path, clock: Clock) -> tuple[Path | None, str]:
    """The ``results.json`` of the last good build of the branch that the change goes to, and why there is none."""
    host, branch = online.host, online.context.base
    if host is None or Ability.LAST_GOOD not in host.abilities or not branch:
        return None, ""
    shutil.rmtree(place, ignore_errors=True)
    try:
        good = host.last_good(branch)
        if good is None:
            return None, f"no base: {host.name} has no build of {branch} that ended well"
        every = list(host.artifacts(good.id))
        reports = [one for one in every if REPORT in one.name.lower()] or every
        place.mkdir(parents=True)
        for number, artifact in enumerate(sorted(reports, key=lambda one: (-one.created, one.name, one.key))):
            fetch(host, artifact, place / str(number), clock=clock)
            for found in sorted((place / str(number)).rglob(RESULTS)):
                return found, ""
    except (ProviderError, UserError) as error:
        return None, f"no base: {error}"
    return None, f"no base: build {good.id} of {branch} kept no report"
