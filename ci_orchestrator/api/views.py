"""Plans as JSON values: what ``plan --json`` and ``plan --show`` print."""

from __future__ import annotations

from typing import Any

from ci_orchestrator.api.planning import Planned


def plan_view(planned: Planned) -> dict[str, Any]:
    """The whole decision without the tests' names. Seconds, unless it says milliseconds."""
    lock, schedule = planned.lock, planned.schedule
    total, path = schedule.critical_path
    return {
        "lock": lock.digest,
        "jobs": [
            {
                "id": job.id,
                "name": job.name,
                "suite": job.suite,
                "stage": job.stage,
                "level": job.level,
                "after": job.after,
                "runner": job.runner,
                "needs": [need.label.removeprefix("needs:") for need in job.needs],
                "tests": len(job.tests),
                "estimate": job.seconds,
            }
            for job in lock.jobs
        ],
        "suites": phase_view(planned, "shard"),
        "critical_path": {"seconds": total, "jobs": list(path)},
        "skipped_at_collection": dict(lock.skipped_at_collection),
        "warnings": list(planned.warnings),
    }


def phase_view(planned: Planned, phase: str) -> dict[str, Any]:
    """What one phase of `translate.phases` made (all but ``lock``, which is a file of its own)."""
    schedule = planned.schedule
    if phase == "discover":
        return {name: list(tests) for name, tests in schedule.found.items()}
    if phase == "select":
        return {name: list(tests) for name, tests in schedule.selected.items()}
    if phase == "estimate":
        return {
            name: [
                {"test": test, "milliseconds": milliseconds, "from": source.value}
                for test, milliseconds, source in zip(
                    schedule.selected[name], one.milliseconds, one.source, strict=True
                )
            ]
            for name, one in schedule.estimates.items()
        }
    if phase == "match":
        return dict(schedule.runners)
    return {
        name: {
            "why": one.why,
            "shards": [{"tests": len(part.tests), "seconds": part.seconds} for part in one.shards],
            "makespan": one.makespan,
            "lower_bound": one.lower_bound,
            "gap": one.gap,
            "split": list(one.split),
        }
        for name, one in schedule.shards.items()
    }
