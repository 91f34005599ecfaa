"""What is rendered, whole: a label, a limit or a condition that changes shows here. Other people's linters agree.

With CI_ORCHESTRATOR_GOLDEN=1 the files are written instead.
"""

from __future__ import annotations

import os
from pathlib import Path

import github_engine
import linters
import pytest
from parts import PROJECT
from providers.github import plans

from ci_orchestrator.plan.pipeline import Pipeline

GOLDEN = PROJECT / "tests" / "golden" / "github"
CASES = {
    "example-dynamic": lambda: plans.dynamic(plans.EXAMPLE),
    "example-static": lambda: plans.static(plans.EXAMPLE, plans.EXAMPLE_PINS),
    "monorepo-dynamic": lambda: plans.dynamic(plans.MONOREPO, "services/api/tests.yaml"),
    "monorepo-static": lambda: plans.static(plans.MONOREPO, plans.MONOREPO_PINS, "services/api/tests.yaml"),
    "wide-dynamic": lambda: plans.dynamic(plans.WIDE),
    "hostile-dynamic": lambda: plans.dynamic(plans.HOSTILE),
    "hostile-static": lambda: plans.static(plans.HOSTILE, plans.HOSTILE_PINS),
}


@pytest.mark.parametrize("name", CASES)
def test_the_workflow_is_the_one_that_was_looked_at(name: str) -> None:
    path = GOLDEN / f"{name}.yml"
    text = plans.rendered(CASES[name]())
    if os.environ.get("CI_ORCHESTRATOR_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")
    assert text == plans.rendered(CASES[name]()), "the same bytes again"


def test_github_and_linters_have_nothing_to_say(tmp_path: Path) -> None:
    pipelines: dict[str, Pipeline] = {name: make() for name, make in CASES.items()}
    stages = [stage for pipeline in pipelines.values() for stage in pipeline.stages]
    labels = sorted({label for stage in stages if stage.labels for label in stage.labels.github})
    files = plans.repository(tmp_path, {name: plans.rendered(each) for name, each in pipelines.items()}, labels)
    assert github_engine.check(*files) == []
    assert linters.actionlint(*files) == []
    assert linters.zizmor(*files) == []
    assert linters.github_workflow_schema(*files) == []
    assert linters.yamllint(*files) == []
