from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine_tools import EngineError
from jenkins_engine import LARGEST_METHOD, Run, check, execute, inspect

PIPELINE = r"""
pipeline {
  agent none
  options {
    timeout(time: 1, unit: 'HOURS')
    disableConcurrentBuilds(abortPrevious: true)
    buildDiscarder(logRotator(numToKeepStr: '20'))
    skipDefaultCheckout()
  }
  environment {
    GREETING = 'hello'
    TWICE = "${GREETING} ${GREETING}"
  }
  triggers { cron('H 3 * * *') }
  parameters { string(name: 'WHO', defaultValue: 'world', description: '') }
  stages {
    stage('Plan') {
      agent { label 'linux && x64' }
      options { retry(count: 2, conditions: [agent(), nonresumable()]) }
      steps {
        checkout scm
        sh '''
          echo "$TWICE $WHO"
          mkdir out
          cp plan.json out/
          echo '<testsuite><testcase name="t"/></testsuite>' > out/r.xml
        '''
        stash name: 'plan', includes: 'out/**'
      }
    }
    stage('Test') {
      agent { label 'linux' }
      steps {
        unstash 'plan'
        script {
          def branches = [:]
          for (job in readJSON(file: 'out/plan.json').jobs) {
            def mine = job
            branches[mine.name] = {
              stage(mine.name) {
                node(mine.label) {
                  unstash 'plan'
                  catchError(buildResult: 'UNSTABLE', stageResult: 'FAILURE') {
                    withEnv(["CODE=${mine.code}"]) {
                      withCredentials([string(credentialsId: 'token', variable: 'TOKEN')]) {
                        sh label: 'run', script: 'ls; echo "$TOKEN"; cp out/r.xml .; exit $CODE'
                      }
                    }
                  }
                  junit testResults: '*.xml'
                  archiveArtifacts artifacts: 'out/**'
                }
              }
            }
          }
          parallel branches
        }
      }
    }
    stage('Cells') {
      failFast true
      matrix {
        axes {
          axis { name 'N'; values '1', '2' }
          axis { name 'P'; values 'linux', 'mac' }
        }
        excludes {
          exclude {
            axis { name 'N'; values '2' }
            axis { name 'P'; values 'mac' }
          }
        }
        agent { label "${P}" }
        stages { stage('cell') { steps { sh 'test "$N$P" != 2linux || exit 4; sleep 60' } } }
      }
    }
    stage('After') { agent any
      steps { echo 'never' } }
  }
  post {
    always { node('reports') { unstash 'plan'; echo "ends as ${currentBuild.currentResult}" } }
    success { echo 'not this' }
    failure { echo 'but this' }
    cleanup { sh 'echo where?' }
  }
}
"""
HOSTILE = 'it\'s $(touch hacked) "a"'
PLAN = [{"name": HOSTILE, "label": "cpu", "code": 0}, {"name": "b", "label": "gpu", "code": 3}]


def build(folder: Path, pipeline: str, *, token: str = "", who: str = "world") -> Run:
    repo = folder / "repo"
    repo.mkdir()
    (repo / "plan.json").write_text(json.dumps({"jobs": PLAN}), encoding="utf-8")
    (folder / "Jenkinsfile").write_text(pipeline, encoding="utf-8")
    out = folder / "out"
    return execute(folder / "Jenkinsfile", credentials={"token": token}, params={"WHO": who}, repo=repo, out=out)


def test_the_declarative_subset_is_executed(tmp_path: Path) -> None:
    run = build(tmp_path, PIPELINE, token="s3cret", who="you")
    cell = "Cells / Matrix - N = '{}', P = '{}'"
    assert run.results() == {
        "Plan": "SUCCESS",
        "Test": "FAILURE",
        f"Test / {HOSTILE}": "SUCCESS",
        f"Test / {HOSTILE} / {HOSTILE}": "SUCCESS",
        "Test / b": "FAILURE",
        "Test / b / b": "FAILURE",
        "Cells": "FAILURE",
        cell.format(1, "linux"): "ABORTED",
        cell.format(1, "linux") + " / cell": "ABORTED",
        cell.format(1, "mac"): "ABORTED",
        cell.format(1, "mac") + " / cell": "ABORTED",
        cell.format(2, "linux"): "FAILURE",
        cell.format(2, "linux") + " / cell": "FAILURE",
        "After": "NOT_BUILT",
    }
    assert run.result == "FAILURE"
    assert sorted(run.labels) == ["cpu", "gpu", "linux", "linux", "linux", "linux && x64", "mac", "reports"]
    assert "hello hello you" in run.stage("Plan").log
    assert "plan.json" not in run.stage("b").log.split("+ echo")[0].split()  # only what was unstashed is there
    assert "s3cret" not in run.log
    assert (run.archive / "out" / "plan.json").exists()
    assert sum(each["total"] for each in run.report["junit"]) == 2
    assert "ends as FAILURE" in run.log
    assert "but this" in run.log
    assert "not this" not in run.log
    assert "hudson.FilePath is missing" in run.log  # a post step outside any agent, as in Jenkins
    assert not list(tmp_path.rglob("hacked"))


def test_conditions_time_outs_and_failed_tests(tmp_path: Path) -> None:
    run = build(
        tmp_path,
        """
        pipeline { agent any
          stages {
            stage('Left out') { when { beforeAgent true; expression { env.NOT_SET != null } }
              steps { error 'never' } }
            stage('Report') { steps {
              writeFile file: 'r.xml', text: '<testsuite><testcase name="t"><failure/></testcase></testsuite>'
              junit 'r.xml' } }
            stage('Slow') { options { timeout(time: 300, unit: 'MILLISECONDS') }
              steps { sh 'sleep 60' }
              post { aborted { echo 'too slow' } } }
          } }
        """,
    )
    assert run.results() == {"Left out": "NOT_BUILT", "Report": "UNSTABLE", "Slow": "ABORTED"}
    assert (run.stage("Left out").reason, run.result) == ("when", "ABORTED")
    assert "too slow" in run.stage("Slow").log


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("agent any; stages { stage('a') { steps { frobnicate 1 } } }", "step 'frobnicate'"),
        ("agent any; stages { stage('a') { stepz { } } }", "directive 'stepz' in stage"),
        ("stages { stage('a') { steps { echo 'x' } } }", 'Missing required section "agent"'),
        ("agent any; stages { stage('a') { echo 'x' } }", "directive 'echo' in stage"),
    ],
)
def test_what_is_no_pipeline_is_an_error_and_not_green(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        build(tmp_path, f"pipeline {{ {body} }}")


def test_walls_and_mistakes_are_found_without_running(tmp_path: Path) -> None:
    files = {
        "good": PIPELINE,
        "syntax": "pipeline {\n  agent any\n  stages { stage('a' }\n}\n",
        "list": f"def all = [{','.join('1' for _ in range(251))}]",
        "map": f"call({','.join(f'a{n}: 1' for n in range(126))})",
        "code": "pipeline {\nstages { stage('a') { steps {\ndef x = 1\necho 'x'\nscript { def y = 2 } } } } }",
        "big": "pipeline { agent any\n"
        + "\n".join(f"stage('{n}') {{ steps {{ sh 'echo {n}' }} }}" for n in range(500))
        + "\n}",
        "bigger": "\n".join(f"echo 'line {n}'" for n in range(8000)),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    seen = {path.name: inspection for path, inspection in inspect(*(tmp_path / name for name in files)).items()}
    assert seen["good"].findings == ()
    assert 0 < seen["good"].compiled < seen["good"].transformed < LARGEST_METHOD / 2
    assert seen["syntax"].findings == ("line 3: unexpected token: } @ line 3, column 22.",)
    assert seen["list"].findings == ("line 1: a list literal of 251 elements, over 250",)
    assert seen["map"].findings == ("line 1: a map literal of 126 pairs, over 125",)
    assert seen["code"].findings == ("line 3: Expected a step: code belongs into script { }",)
    assert seen["big"].transformed > LARGEST_METHOD
    assert "too near the wall" in seen["big"].findings[0]
    assert "Method too large" in seen["bigger"].findings[0]


def test_check_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "Jenkinsfile").write_text("pipeline {", encoding="utf-8")
    assert check(tmp_path / "Jenkinsfile")[0].startswith("Jenkinsfile: line 1")
