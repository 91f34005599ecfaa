"""The gates of a run: when each decides, and what that means for the jobs that wait for it. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ci_orchestrator.analysis.gates import NO_TESTS, decide, recorded
from ci_orchestrator.coordinator.commands import Emit, GateSpec
from ci_orchestrator.coordinator.jobs import Job
from ci_orchestrator.results.model import Outcome, Verdict
from ci_orchestrator.results.withholding import GATE


class Gates:
    """Decides each gate once; what an earlier, interrupted run decided stands."""

    def __init__(self, specs: Iterable[GateSpec]) -> None:
        self._open = {spec.id: spec for spec in specs}
        self._answers: dict[str, str] = {}
        self._timed = any(spec.policy.latency is not None for spec in self._open.values())
        self._took: dict[str, float] = {}
        for spec in list(self._open.values()):
            if spec.decided is not None:
                self._settle(spec, _answer(spec, spec.decided))

    def answer(self, gate: str) -> str | None:
        """Why the jobs behind a gate are withheld; empty when they may start, None while that is open."""
        return self._answers.get(gate) if gate else ""

    def took(self, test: str, seconds: float | None) -> None:
        """A test has its final outcome and took so long (None: nobody measured it); kept where a gate asks for it."""
        if self._timed and seconds is not None:
            self._took[test] = seconds

    def decide(self, jobs: Mapping[str, Job], outcomes: Mapping[str, Outcome], now: float) -> Iterator[Emit]:
        """Decide the gates whose stages have ended.

        A stage that was withheld as a whole was decided upon before: its reason is passed on.
        """
        for spec in list(self._open.values()):
            stage = [jobs[name] for name in spec.jobs]
            if any(job.state != "finished" for job in stage):
                continue
            tests = [test for job in stage for test in job.tests()]
            if stage and all(job.withheld for job in stage):
                self._settle(spec, min(job.withheld for job in stage))
                continue
            final = [(outcomes.get(test, Outcome.NOT_PROVEN), self._took.get(test)) for test in tests]
            decision = decide(spec.policy, final) if tests else NO_TESTS
            self._settle(spec, _answer(spec, decision.verdict))
            yield Emit(
                recorded(decision, gate=spec.id, stage=spec.stage, lock=spec.lock, attempt=spec.attempt, now=now)
            )

    def _settle(self, spec: GateSpec, answer: str) -> None:
        del self._open[spec.id]
        self._answers[spec.id] = answer


def _answer(spec: GateSpec, verdict: Verdict) -> str:
    return "" if verdict is Verdict.PROCEED else f"{GATE}{spec.stage}"
