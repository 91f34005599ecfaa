"""ci-orchestrator: one test plan, run on any CI provider or on this machine, certified complete.

What is exported here is the public Python API; the command line is a thin skin over it. Names are imported when they
are first used (PEP 562), so that `import ci_orchestrator` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from ci_orchestrator.api.against import Against
    from ci_orchestrator.api.execution import Observer
    from ci_orchestrator.api.explaining import explain
    from ci_orchestrator.api.gating import Gated, gate_stage
    from ci_orchestrator.api.planning import Planned, plan_project
    from ci_orchestrator.api.project import Project
    from ci_orchestrator.api.reporting import Reported, report_files
    from ci_orchestrator.api.running import JobRun, resume_project, run_job, run_project
    from ci_orchestrator.errors import ExitCode, OrchestratorError
    from ci_orchestrator.plan.loading import load_plan
    from ci_orchestrator.plan.lock import Lock
    from ci_orchestrator.plan.models import Plan
    from ci_orchestrator.results.model import Attempt, Cause, Outcome, TestResult, Totals, Verdict
    from ci_orchestrator.results.report import Certificate, Links, Report

_HOMES = {
    "Against": "api.against",
    "Attempt": "results.model",
    "Cause": "results.model",
    "Certificate": "results.report",
    "ExitCode": "errors",
    "Gated": "api.gating",
    "JobRun": "api.running",
    "Links": "results.report",
    "Lock": "plan.lock",
    "Observer": "api.execution",
    "OrchestratorError": "errors",
    "Outcome": "results.model",
    "Plan": "plan.models",
    "Planned": "api.planning",
    "Project": "api.project",
    "Report": "results.report",
    "Reported": "api.reporting",
    "TestResult": "results.model",
    "Totals": "results.model",
    "Verdict": "results.model",
    "explain": "api.explaining",
    "gate_stage": "api.gating",
    "load_plan": "plan.loading",
    "plan_project": "api.planning",
    "report_files": "api.reporting",
    "resume_project": "api.running",
    "run_job": "api.running",
    "run_project": "api.running",
}

__all__ = [
    "Against",
    "Attempt",
    "Cause",
    "Certificate",
    "ExitCode",
    "Gated",
    "JobRun",
    "Links",
    "Lock",
    "Observer",
    "OrchestratorError",
    "Outcome",
    "Plan",
    "Planned",
    "Project",
    "Report",
    "Reported",
    "TestResult",
    "Totals",
    "Verdict",
    "__version__",
    "explain",
    "gate_stage",
    "load_plan",
    "plan_project",
    "report_files",
    "resume_project",
    "run_job",
    "run_project",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
