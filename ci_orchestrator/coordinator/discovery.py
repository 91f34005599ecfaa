"""Discovery: every suite lists its own tests, several workers to a suite, and the first of them stay on to run them."""

from __future__ import annotations

import queue
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci_orchestrator.clock import Clock
from ci_orchestrator.coordinator.crew import Crew
from ci_orchestrator.errors import DiscoveryError, Where
from ci_orchestrator.plan.models import Suite
from ci_orchestrator.run.process import describe_exit
from ci_orchestrator.run.tools.base import Collected, Gone

_MESSAGE = 4_000
MAX_LOST = 10
"""Collectors that a suite may lose before it cannot be listed. Another takes over what a lost one had claimed."""
MAX_LOST_IN_FILE = 2
"""Collectors that may be lost while they import the same file: a second time is no accident."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one suite has. `tests`: ``path::name``; within a path in the tool's order, the paths in any."""

    suite: str
    tests: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Search:
    suite: Suite
    wanted: int
    claims: Path
    only: frozenset[str] | None
    keep: bool
    opened: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    done: list[Collected] = field(default_factory=list)


class Discovery:
    """Collects suites with a crew. Workers that are kept are ready members of the crew afterwards."""

    def __init__(self, crew: Crew, clock: Clock) -> None:
        self._crew = crew
        self._clock = clock
        self._searches: dict[str, _Search] = {}

    def run(self, suites: Sequence[Suite], *, keep: bool, only: frozenset[str] | None = None) -> dict[str, Found]:
        """List the tests of `suites`, most urgent first. `only`: no other paths, which may all be without tests here.

        Without `keep` all workers end afterwards; with it, as many as the crew is wide stay.
        Raises `DiscoveryError` for the first suite, in order, that cannot be listed.
        """
        each = max(1, self._crew.width // max(1, len(suites)))
        waiting = [
            _Search(suite, each, self._crew.claims(), only, keep and index * each < self._crew.width)
            for index, suite in enumerate(suites)
        ]
        searches = list(waiting)
        deadline = self._clock.monotonic() + max((suite.timeout for suite in suites), default=0.0)
        try:
            while any(len(search.done) < search.wanted for search in searches):
                self._open_next(waiting)
                self._listen(deadline)
            return {search.suite.name: _merge(search) for search in searches}
        except BaseException:
            end_all(self._crew, self._clock)
            raise

    def _open_next(self, waiting: list[_Search]) -> None:
        collecting = sum(member.collected is None for member in self._crew.members.values())
        while waiting and collecting < self._crew.width:
            search = waiting[0]
            self._open(search)
            search.opened += 1
            collecting += 1
            if search.opened == search.wanted:
                waiting.pop(0)

    def _open(self, search: _Search) -> None:
        member = self._crew.open(search.suite, claims=search.claims, only=search.only)
        self._searches[member.name] = search

    def _replace(self, search: _Search, worker: str, gone: Gone) -> None:
        """A collector is lost: what it had claimed is free again, and another collects it."""
        last = _release(search.claims, worker)
        search.lost[last] += 1
        if gone.failed or search.lost[last] >= MAX_LOST_IN_FILE or search.lost.total() >= MAX_LOST:
            raise _failed(search.suite, gone, last)
        self._open(search)

    def _listen(self, deadline: float) -> None:
        try:
            worker, message = self._crew.inbox.get(timeout=max(0.0, deadline - self._clock.monotonic()))
        except queue.Empty:
            names = sorted(
                {search.suite.name for search in self._searches.values() if len(search.done) < search.wanted}
            )
            raise DiscoveryError(
                f"collecting {', '.join(names)} took longer than the job's timeout",
                fix="look for work at import time in the test modules, or raise `timeout`",
            ) from None
        member = self._crew.members[worker]
        search = self._searches[worker]
        if isinstance(message, Collected):
            member.note(message)
            search.done.append(message)
            if not search.keep:
                member.stopping = True
                member.session.stop()
        elif isinstance(message, Gone):
            self._crew.forget(member)
            if member.collected is None:
                self._replace(search, worker, message)


def _merge(search: _Search) -> Found:
    """One list from all collectors, whoever collected what."""
    suite = search.suite
    errors = sorted({error for part in search.done for error in part.errors} | set(_clashes(search.done)))
    if errors:
        shown = "\n".join(f"  {path}: {_cut(text)}" for path, text in errors)
        raise DiscoveryError(
            f"suite {suite.name}: {len(errors)} error{'s' if len(errors) > 1 else ''} in collection\n{shown}",
            fix="mend the file, or leave it out of the suite's `paths`",
            where=Where(errors[0][0].partition("::")[0]),
        )
    tests: dict[str, None] = {}
    for part in search.done:
        tests.update(dict.fromkeys(part.tests))
    if not tests and not suite.allow_empty and search.only is None:
        raise DiscoveryError(
            f"suite {suite.name} has no tests",
            fix="check its `paths` and `args`; if it may be empty, say `allow-empty: true`",
        )
    skipped = sorted({one for part in search.done for one in part.skipped})
    return Found(suite.name, tuple(tests), tuple(skipped))


def _clashes(parts: Sequence[Collected]) -> Iterator[tuple[str, str]]:
    """Files that are the same module: whoever imports both is refused, so it must not depend on who imports which."""
    first: dict[str, str] = {}
    for name, path in sorted({one for part in parts for one in part.modules}):
        if first.setdefault(name, path) != path:
            why = f"{first[name]} is the module {name!r}, too (import file mismatch)"
            yield path, f"{why}: rename one, or make packages with __init__.py, or use --import-mode=importlib"


def _release(claims: Path, worker: str) -> str:
    """Give back what a lost worker had claimed; returns the file that it claimed last: it was importing that."""
    last = (0, "")
    for claim in claims.iterdir():
        owner, _, path = claim.read_text(encoding="utf-8").partition("\n")
        if owner == worker:
            last = max(last, (claim.stat().st_mtime_ns, path))
            claim.unlink()
    return last[1]


def _failed(suite: Suite, gone: Gone, last: str) -> DiscoveryError:
    why = gone.failed or f"its collector ended ({describe_exit(gone.exit_code)})"
    during = f" while it imported {last}" if last and not gone.failed else ""
    return DiscoveryError(
        f"suite {suite.name} could not be listed: {why}{during}\n{_cut(gone.evidence)}".rstrip(),
        fix="run its tool by hand in the suite's directory; it says the same",
        where=Where(last) if during else None,
    )


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _MESSAGE else f"{text[:_MESSAGE]} …"


def end_all(crew: Crew, clock: Clock, *, seconds: float = 30.0) -> None:
    """End every worker at once and wait until all are gone (at most `seconds`)."""
    for member in crew.members.values():
        member.session.kill()
    deadline = clock.monotonic() + seconds
    while crew.members and clock.monotonic() < deadline:
        try:
            worker, message = crew.inbox.get(timeout=max(0.0, deadline - clock.monotonic()))
        except queue.Empty:
            break
        if isinstance(message, Gone):
            crew.forget(crew.members[worker])
