"""The proof that collected = planned = reported, over all jobs, attempts and retries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.merge import merge, result
from ci_orchestrator.results.model import Outcome, TestResult
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
    for name in missing - found.keys():
        every[name] = result(name, (), fold.dead.get(name, ""))
    certificate = Certificate(
        certified=True,
        lock=lock,
        planned=len(owed),
        reported=len(owed & proven),
        missing=tuple(sorted(missing)),
        duplicate=tuple(sorted(name for name, jobs in fold.reporters.items() if len(jobs) > 1)),
        unexpected=tuple(sorted(found.keys() - owed)),
        dead=tuple(sorted(fold.dead.keys() & missing)),
        withheld=tuple(sorted(fold.withheld.items())),
        skipped_at_collection=tuple(sorted({**skipped, **fold.collection_skipped}.items())),
    )
    return certificate, tuple(every[name] for name in sorted(every))
