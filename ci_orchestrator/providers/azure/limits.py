"""The walls of Azure Pipelines."""

from __future__ import annotations

from ci_orchestrator.plan.pipeline import Limits, Wall

_DATE = "2026-11-21"
_DOCS = "https://learn.microsoft.com/azure/devops/pipelines"

LIMITS = Limits(
    "Azure Pipelines",
    {
        # Over it, the whole run is refused.
        "matrix": Wall(
            256, "legs of one matrix", "https://github.com/MicrosoftDocs/azure-devops-docs/issues/10979", _DATE
        ),
        # Azure names no number of artifacts. Each job publishes one, which is a handful of requests of the agents' own
        # identities; 5,000 are our own bound.
        "jobs": Wall(
            5_000,
            "jobs whose bundles one run publishes",
            "https://learn.microsoft.com/azure/devops/integrate/concepts/rate-limits",
            _DATE,
        ),
        # 20 MB of memory while parsing, "in practice typically 600 KB to 2 MB of on-disk YAML": the lower end.
        "bytes": Wall(600_000, "bytes of YAML", f"{_DOCS}/process/templates#limits", _DATE),
        "leg": Wall(100, "characters of a leg's name", f"{_DOCS}/yaml-schema/jobs-job-strategy", _DATE),
        # An agent of Microsoft's own ends a job then; one of yours has no such wall.
        "minutes": Wall(360, "minutes of a job", f"{_DOCS}/process/phases#timeouts", _DATE),
    },
)
"""Legs: ``[A-Za-z][A-Za-z0-9_]*``, as the ids of jobs are. `jobs` is our own bound; the others are Azure's."""
