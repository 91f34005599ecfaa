"""A job that is tried again gets back what it left, and nothing that anybody else left."""

from __future__ import annotations

from pathlib import Path

import pytest
from providers.gitlab import plans
from providers.gitlab.shell import sh

from ci_orchestrator.plan.pipeline import Shape
from ci_orchestrator.providers.gitlab import tries
from ci_orchestrator.providers.gitlab.limits import LIMITS

PLAN = """
suites:
  unit: {tool: pytest, shards: 2}
  web: {tool: pytest, setup: {cache: {paths: [a]}}}
"""


def test_what_a_try_leaves_is_kept_by_pipeline_and_job() -> None:
    static = plans.jobs(plans.rendered(plans.static(PLAN, {"unit": 2, "web": 1})))
    child = plans.jobs(plans.child(PLAN, plans.locked(PLAN, 2)))
    for jobs, pipeline in ((static, "CI_PIPELINE_ID"), (child, "PARENT_PIPELINE_ID")):
        for name in ("unit", "web"):
            assert len(jobs[name]["cache"]) <= LIMITS["caches"]
            kept = jobs[name]["cache"][-1]
            assert kept == {
                "key": f"ci-orchestrator-tries-${pipeline}-$CI_ORCHESTRATOR_JOB",
                "paths": [".ci-orchestrator/bundles/"],
                "when": "on_failure",
            }
            assert jobs[name]["script"][-1].endswith(" --resume")
        assert "tries" not in str(jobs["report"])
    with_cache, alone = static["web"]["cache"], static["unit"]["cache"]
    assert (with_cache[0]["paths"], len(with_cache), len(alone)) == (["a"], 2, 1)


@pytest.mark.parametrize("shape", Shape)
def test_earlier_tries_lie_where_gitlab_does_not_look_for_reports(shape: Shape, tmp_path: Path) -> None:
    pipeline = plans.dynamic(PLAN) if shape is Shape.DYNAMIC else plans.static(PLAN, {"unit": 2, "web": 1})
    ids = {"CI_PIPELINE_ID": "7", "PARENT_PIPELINE_ID": "7"}
    bundles = tmp_path / ".ci-orchestrator/bundles"

    def try_job(number: int, **told: str) -> list[str]:
        assert sh([tries.sorted_out(pipeline)], tmp_path, **(told or ids)).returncode == 0
        left = sorted(str(path.relative_to(bundles)) for path in bundles.rglob("junit.xml"))
        file = bundles / f"dtf-unit_1of2-{number}" / "junit.xml"
        file.parent.mkdir()
        file.touch()
        return left

    assert try_job(1) == []
    assert try_job(2) == ["earlier-7/dtf-unit_1of2-1/junit.xml"]
    assert try_job(3) == ["earlier-7/dtf-unit_1of2-1/junit.xml", "earlier-7/dtf-unit_1of2-2/junit.xml"]
    other = {"CI_PIPELINE_ID": "8", "PARENT_PIPELINE_ID": "8"}
    assert try_job(1, **other) == [], "a directory that was not cleaned has what another pipeline left"
