"""The walls of GitHub Actions: each with who says so, and when that was read.

A report collects every job's bundle, in one of three ways (`collecting`). Without a token download-artifact asks the
run's own artifact service, which answers with a hundred artifacts at most and has no pages; with one it asks the REST
API: a hundred a page, a thousand altogether, and one request for each download, of the thousand that a repository's
GITHUB_TOKEN has in an hour. By its exact name the run's own service finds any artifact among any number, for no request
at all: so larger plans have their bundles collected by name, matrix by matrix, and what was collected once more.

A matrix of calls of a reusable workflow with a matrix can start 256 x 256 jobs. Before that the lists of the jobs are
too long: a job is told to its matrix in at most 16 characters (``"_10000of10000",``), of which 500,000 fit into the
outputs of the plan job and, less what else is in it, into a file: 30,000 jobs. Each is a check run, and so is each job
that collects.
"""

from __future__ import annotations

from ci_orchestrator.plan.pipeline import Limits, Wall

_READ = "2026-11-21"
_LIMITS = "https://docs.github.com/en/actions/reference/limits"
_OUTPUTS = "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idoutputs"
_COLLECT = "https://github.com/org/dtf-action/blob/v1/action/collect/action.yml"
_RATES = "https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"
_REUSE = "https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations"
_RUNNER = "https://github.com/actions/runner/blob/main/src/Sdk"
_TOOLKIT = "https://github.com/actions/toolkit/blob/main/packages/artifact/src/internal"

LIMITS = Limits(
    "GitHub Actions",
    {
        "matrix": Wall(256, "jobs in a matrix", _LIMITS, _READ),
        "jobs": Wall(30_000, "test jobs in a run, told to its matrices by the plan job's outputs", _OUTPUTS, _READ),
        "calls": Wall(50, "reusable workflows called from a workflow, all levels together", _REUSE, _READ),
        "levels": Wall(10, "levels of workflows that call each other", _REUSE, _READ),
        "checks": Wall(50_000, "check runs in a check suite, one for each job", _LIMITS, _READ),
        "names": Wall(256, "artifacts that a step of our action fetches by name", _COLLECT, _READ),
        "bytes": Wall(500_000, "bytes in a workflow file", _LIMITS, _READ),
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
