"""Bundles as they are found: whose they are, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from filecmp import cmp
from pathlib import Path

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.plan.lock import Lock
from ci_orchestrator.results import events
from ci_orchestrator.run.bundle import (
    EVENTS,
    MANIFEST,
    Manifest,
    by_attempt,
    damaged,
    find_bundles,
    read_events,
    read_manifest,
)

_NAME = re.compile(r"dtf-([a-z][a-z0-9_]{0,59})-([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One bundle, read.

    `job`, `attempt`: by its manifest, else by its events, else by its name. `ended`: it has a manifest. `foreign`: the
    digest of another lock than the one asked about, empty when it has none. `sources`: what was tested, as far as that
    is told. `problems`: what in it cannot be believed.
    """

    name: str
    job: str
    attempt: int
    ended: bool
    foreign: str
    sources: frozenset[str]
    problems: tuple[str, ...]
    log: tuple[events.Event, ...]


def read_bundle(bundle: Path, lock: Lock | None) -> Bundle:
    """Read a bundle whole. A manifest that is damaged or of a newer schema is a problem, and no end of its job; so is
    what cannot be read."""
    problems: list[str] = []
    manifest: Manifest | None = None
    every: list[events.Event | events.Unreadable] = []
    try:
        manifest = read_manifest(bundle)
    except ResultsError as error:
        problems.append(str(error))
    except OSError as error:
        problems.append(f"{bundle.name}/{MANIFEST}: cannot be read: {error.strerror}")
    try:
        every += read_events(bundle)
    except OSError as error:
        problems.append(f"{bundle.name}/{EVENTS}: cannot be read: {error.strerror}")
    log = tuple(event for event in every if isinstance(event, events.Event))
    problems += [f"{bundle.name}: {problem}" for problem in (damaged(bundle, manifest) if manifest else ())]
    problems += [f"{bundle.name}/{EVENTS}:{one.line}: {one.why}" for one in every if isinstance(one, events.Unreadable)]
    others = _locks(manifest, log) - {lock.digest} if lock else set()
    job, attempt = _whose(bundle, manifest, log)
    if not 0 <= attempt < 1_000_000_000:
        problems.append(f"{bundle.name}/{EVENTS}: nobody counts to {attempt} attempts")
        attempt = 0
    return Bundle(
        name=bundle.name,
        job=job,
        attempt=attempt,
        ended=manifest is not None,
        foreign=min(others, default=""),
        sources=frozenset(event.source for event in log if isinstance(event, events.JobStarted) and event.source),
        problems=tuple(problems),
        log=log,
    )


def distinct(bundles: Iterable[Path]) -> Iterator[Path]:
    """Each bundle once: a later try carries those of earlier ones along where a provider keeps only the last, and then
    some come twice.
    """
    alike: dict[str, list[Path]] = {}
    for bundle in dict.fromkeys(bundles):
        before = alike.setdefault(bundle.name, [])
        if not any(_same(bundle, other) for other in before):
            before.append(bundle)
            yield bundle


def _same(bundle: Path, other: Path) -> bool:
    """Whether both tell the same. One that cannot be read is told by whoever reads it."""
    there = [name for name in (EVENTS, MANIFEST) if (bundle / name).exists() or (other / name).exists()]
    try:
        return all(cmp(bundle / name, other / name, shallow=False) for name in there)
    except OSError:
        return False


def by_job(bundles: Iterable[Path]) -> Iterator[list[Path]]:
    """The bundles of each job together, its tries in their order."""
    jobs: dict[str, list[Path]] = {}
    for bundle in bundles:
        jobs.setdefault(bundle.name.rpartition("-")[0], []).append(bundle)
    return (sorted(jobs[job], key=lambda one: by_attempt(one)[2]) for job in sorted(jobs))


def trees(sources: Iterable[str]) -> frozenset[str]:
    """The revisions' trees that sources begin with: what jobs make of their checkout before the tests is their own."""
    return frozenset(source.partition("+")[0] for source in sources)


def bundles_of(lock: Lock, root: Path) -> tuple[Path, ...]:
    """The bundles below `root` that jobs and gates of this lock left, whether or not they came to their end; and those
    that cannot be read, which could be anyone's.
    """
    return tuple(bundle for bundle in find_bundles(root) if _may_be_of(lock, bundle))


def _may_be_of(lock: Lock, bundle: Path) -> bool:
    try:
        manifest = read_manifest(bundle)
        if manifest is not None:
            return manifest.lock == lock.digest
        log = tuple(event for event in read_events(bundle) if isinstance(event, events.Event))
    except (OSError, ResultsError):
        return True
    return lock.digest in _locks(None, log)


def _locks(manifest: Manifest | None, log: tuple[events.Event, ...]) -> set[str]:
    told = {event.lock for event in log if isinstance(event, (events.JobStarted, events.GateDecided))}
    return told | ({manifest.lock} if manifest else set())


def _whose(bundle: Path, manifest: Manifest | None, log: tuple[events.Event, ...]) -> tuple[str, int]:
    if manifest is not None:
        return manifest.job, manifest.attempt
    if log:
        return log[0].job, log[0].attempt
    named = _NAME.fullmatch(bundle.name)
    return (named[1], int(named[2])) if named else ("", 0)
