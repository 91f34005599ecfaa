"""The workers over time, as columns for the page's scripts: one lane a worker, one bar an attempt at a test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise

from ci_orchestrator.results.model import LONGEST
from ci_orchestrator.results.report import Span

Lane = tuple[str, list[Span]]


def lanes(timeline: Iterable[Span]) -> list[Lane]:
    """One lane a worker, in the order in which they began, with its spans by start.

    On one machine a worker serves several jobs, one test at a time; on several machines each job has workers of the
    same names, at the same time. Spans tell the two apart: where jobs overlap in a worker, it is several workers.
    """
    workers: dict[str, list[Span]] = {}
    for span in timeline:
        if 0 <= span.start <= span.end <= LONGEST:
            workers.setdefault(span.worker, []).append(span)
    found = chain.from_iterable(_parted(worker, own) for worker, own in workers.items())
    return sorted(found, key=lambda lane: (lane[1][0].start, lane[0]))


def _parted(worker: str, spans: list[Span]) -> Sequence[Lane]:
    spans.sort(key=lambda span: (span.start, span.end, span.job, span.test))
    if not any(after.start < before.end and after.job != before.job for before, after in pairwise(spans)):
        return [(worker, spans)]
    jobs: dict[str, list[Span]] = {}
    for span in spans:
        jobs.setdefault(span.job, []).append(span)
    return [(" · ".join(filter(None, (job, worker))), some) for job, some in jobs.items()]
