from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from engine_tools import EngineError
from gitlab_engine import execute, jobs

PARENT = r"""
stages: [plan, test, report]
plan:
  stage: plan
  script:
    - mkdir made
    - echo "$FROM_PROJECT" > made/data.txt
    - cp child.txt made/child.yml
  artifacts: {paths: [made/]}
children:
  stage: test
  needs: [plan]
  trigger:
    include: [{artifact: made/child.yml, job: plan}]
    strategy: depend
  variables: {PARENT_PIPELINE_ID: $CI_PIPELINE_ID}
"shard":
  stage: test
  needs: [plan]
  services: ["postgres:16"]
  parallel: {matrix: [{N: ["1", "2"]}]}
  script:
    - cat made/data.txt
    - echo "result $N" > "result-$N.txt"
    - 'test "$N" = 1'
  artifacts: {when: always, paths: ["result-*.txt"]}
"soft 'quoted' $(touch hacked) ✓":
  stage: test
  needs: []
  script: [exit 7]
  allow_failure: {exit_codes: [7]}
left out:
  stage: test
  rules: [{if: $NEVER_SET}]
  script: [echo never]
blocked:
  stage: report
  script: [echo never]
report:
  stage: report
  when: always
  needs: [shard]
  script: ['cat result-1.txt result-2.txt']
"""

CHILD = r"""
stages: [one, two]
"child shard":
  stage: one
  needs: [{pipeline: $PARENT_PIPELINE_ID, job: plan}]
  script: [cat made/data.txt, 'echo " FAIL 1 "', exit 3]
after:
  stage: two
  script: [echo never]
always:
  stage: two
  when: always
  script: [test ! -e made]
"""


def repository(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def test_every_job_of_parent_and_child_is_run_and_reported(tmp_path: Path) -> None:
    repo = repository(tmp_path, __gitlab_ci__yml="", child__txt=CHILD)
    (repo / ".gitlab-ci.yml").write_text(PARENT, encoding="utf-8")
    run = execute(repo, variables={"FROM_PROJECT": "it's here"})
    assert run.status() == {
        "plan": "success",
        "children": "success",
        "child shard": "failed",
        "after": "skipped",
        "always": "success",
        "shard: [1]": "success",
        "shard: [2]": "failed",
        "soft 'quoted' $(touch hacked) ✓": "warned",
        "left out": "excluded",
        "blocked": "skipped",
        "report": "success",
    }
    assert run.failed == ("child shard", "shard: [2]")
    child = run.job("child shard")
    assert (child.pipeline, child.stage, child.exit_code) == (("children",), "one", 3)
    assert "it's here" in child.log
    assert run.job("report").log.endswith("result 1\nresult 2\n")
    artifacts = run.job("shard: [2]").artifacts
    assert artifacts is not None
    assert [each.name for each in artifacts.iterdir()] == ["result-2.txt"]
    assert not list(repo.rglob("hacked"))


def test_a_circle_of_needs_is_refused_before_it_spins(tmp_path: Path) -> None:
    repo = repository(tmp_path)
    circle = "a: {script: ['true'], needs: [c]}\nb: {script: ['true'], needs: [a]}\nc: {script: ['true'], needs: [b]}\n"
    (repo / ".gitlab-ci.yml").write_text(circle, encoding="utf-8")
    with pytest.raises(EngineError, match=r"circle: .*a.* -> "):
        execute(repo)


def test_a_circle_in_a_child_is_refused_too(tmp_path: Path) -> None:
    repo = repository(tmp_path, child__yml="a: {script: ['true'], needs: [b]}\nb: {script: ['true'], needs: [a]}\n")
    (repo / ".gitlab-ci.yml").write_text("down: {trigger: {include: [{local: child.yml}]}}\n", encoding="utf-8")
    with pytest.raises(EngineError, match="circle: "):
        execute(repo)


def test_what_gitlab_would_refuse_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text("a: {script: ['true'], needs: [missing]}\n", encoding="utf-8")
    with pytest.raises(EngineError, match="missing"):
        jobs(tmp_path)


def test_jobs_of_one_name_in_parent_and_child_are_refused(tmp_path: Path) -> None:
    (tmp_path / "child.yml").write_text("same: {script: ['true']}\n", encoding="utf-8")
    both = "same: {script: ['true']}\ndown: {trigger: {include: [{local: child.yml}]}}\n"
    (tmp_path / ".gitlab-ci.yml").write_text(both, encoding="utf-8")
    with pytest.raises(EngineError, match="same"):
        execute(tmp_path)
