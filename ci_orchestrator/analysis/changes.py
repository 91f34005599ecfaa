"""Which tests fare otherwise than they did in the base build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ci_orchestrator.results.findings import Changes
from ci_orchestrator.results.merge import FAILURES
from ci_orchestrator.results.model import Outcome, TestResult

_BECAME: Mapping[Outcome, str] = {Outcome.SKIPPED: "newly_skipped", Outcome.NOT_PROVEN: "newly_unproven"}


def compare(now: Sequence[TestResult], base: Sequence[TestResult], *, complete: bool = True) -> Changes:
    """What changed, each test in at most one list, every list sorted by id.

    *Failing* is failed or errored; from one to the other is no change. What was skipped, not proven or absent and fails
    now is newly failing: nothing says that it failed before. What failed and is skipped or not proven now is that, and
    not fixed: only a pass proves a fix. `complete`: both builds ran all of their tests; else an absent test may only
    not have been run, and none is called added or removed. Of two results of one test the last counts.
    """
    before = {one.id: one.outcome for one in base}
    after = {one.id: one.outcome for one in now}
    lists: dict[str, list[str]] = {}
    for test in sorted(before.keys() | after.keys()):
        kind = _kind(after.get(test), before.get(test))
        if kind and (complete or kind not in ("added", "removed")):
            lists.setdefault(kind, []).append(test)
    return Changes(**{kind: tuple(tests) for kind, tests in lists.items()})


def _kind(now: Outcome | None, before: Outcome | None) -> str:
    """The list of `Changes` that a test belongs in; empty when it changed nothing."""
    if now is None:
        return "removed"
    if now in FAILURES:
        return "still_failing" if before in FAILURES else "newly_failing"
    if before is None:
        return "added"
    if now is before:
        return ""
    return _BECAME.get(now) or ("fixed" if before in FAILURES else "")
