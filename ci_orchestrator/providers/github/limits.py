"""The walls of GitHub Actions: each with who says so, and when that was read.

A report collects every job's bundle. Without a token download-artifact asks the run's own artifact service, which
answers with a hundred artifacts at most and has no pages; with one it asks the REST API: a hundred a page, a thousand
altogether, and one request for each download. A repository's GITHUB_TOKEN has a thousand requests an hour. So 900 jobs
are what one run can collect, and four matrices hold them: calls of reusable workflows could start more jobs, but
nobody could prove what became of them.
"""

from __future__ import annotations

from ci_orchestrator.plan.pipeline import Limits, Wall

_READ = "2026-11-21"
_LIMITS = "https://docs.github.com/en/actions/reference/limits"
_OUTPUTS = "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idoutputs"
_RATES = "https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"
_RUNNER = "https://github.com/actions/runner/blob/main/src/Sdk"
_TOOLKIT = "https://github.com/actions/toolkit/blob/main/packages/artifact/src/internal"

LIMITS = Limits(
    "GitHub Actions",
    {
        "matrix": Wall(256, "jobs in a matrix", _LIMITS, _READ),
        "jobs": Wall(900, "test jobs in a run whose bundles a report can collect", _RATES, _READ),
        "bytes": Wall(1_048_576, "characters in a workflow file", f"{_RUNNER}/WorkflowParser/ParseOptions.cs", _READ),
        "output": Wall(1_000_000, "bytes in a job's outputs, as UTF-16", _OUTPUTS, _READ),
        "expression": Wall(
            21_000, "characters in an expression", f"{_RUNNER}/Expressions/ExpressionConstants.cs", _READ
        ),
        "artifacts": Wall(1_000, "artifacts listed of a run", f"{_TOOLKIT}/shared/config.ts", _READ),
        "listed": Wall(
            100,
            "artifacts listed of a run without a token",
            "https://github.com/actions/download-artifact/issues/441",
            _READ,
        ),
        "requests": Wall(1_000, "requests with a repository's GITHUB_TOKEN in an hour", _RATES, _READ),
        "minutes": Wall(7_200, "minutes in a job on a runner of one's own", _LIMITS, _READ),
        "retention": Wall(
            90, "days that an artifact is kept", "https://github.com/actions/upload-artifact#retention-period", _READ
        ),
        "annotations": Wall(
            10,
            "annotations of a kind in a step",
            "https://docs.github.com/en/rest/checks/runs",
            _READ,
        ),
    },
)
