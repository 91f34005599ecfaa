"""Starter plans: what `init` writes is what the rendered examples show, and other people's tools find nothing in it."""

from __future__ import annotations

import json
from pathlib import Path

import azure_engine
import github_engine
import jenkins_engine
import linters
import pytest

from ci_orchestrator.api.init import init
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.rendering import check_rendered, providers
from ci_orchestrator.api.templates import CASES, template
from ci_orchestrator.errors import UserError
from ci_orchestrator.plan.loading import load_plan

HOME = Path(__file__).resolve().parents[2] / "ci_orchestrator" / "templates"


def rendered(provider: str) -> list[Path]:
    """The rendered examples of a provider."""
    found = sorted((HOME / provider).iterdir())
    assert len(found) == len(CASES)
    return found


@pytest.mark.parametrize("provider", providers())
@pytest.mark.parametrize("case", sorted(CASES))
def test_init_writes_the_rendered_example_and_check_agrees(tmp_path: Path, case: str, provider: str) -> None:
    started = init(tmp_path, case=case, provider=provider)
    (pipeline,) = started.pipeline
    example = next(path for path in rendered(provider) if path.stem == case)
    assert pipeline.read_bytes() == example.read_bytes()
    assert started.suites == tuple(sorted(load_plan(template(case)).suites))
    project = Project.at(started.path)
    assert check_rendered(project, provider, None) == (pipeline,)
    pipeline.write_text(f"{pipeline.read_text()}# by hand\n")
    with pytest.raises(UserError, match="does not agree with the plan"):
        check_rendered(project, provider, None)


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text("mine")
    with pytest.raises(UserError, match="is there already"):
        init(tmp_path, case="pytest", provider="gitlab")
    assert not (tmp_path / "testplan.yaml").exists()
    init(tmp_path, case="pytest", provider="gitlab", force=True)
    assert (tmp_path / ".gitlab-ci.yml").read_text() != "mine"


def test_the_github_examples_pass_every_tool(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    labels = {"self-hosted-runner": {"labels": ["browser", "gpu", "kvm"]}}
    folder.mkdir(parents=True)
    (tmp_path / ".git").mkdir()  # where it begins to look for its settings
    (tmp_path / ".github" / "actionlint.yaml").write_text(json.dumps(labels))
    files = [folder / path.name for path in rendered("github")]
    for file, example in zip(files, rendered("github"), strict=True):
        file.write_bytes(example.read_bytes())
    assert github_engine.check(*files) == []
    for tool in (linters.actionlint, linters.zizmor, linters.github_workflow_schema, linters.yamllint):
        assert tool(*files) == []


def test_the_gitlab_examples_pass_every_tool() -> None:
    for tool in (linters.gitlab_schema, linters.yamllint):
        assert tool(*rendered("gitlab")) == []


def test_the_azure_examples_pass_every_tool() -> None:
    for tool in (azure_engine.check, linters.azure_schema, linters.yamllint):
        assert tool(*rendered("azure")) == []


def test_the_jenkins_examples_pass_every_tool() -> None:
    assert jenkins_engine.check(*rendered("jenkins")) == []
