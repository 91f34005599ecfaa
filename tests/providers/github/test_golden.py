"""What is rendered, whole: a label, a limit or a condition that changes shows here. Other people's linters agree.

With CI_ORCHESTRATOR_GOLDEN=1 the files are written instead.
"""

from __future__ import annotations

from pathlib import Path

import github_engine
import linters
import pytest
from parts import agree
from providers.github import plans

from ci_orchestrator.plan.pipeline import Pipeline

CASES = {
    "example-dynamic": lambda: plans.dynamic(plans.EXAMPLE),
    "example-static": lambda: plans.static(plans.EXAMPLE, plans.EXAMPLE_PINS),
    "monorepo-dynamic": lambda: plans.dynamic(plans.MONOREPO, "services/api/tests.yaml"),
    "monorepo-static": lambda: plans.static(plans.MONOREPO, plans.MONOREPO_PINS, "services/api/tests.yaml"),
    "wide-dynamic": lambda: plans.dynamic(plans.WIDE),
    "hostile-dynamic": lambda: plans.dynamic(plans.HOSTILE),
    "remembering-dynamic": lambda: plans.dynamic(plans.REMEMBERING),
    "hostile-static": lambda: plans.static(plans.HOSTILE, plans.HOSTILE_PINS),
}


IN_PARTS = {
    "vast-dynamic": lambda: plans.written(plans.dynamic(plans.VAST), name="vast-dynamic"),
    "vast-static": lambda: plans.written(
        plans.static(plans.VAST, plans.VAST_PINS, limits=plans.FEW), plans.FEW, name="vast-static"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_workflow_is_the_one_that_was_looked_at(name: str) -> None:
    text = plans.rendered(CASES[name]())
    agree(f"github/{name}.yml", text)
    assert text == plans.rendered(CASES[name]()), "the same bytes again"


@pytest.mark.parametrize("name", IN_PARTS)
def test_the_workflow_and_what_it_calls_are_those_that_were_looked_at(name: str) -> None:
    files = IN_PARTS[name]()
    assert list(files) == [f"{name}.yml", f"{name}-kernels.yml"]
    for path, text in files.items():
        agree("github/" + path, text)


def test_github_and_linters_have_nothing_to_say(tmp_path: Path) -> None:
    pipelines: dict[str, Pipeline] = {name: make() for name, make in CASES.items()}
    stages = [stage for pipeline in pipelines.values() for stage in pipeline.stages]
    labels = sorted({label for stage in stages if stage.labels for label in stage.labels.github})
    texts = {name: plans.rendered(each) for name, each in pipelines.items()}
    texts |= {path.removesuffix(".yml"): text for make in IN_PARTS.values() for path, text in make().items()}
    files = plans.repository(tmp_path, texts, labels)
    assert github_engine.check(*files) == []
    assert linters.actionlint(*files) == []
    assert linters.zizmor(*files) == []
    assert linters.github_workflow_schema(*files) == []
    assert linters.yamllint(*files) == []
