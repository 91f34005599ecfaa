"""Committed pipelines and the plan: what `--check` lets pass, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import make_project

from ci_orchestrator.api.project import Project
from ci_orchestrator.api.rendering import Target, check_rendered, providers, render_project, write_rendered
from ci_orchestrator.errors import UserError
from ci_orchestrator.plan.pipeline import Shape

PINS = {"end": 3}


def project_of(root: Path, unit: object = 4, end: object = None, **more: object) -> Project:
    """A plan that says how many jobs one suite has, and for the other how long they may take."""
    suites = {
        "unit": {"tool": "pytest", "shards": unit},
        "end": {"tool": "pytest", "shards": end or {"target": "5m", "max": 6}},
    }
    return make_project(root, {}, suites, **more)


def committed(project: Project, provider: str) -> Path:
    """A static pipeline of the plan, whose target time came to three jobs."""
    target = Target(provider, Shape.STATIC, project.root / "ci" / "pipeline.yml")
    (main,) = write_rendered(render_project(project, target, pins=PINS), target, project)
    return main


@pytest.mark.parametrize("provider", providers())
def test_a_static_pipeline_keeps_the_number_that_a_target_time_decided(tmp_path: Path, provider: str) -> None:
    file = committed(project_of(tmp_path), provider)
    for end in ({"target": "9m", "max": 6}, {"target": "5m", "max": 3}, 3):
        assert check_rendered(project_of(tmp_path, end=end), provider, file) == (file,)


@pytest.mark.parametrize("provider", providers())
@pytest.mark.parametrize(
    ("unit", "end", "said"),
    [
        (8, None, "the plan gives stage 'unit' 8 jobs, not 4"),
        (1, None, "the plan gives stage 'unit' 1 job, not 4"),
        ("auto", None, "the plan gives stage 'unit' 1 job, not 4"),
        (4, 5, "the plan gives stage 'end' 5 jobs, not 3"),
        (4, {"target": "5m", "max": 2}, "the plan gives stage 'end' 2 jobs at most, not 3"),
    ],
)
def test_a_number_that_the_plan_has_changed_is_told(
    tmp_path: Path, provider: str, unit: object, end: object, said: str
) -> None:
    file = committed(project_of(tmp_path), provider)
    with pytest.raises(UserError) as caught:
        check_rendered(project_of(tmp_path, unit, end), provider, file)
    assert caught.value.what == f"does not agree with the plan: {said}"
    assert caught.value.fix == (
        f"render it again: ci-orchestrator plan --provider {provider} --shape static --out {file}"
    )


def test_nothing_is_rendered_with_a_number_that_the_plan_contradicts(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the plan gives stage 'unit' 4 jobs, not 2"):
        render_project(project_of(tmp_path), Target("gitlab", Shape.STATIC), pins={"end": 3, "unit": 2})


def test_a_plan_with_another_name_is_named_in_what_to_do(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    other = tmp_path / "a plan.yaml"
    project.plan_file.rename(other)
    project = Project.at(other)
    file = committed(project, "gitlab")
    assert check_rendered(project, "gitlab", file) == (file,)
    file.write_text(f"{file.read_text()}# by hand\n")
    with pytest.raises(UserError, match="by hand") as caught:
        check_rendered(project, "gitlab", file)
    assert f"--plan '{other}' --out {file}" in (caught.value.fix or "")


@pytest.mark.parametrize("shards", ["0", "10001", "1" * 5_000, "-1", "x", ""])
def test_a_head_that_we_never_wrote_is_none_of_ours(tmp_path: Path, shards: str) -> None:
    project = project_of(tmp_path)
    file = committed(project, "gitlab")
    file.write_text(file.read_text().replace("--shards unit=4", f"--shards unit={shards}"))
    with pytest.raises(UserError, match="is no pipeline that ci-orchestrator rendered"):
        check_rendered(project, "gitlab", file)


def test_a_command_further_down_is_not_the_heads(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    file = committed(project, "gitlab")
    file.write_text("\n" * 100 + file.read_text())
    with pytest.raises(UserError, match="is no pipeline that ci-orchestrator rendered"):
        check_rendered(project, "gitlab", file)


def test_a_pipeline_that_is_not_ours_is_not_overwritten(tmp_path: Path) -> None:
    project = make_project(tmp_path, {})
    target = Target("gitlab", Shape.DYNAMIC, tmp_path / ".gitlab-ci.yml")
    target.file.write_text("stages: [mine]\n")
    rendered = render_project(project, target)
    with pytest.raises(UserError, match="was not rendered by ci-orchestrator"):
        write_rendered(rendered, target, project)
    assert target.file.read_text() == "stages: [mine]\n"
    write_rendered(rendered, target, project, force=True)
    write_rendered(rendered, target, project)
    assert "ci-orchestrator plan" in target.file.read_text()
