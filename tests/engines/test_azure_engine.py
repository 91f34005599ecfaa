from __future__ import annotations

from pathlib import Path

from azure_engine import check

GOOD = """
trigger: {branches: {include: [main]}}
pool: {name: linux, demands: [Agent.OS -equals Linux]}
stages:
  - stage: plan
    jobs:
      - job: plan
        timeoutInMinutes: 10
        steps:
          - checkout: self
            fetchDepth: 1
          - script: echo "it's"
            env: {SECRET: $(SECRET)}
          - task: PublishTestResults@2
            condition: always()
            inputs: {testResultsFormat: JUnit, testResultsFiles: "**/*.xml"}
          - publish: out
            artifact: plan
  - stage: test
    dependsOn: plan
    jobs:
      - job: legs
        strategy: {matrix: "$[ stageDependencies.plan.plan.outputs['m.legs'] ]", maxParallel: 5}
        steps: [{bash: echo 1}]
"""

BAD = """
steps:
  - task: NoSuchTask@7
  - task: UsePythonVersion@0
    inputs: {verzion: "3.12"}
  - scriptt: echo
"""

CIRCLE = """
stages:
  - {stage: a, dependsOn: [b], jobs: []}
  - {stage: b, dependsOn: [a, missing], jobs: [{job: x, steps: []}, {job: x, dependsOn: y, steps: []}]}
"""


def findings(folder: Path, text: str) -> str:
    file = folder / "azure-pipelines.yml"
    file.write_text(text, encoding="utf-8")
    return "\n".join(check(file))


def test_a_good_pipeline_has_no_diagnostic(tmp_path: Path) -> None:
    assert findings(tmp_path, GOOD) == ""


def test_unknown_tasks_inputs_and_steps_are_found(tmp_path: Path) -> None:
    found = findings(tmp_path, BAD)
    assert "azure-pipelines.yml:3:11: warning: Value is not accepted" in found
    assert "Unexpected property verzion" in found
    assert "Unexpected property scriptt" in found


def test_what_depends_on_names_is_looked_at(tmp_path: Path) -> None:
    found = findings(tmp_path, CIRCLE)
    assert "b depends on missing, which is not there" in found
    assert "circle" in found
    assert "x is named twice" in found
    assert "x depends on y" in found
