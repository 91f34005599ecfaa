"""Render the starter plans of ci_orchestrator/templates for every provider (``--check``: only say what has moved)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from generated import PROJECT, settle

from ci_orchestrator.api.project import Project
from ci_orchestrator.api.rendering import Target, providers, render_project
from ci_orchestrator.api.templates import CASES, template
from ci_orchestrator.plan.loading import PLAN_FILE
from ci_orchestrator.plan.pipeline import Shape

HOME = PROJECT / "ci_orchestrator" / "templates"


def rendered(case: str) -> dict[Path, str]:
    """The files of one starter plan for every provider, exactly as `init` writes them."""
    out: dict[Path, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / PLAN_FILE
        plan.write_text(template(case), encoding="utf-8")
        for provider in providers():
            files = render_project(Project.at(plan), Target(provider, Shape.DYNAMIC)).files
            for name, text in files.items():
                suffix = Path(name).suffix or ".Jenkinsfile"
                out[HOME / provider / f"{case}{suffix}"] = text
    return out


if __name__ == "__main__":
    everything = {path: text for case in sorted(CASES) for path, text in rendered(case).items()}
    sys.exit(settle(everything, sys.argv[1:], "templates.py"))
