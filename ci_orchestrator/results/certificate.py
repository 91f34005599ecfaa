"""The proof that collected = planned = reported, over all jobs, attempts and retries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.merge import merge, result
from ci_orchestrator.results.model import Cause, Outcome, TestResult
from ci_orchestrator.results.report import Certificate


def certify(
    planned: Iterable[str],
    fold: Fold,
    *,
    lock: str,
    skipped: Mapping[str, str],
    extra: Iterable[TestResult] = (),
) -> tuple[Certificate, tuple[TestResult, ...]]:
    """Hold what was reported against what was planned.

    `planned`: the ids of the lock; `skipped`: modules that were skipped at collection (``suite::path`` → reason);
    `extra`: results that came in files, without events.
    Returns the certificate and one result for every planned or reported test, sorted by id: a planned test without a
    result is *not proven*, with the reason if one is known.
    """
    owed = set(planned)
    found = {one.id: one for one in merge(fold.results().values(), extra)}
    proven = {name for name, one in found.items() if one.outcome is not Outcome.NOT_PROVEN}
    missing = owed - proven
    every = dict(found)
    modules = {**skipped, **fold.collection_skipped}
    for name in missing - found.keys():
        every[name] = result(name, ())
    certificate = Certificate(
        certified=True,
        lock=lock,
        planned=len(owed),
        reported=len(owed & proven),
        missing=tuple(sorted(missing)),
        duplicate=tuple(sorted(name for name, one in found.items() if _twice(one))),
        unexpected=tuple(sorted(found.keys() - owed - modules.keys())),
        dead=tuple(sorted(fold.dead.keys() & missing)),
        withheld=tuple((name, one.reason) for name, one in sorted(found.items()) if _withheld(one)),
        skipped_at_collection=tuple(sorted(modules.items())),
    )
    return certificate, tuple(every[name] for name in sorted(every))


def _twice(one: TestResult) -> bool:
    """Whether more than one job reported the test, or two reports of the same attempt say different things."""
    if len(one.attempts) == 1:
        return False
    attempts = {(attempt.job, attempt.order) for attempt in one.attempts}
    return len(attempts) < len(one.attempts) or len({attempt.job for attempt in one.attempts}) > 1


def _withheld(one: TestResult) -> bool:
    """Whether that it was not run is the last that is known of the test."""
    return one.last is not None and one.last.cause is Cause.WITHHELD
