"""What rendered pipelines get ready for images in the comment: only when the plan asks for them."""

from __future__ import annotations

import re

import pytest

from ci_orchestrator.api.rendering import providers, renderer_of
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.translate.pipelines import static_pipeline

PLAN = "suites: {unit: {tool: pytest}}\npipeline: {publish: %s}\nreport: {comment: {images: %s}}\n"


def rendered(provider: str, *, publish: str, images: str) -> str:
    renderer = renderer_of(provider)
    plan = load_plan(PLAN % (publish, images))
    pipeline = static_pipeline(plan, {"unit": 2}, renderer.limits, plan_file="testplan.yaml", tool="1.0.0")
    return "\n".join(renderer.render(pipeline, renderer.path).files.values())


@pytest.mark.parametrize("provider", sorted(providers()))
def test_the_report_gets_what_draws_them_and_may_keep_them(provider: str) -> None:
    asked = rendered(provider, publish="true", images="true")
    assert re.search(r"\bcharts\b", asked)
    assert ("contents: write" in asked) == (provider == "github")
    for publish, images in (("true", "null"), ("true", "false"), ("false", "true")):
        other = rendered(provider, publish=publish, images=images)
        assert not re.search(r"\bcharts\b", other)
        assert "contents: write" not in other
