"""A gate with a longest time, over the bundles that jobs left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from canaries import canary_lock, job_log, leave, outcomes_of, project_with

from ci_orchestrator.api.gating import gate_stage
from ci_orchestrator.plan.lock import plan_of
from ci_orchestrator.results import events

PLAN = """
gates: {canary: {error-rate: {confidence: 80%}, latency: {max: 200ms}}}
suites: {live: {tool: pytest, stages: [50, 100], gate: canary}}
"""
TESTS = {"live": [f"l.py::t{number:02}" for number in range(80)]}


@pytest.mark.parametrize(("duration", "verdict"), [(0.1, "proceed"), (0.3, "rollback"), (0.0, "hold")])
def test_what_tests_took_is_read_from_the_bundles(tmp_path: Path, duration: float, verdict: str) -> None:
    lock = canary_lock(PLAN, TESTS)
    project = project_with(tmp_path, lock)
    job = lock.gate("live-50").jobs[0]
    log = job_log(lock, job, outcomes_of(lock, job))
    timed = [replace(one, duration=duration) if isinstance(one, events.TestFinished) else one for one in log]
    leave(project.state / "bundles", lock, timed)
    gated = gate_stage(project, "live-50")
    assert (gated.decision.verdict, "200ms" in gated.decision.why) == (verdict, True)


def test_the_longest_time_survives_the_lock() -> None:
    latency = plan_of(canary_lock(PLAN, TESTS)).gates["canary"].latency
    assert latency is not None
    assert (latency.max, latency.compare) == (0.2, None)
