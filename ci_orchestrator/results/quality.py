"""What a final gate says of a whole build: pass, fail or inconclusive, with every reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ci_orchestrator.errors import ExitCode


class Judgement(StrEnum):
    """What a rule, or a final gate, comes to. *Inconclusive*: something that it needs is missing."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


_CODES = {
    Judgement.PASS: ExitCode.OK,
    Judgement.FAIL: ExitCode.GATE_FAILED,
    Judgement.INCONCLUSIVE: ExitCode.GATE_HOLDS,
}


FAILURES = "failures"
"""The rule of every final gate on tests that failed."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What one rule says. `rule`: its place in the plan (``coverage.changed-lines``); `said`: one line for people."""

    rule: str
    judgement: Judgement
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityGate:
    """A final gate: it fails when a rule fails, else is inconclusive when one is, else passes."""

    name: str
    reasons: tuple[Reason, ...] = ()

    @property
    def verdict(self) -> Judgement:
        found = {reason.judgement for reason in self.reasons}
        worst = (one for one in (Judgement.FAIL, Judgement.INCONCLUSIVE) if one in found)
        return next(worst, Judgement.PASS)

    @property
    def exit_code(self) -> ExitCode:
        """0, 4 or 5."""
        return _CODES[self.verdict]


def judges_failures(quality: Iterable[QualityGate]) -> bool:
    """Whether how many tests may fail is for these gates to say, and no longer decided by each failure."""
    return any(reason.rule == FAILURES for gate in quality for reason in gate.reasons)
