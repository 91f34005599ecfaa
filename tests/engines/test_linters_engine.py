from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import linters
import pytest

WORKFLOW = """\
name: ci
on: {push: {branches: [main]}}
permissions: {}
concurrency: {group: "ci-${{ github.ref }}", cancel-in-progress: true}
jobs:
  test:
    name: test
    runs-on: ubuntu-24.04
    permissions: {contents: read}  # checkout
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683  # v4.2.2
        with: {persist-credentials: false}
      - run: echo "$TITLE"
        env: {TITLE: "${{ github.event.pull_request.title }}"}
"""
ACTION = """\
name: act
description: acts
runs: {using: composite, steps: [{run: echo hello, shell: bash}]}
"""
GITLAB = """\
.base: {before_script: [echo before]}
test:
  script: [!reference [.base, before_script], echo test]
  retry: {max: 2, when: [runner_system_failure]}
"""
AZURE = """\
parameters: [{name: legs, type: object, default: [a, b]}]
jobs:
  - ${{ each leg in parameters.legs }}:
      - job: leg_${{ leg }}
        timeoutInMinutes: 5
        steps:
          - {checkout: self, fetchDepth: 1, persistCredentials: false}
          - {script: echo leg, continueOnError: true}
"""

Linter = Callable[..., list[str]]
GOOD: list[tuple[Linter, str, str]] = [
    (linters.actionlint, "ci.yml", WORKFLOW),
    (linters.zizmor, "ci.yml", WORKFLOW),
    (linters.zizmor, "action.yml", ACTION),
    (linters.github_workflow_schema, "ci.yml", WORKFLOW),
    (linters.github_action_schema, "action.yml", ACTION),
    (linters.gitlab_schema, ".gitlab-ci.yml", GITLAB),
    (linters.azure_schema, "azure-pipelines.yml", AZURE),
    (linters.yamllint, "ci.yml", WORKFLOW),
]
BAD: list[tuple[Linter, str, str, str]] = [
    (linters.actionlint, "ci.yml", WORKFLOW.replace("github.ref }}", "matrix.x }}"), '"matrix" is not allowed here'),
    (linters.zizmor, "ci.yml", WORKFLOW.replace("$TITLE", "${{ github.head_ref }}"), "[template-injection]"),
    (linters.zizmor, "ci.yml", WORKFLOW.replace("concurrency:", "env:"), "[concurrency-limits]"),
    (linters.github_workflow_schema, "ci.yml", WORKFLOW.replace("timeout-minutes", "timeout"), "$.jobs.test: "),
    (linters.github_action_schema, "action.yml", ACTION.replace("composite", "bash"), "action.yml: $.runs"),
    (linters.gitlab_schema, ".gitlab-ci.yml", GITLAB.replace("max: 2", "max: 5"), "5 is greater than the maximum of 2"),
    (linters.azure_schema, "azure-pipelines.yml", AZURE.replace("fetchDepth", "depth"), "azure-pipelines.yml: $"),
    (linters.yamllint, "ci.yml", WORKFLOW + "name: again\n", "duplication of key"),
]


@pytest.mark.parametrize(("linter", "name", "text"), GOOD)
def test_a_good_file_has_no_finding(linter: Linter, name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert linter(tmp_path / name) == []


@pytest.mark.parametrize(("linter", "name", "text", "finding"), BAD)
def test_a_bad_file_has_its_finding(linter: Linter, name: str, text: str, finding: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert finding in "\n".join(linter(tmp_path / name))
