"""What a build's jobs left at its provider, here: bundles, the lock, and the report of the build to compare with."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ci_orchestrator.api.online import Online
from ci_orchestrator.api.project import LOCK_FILE
from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import ProviderError, UserError
from ci_orchestrator.providers.online import Ability, Artifact, Host
from ci_orchestrator.providers.transfer import fetch
from ci_orchestrator.run.bundle import PREFIX

LOCKS, REPORTS = "ci-orchestrator-lock", "ci-orchestrator-report"
"""What the names of artifacts begin with, beside bundles."""
RESULTS = "results.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Where things are now. `bundles`: the directory that holds them. `lock`: None when the build has none."""

    bundles: Path
    lock: Path | None
    artifacts: int


def collect(online: Online, place: Path, clock: Clock) -> Collected:
    """Fetch the bundles and the lock of this build into `place`, which is made anew.

    Raises `UserError` when the build's host cannot be asked, `ProviderError` when it refuses or has no bundle.
    """
    host = _host(online)
    shutil.rmtree(place, ignore_errors=True)
    bundles = place / "bundles"
    bundles.mkdir(parents=True)
    wanted = [one for one in host.artifacts() if one.name.startswith((PREFIX, LOCKS))]
    for artifact in wanted:
        within = bundles if artifact.name.startswith(PREFIX) else place / "locks"
        within.mkdir(exist_ok=True)
        fetch(host, artifact, within / _directory(artifact), clock=clock)
    if not any(one.name.startswith(PREFIX) for one in wanted):
        raise ProviderError(
            f"build {online.context.build} at {host.name} has no bundles",
            fix="its test jobs must keep them (artifacts called dtf-…), and come before this one",
        )
    locks = sorted((place / "locks").rglob(LOCK_FILE)) if (place / "locks").exists() else []
    return Collected(bundles=bundles, lock=locks[-1] if locks else None, artifacts=len(wanted))


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
        reports = [one for one in host.artifacts(good.id) if one.name.startswith(REPORTS)]
        for number, artifact in enumerate(reversed(reports)):
            place.mkdir(parents=True, exist_ok=True)
            fetch(host, artifact, place / str(number), clock=clock)
            for found in sorted((place / str(number)).rglob(RESULTS)):
                return found, ""
    except (ProviderError, UserError) as error:
        return None, f"no base: {error}"
    return None, f"no base: build {good.id} of {branch} kept no report"


def _host(online: Online) -> Host:
    if online.host is None:
        raise UserError("there is no build to collect from: " + "; ".join(online.why), fix="name what to report on")
    return online.host


def _directory(artifact: Artifact) -> str:
    """A directory's name that no other artifact of the build has; artifacts may be called anything."""
    return (
        artifact.name if _plain(artifact.name) else f"artifact-{artifact.name.encode('utf-8', 'replace').hex()[:100]}"
    )


def _plain(name: str) -> bool:
    return bool(name) and "/" not in name and "\0" not in name and name not in (".", "..") and len(name) < 200
