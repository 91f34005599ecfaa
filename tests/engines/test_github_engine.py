"""The engine for GitHub does what GitHub does, where our pipelines rely on it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent
from typing import Any

from github_engine import Run, check, execute

CALLED = ".github/workflows/called.yml"
CI = ".github/workflows/ci.yml"
ACTION = """\
    name: greet
    description: Says hello.
    inputs:
      who: {description: Whom., default: world}
    outputs:
      greeting: {description: What was said., value: "${{ steps.say.outputs.greeting }}"}
    runs:
      using: composite
      steps:
        - id: say
          shell: bash
          env:
            WHO: ${{ inputs.who }}
          run: |
            test "$GITHUB_ACTION_PATH" = "$HERE" && test -f "$GITHUB_ACTION_PATH/action.yml"
            echo "greeting=hello '$WHO'" >> "$GITHUB_OUTPUT"
            echo "GREETED=yes" >> "$GITHUB_ENV"
    """


def repository(place: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(content))
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--message=x"],
    ):
        subprocess.run(["git", "-C", str(place), *command], check=True)
    return place


def run(tmp_path: Path, workflow: str, files: dict[str, str] | None = None, **options: Any) -> Run:
    repo = repository(tmp_path / "repo", {CI: workflow, **(files or {})})
    return execute(repo, CI, work=tmp_path / "work", timeout=60, **options)


def test_what_a_failed_need_means(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """\
        on: push
        jobs:
          red: {runs-on: any, steps: [{run: exit 3}]}
          tolerated: {runs-on: any, continue-on-error: true, steps: [{run: exit 1}]}
          after_tolerated: {needs: tolerated, runs-on: any, steps: [{run: "true"}]}
          dependent: {needs: red, runs-on: any, steps: [{run: "true"}]}
          without_status: {needs: red, if: "needs.red.result == 'failure'", runs-on: any, steps: [{run: "true"}]}
          regardless: {needs: red, if: "!cancelled()", runs-on: any, steps: [{run: "true"}]}
          after_regardless: {needs: regardless, runs-on: any, steps: [{run: "true"}]}
          on_failure: {needs: regardless, if: failure(), runs-on: any, steps: [{run: "true"}]}
        """,
    )
    assert done.conclusion == "failure"
    assert done.results == {
        "red": "failure",
        "tolerated": "failure",
        "after_tolerated": "success",
        "dependent": "skipped",
        "without_status": "skipped",
        "regardless": "success",
        "after_regardless": "skipped",  # success() looks at all ancestors, not only at the direct need
        "on_failure": "success",
    }


def test_matrix_from_an_output(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """\
        on: push
        jobs:
          plan:
            runs-on: any
            outputs: {some: "${{ steps.plan.outputs.some }}", none: "${{ steps.plan.outputs.none }}"}
            steps:
              - id: plan
                run: |
                  echo 'some={"n": [1, 2, 3], "include": [{"n": 3, "labels": ["gpu"]}, {"n": 4}]}' >> "$GITHUB_OUTPUT"
                  printf 'none<<END\\n{"n": []}\\nEND\\n' >> "$GITHUB_OUTPUT"
          some:
            needs: plan
            strategy: {fail-fast: false, max-parallel: 1, matrix: "${{ fromJSON(needs.plan.outputs.some) }}"}
            name: test ${{ matrix.n }} of ${{ strategy.job-total }}
            runs-on: ${{ matrix.labels || 'any' }}
            outputs: {last: "${{ steps.test.outputs.n }}"}
            steps:
              - id: test
                env: {N: "${{ matrix.n }}"}
                run: echo "n=$N" >> "$GITHUB_OUTPUT"; test "$N" != 2
          none:
            needs: plan
            strategy: {matrix: "${{ fromJSON(needs.plan.outputs.none) }}"}
            runs-on: any
            steps: [{run: "true"}]
          report:
            needs: some
            if: always()
            runs-on: any
            steps: [{run: 'test "$LAST" = 4', env: {LAST: "${{ needs.some.outputs.last }}"}}]
        """,
    )
    assert [(job.name, job.result, job.runs_on) for job in done.cells("some")] == [
        ("test 1 of 4", "success", "any"),
        ("test 2 of 4", "failure", "any"),
        ("test 3 of 4", "success", ["gpu"]),
        ("test 4 of 4", "success", "any"),
    ]
    assert done.job("none").annotations[0].message == "Matrix vector 'n' does not contain any values"
    assert done.job("report").result == "success"


def test_artifacts_move_and_hidden_files_stay(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """\
        on: push
        jobs:
          make:
            strategy: {matrix: {n: [a, b]}}
            runs-on: any
            steps:
              - run: mkdir -p out/.hidden && touch out/.hidden/x out/.y out/${{ matrix.n }}.txt
              - uses: actions/upload-artifact@v4
                with: {name: "part-${{ matrix.n }}", path: out/, retention-days: 3}
          again:
            needs: make
            runs-on: any
            steps:
              - run: touch x
              - uses: actions/upload-artifact@v4
                with: {name: part-a, path: x}
          collect:
            needs: make
            runs-on: any
            steps:
              - run: test -z "$(ls -A)" && test -z "$(ls -A ~)"
              - uses: actions/download-artifact@v5
                with: {pattern: part-*, path: each}
              - uses: actions/download-artifact@v5
                with: {pattern: part-*, path: all, merge-multiple: true}
              - uses: actions/download-artifact@v5
                with: {pattern: "*-b", path: one}
              - run: find . -type f | sort
        """,
    )
    assert done.job("collect").steps[-1].log == (
        "./all/a.txt",
        "./all/b.txt",
        "./each/part-a/a.txt",
        "./each/part-b/b.txt",
        "./one/b.txt",  # the only match: no directory of its own, since v5
    )
    assert done.artifact("part-a").retention_days == 3
    assert "409" in done.job("again").annotations[0].message
    assert [(found.line, found.expressions) for found in done.injections] == [(7, ("matrix.n",))]


def test_composite_actions(tmp_path: Path) -> None:
    remote = tmp_path / "remote"
    repository(remote, {"action.yml": ACTION})
    done = run(
        tmp_path,
        """\
        on: push
        env: {HERE: "${{ github.workspace }}/own"}
        jobs:
          use:
            runs-on: any
            steps:
              - uses: actions/checkout@v4
              - uses: ./own
                id: own
                with: {who: "${{ secrets.WHO }}"}
              - uses: org/greeter@v1
                id: remote
                env: {HERE: "${{ vars.REMOTE }}"}
              - run: echo "$SAID, $GREETED"
                env: {SAID: "${{ steps.own.outputs.greeting }} ${{ steps.remote.outputs.greeting }}"}
              - uses: org/unknown@v1
              - if: failure()
                run: |
                  echo '::error file=a.py,line=3,title=a%3A b::one%0Atwo'
                  echo 'seen ##[warning]old form'
        """,
        {"own/action.yml": ACTION},
        actions={"org/greeter": remote},
        secrets={"WHO": "it's"},
        variables={"REMOTE": str(remote)},
    )
    job = done.job("use")
    assert job.steps[3].log == ("hello '***' hello 'world', yes",)
    assert [(note.level, note.message, note.properties) for note in job.annotations[1:]] == [
        ("error", "one\ntwo", {"file": "a.py", "line": "3", "title": "a: b"}),
        ("warning", "old form", {}),
    ]
    assert "org/unknown@v1" in job.annotations[0].message


def test_reusable_workflow_in_a_matrix(tmp_path: Path) -> None:
    called = """\
        on:
          workflow_call:
            inputs: {n: {type: number, required: true}, text: {type: string, default: "none"}}
            outputs: {seen: {value: "${{ jobs.test.outputs.seen }}"}}
        jobs:
          test:
            strategy: {fail-fast: false, matrix: {os: [x, y]}}
            runs-on: any
            outputs: {seen: "${{ steps.test.outputs.seen }}"}
            steps:
              - id: test
                env: {N: "${{ inputs.n }}", TEXT: "${{ inputs.text }}"}
                run: test "$N" -lt 2; echo "seen=$N $TEXT" >> "$GITHUB_OUTPUT"
          gate: {needs: test, runs-on: any, steps: [{run: "true"}]}
        """
    workflow = """\
        on: push
        jobs:
          stage:
            strategy: {fail-fast: false, matrix: {n: [1, 2]}}
            uses: ./.github/workflows/called.yml
            with: {n: "${{ matrix.n }}"}
          later: {needs: stage, runs-on: any, steps: [{run: "true"}]}
          report:
            needs: stage
            if: always()
            runs-on: any
            steps: [{run: 'echo "$SEEN"', env: {SEEN: "${{ needs.stage.outputs.seen }} ${{ needs.stage.result }}"}}]
        """
    done = run(tmp_path, workflow, {CALLED: called})
    assert done.results["stage (1) / gate"] == "success"
    assert done.results["stage (2) / gate"] == "skipped"
    assert done.results["stage (2) / test (x)"] == "failure"
    assert done.results["later"] == "skipped"
    assert done.job("report").log == "1 none failure"


AGAIN = """\
    on: push
    jobs:
      green: {runs-on: any, outputs: {n: "${{ github.run_attempt }}"}, steps: [{run: "true"}]}
      cells:
        needs: green
        strategy: {fail-fast: false, matrix: {n: [1, 2]}}
        runs-on: any
        steps:
          - {if: github.run_attempt > 1, uses: actions/download-artifact@v5, with: {name: "${{ matrix.n }}"}}
          - run: echo "$GITHUB_RUN_ATTEMPT" >> seen; test "$N" = 1 || test "$GITHUB_RUN_ATTEMPT" = 2
            env: {N: "${{ matrix.n }}"}
          - if: always()
            uses: actions/upload-artifact@v5
            with: {name: "${{ matrix.n }}", path: seen, overwrite: true}
      call: {needs: green, uses: ./.github/workflows/called.yml}
      calls: {needs: cells, if: always(), uses: ./.github/workflows/called.yml}
      report: {needs: cells, if: always(), runs-on: any, steps: [{run: "true"}]}
      other: {needs: green, if: "needs.green.outputs.n == '1'", runs-on: any, steps: [{run: "true"}]}
    """


def test_failed_jobs_run_again_with_what_needs_them(tmp_path: Path) -> None:
    called = "on: {workflow_call: {}}\njobs: {test: {runs-on: any, steps: [{run: 'true'}]}}\n"
    first = run(tmp_path, AGAIN, {CALLED: called})
    assert first.results["cells (2)"] == first.conclusion == "failure"
    work = tmp_path / "again"
    second = execute(tmp_path / "repo", CI, work=work, previous=tmp_path / "work", timeout=60)
    assert second.conclusion == "success"
    assert second.results == {**first.results, "cells (2)": "success"}
    again = {job.id for job in second.jobs if job.directory and job.directory.is_relative_to(work)}
    assert again == {"cells (2)", "calls / test", "report"}
    texts = {one.name: (one.path / "seen").read_text() for one in second.artifacts}
    assert texts == {"1": "1\n", "2": "1\n2\n"}, "those of the attempt before, and what took their place"


def test_time_out_and_fail_fast_cancel(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """\
        on: push
        jobs:
          step:
            runs-on: any
            steps:
              - {id: slow, timeout-minutes: 0.005, continue-on-error: true, run: exec sleep 30}
              - {if: "steps.slow.outcome == 'failure'", run: echo went on}
          job:
            runs-on: any
            timeout-minutes: 0.005
            steps:
              - run: exec sleep 30
              - {if: always(), run: echo cleaned up}
          fast:
            strategy: {matrix: {n: [1, 2, 3]}}
            runs-on: any
            steps:
              - run: if [ "$N" = 1 ]; then sleep 0.3; exit 1; else exec sleep 30; fi
                env: {N: "${{ matrix.n }}"}
        """,
        parallel=4,
    )
    assert done.job("step").log == "went on"
    assert (done.job("job").result, done.job("job").log) == ("cancelled", "cleaned up")
    assert [job.result for job in done.cells("fast")] == ["failure", "cancelled", "cancelled"]
    assert done.conclusion == "failure"


def test_what_github_would_refuse(tmp_path: Path) -> None:
    workflow = """\
        on: push
        jobs:
          a: {needs: b, runs-on: any, steps: [{run: "true"}]}
          b: {needs: a, runs-on: any, steps: [{run: "echo ${{ matrix.x }} ${{ nothing }}"}]}
        """
    done = run(tmp_path, workflow)
    assert done.conclusion == "startup_failure"
    assert "Unrecognized named-value: 'nothing'" in str(done.error)
    found = check(tmp_path / "repo" / CI)
    assert any(one.line == 4 and "nothing" in one.message and one.severity == "error" for one in found)
