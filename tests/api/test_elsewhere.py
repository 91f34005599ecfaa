"""What a plan says of places outside, held against what is installed and known here, when the plan is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_orchestrator.api.project import Project
from ci_orchestrator.cli.main import main
from ci_orchestrator.errors import ExitCode, PlanError

PLAN = "version: 1\nsuites:\n  unit: {tool: pytest}\npipeline:\n  %s\n"


def project(root: Path, line: str) -> Project:
    (root / "testplan.yaml").write_text(PLAN % line)
    return Project.at(root / "testplan.yaml")


@pytest.mark.parametrize(
    ("line", "what", "fix"),
    [
        ("memory: postgre://db/x", "pipeline.memory: nothing keeps a memory at 'postgre:'", "did you mean 'postgres'?"),
        (
            "memory: mysql://db/x",
            "pipeline.memory: nothing keeps a memory at 'mysql:'",
            "one of: branch, folder, postgres, postgresql, s3; or the path of a folder",
        ),
        (
            "forge: github=https://github.example.com/shop",
            "pipeline.forge: 'github=https://github.example.com/shop' leads to no repository of github",
            "write it like github=https://github.example.com/shop/web",
        ),
        (
            "forge: azure=https://tfs.example.com/shop/web",
            "pipeline.forge: 'azure=https://tfs.example.com/shop/web' leads to no repository of azure",
            "write it like azure=https://dev.azure.com/shop/Web/_git/web",
        ),
    ],
)
def test_it_is_refused_at_its_place(tmp_path: Path, line: str, what: str, fix: str) -> None:
    with pytest.raises(PlanError) as caught:
        project(tmp_path, line).plan()
    [found] = caught.value.problems
    assert (found.what, found.fix) == (what, fix)
    assert found.where is not None
    assert (found.where.line, found.where.column) == (5, line.index(" ") + 4)


def test_no_pipeline_is_rendered_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, "memory: s4://bucket/x")
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "--provider", "github", "--out", "x.yml"]) == ExitCode.USER_ERROR
    assert "nothing keeps a memory at 's4:'" in capsys.readouterr().err
    assert not (tmp_path / "x.yml").exists()


def test_what_others_installed_is_no_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "ours" / "ours-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ours\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[ci_orchestrator.blobs]\ns4 = ours:Blobs\n")
    monkeypatch.syspath_prepend(str(tmp_path / "ours"))
    assert project(tmp_path, "memory: s4://bucket/x").plan().pipeline.memory == "s4://bucket/x"
