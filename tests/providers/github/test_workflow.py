"""What holds of every workflow: walls, jobs, conditions, quoting."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from parts import examples
from providers.github import plans

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.pipeline import Cell, Matrix
from ci_orchestrator.providers.base import command_in
from ci_orchestrator.providers.github.collecting import ASKED, Listed, way_of
from ci_orchestrator.providers.github.limits import LIMITS
from ci_orchestrator.providers.github.pins import OURS, pinned
from ci_orchestrator.providers.github.render import RENDERER
from ci_orchestrator.translate.phases import schedule
from ci_orchestrator.translate.pipelines import dynamic_pipeline, pins_of, static_pipeline

CANARY = 'gates: {canary: {error-rate: {healthy: "<50%", unhealthy: ">60%", confidence: 60%}}}\n'


@settings(max_examples=examples(12))
@given(
    counts=st.lists(st.integers(1, 400), min_size=1, max_size=6),
    canary=st.sets(st.integers(0, 5)),
    needed=st.sets(st.integers(1, 5)),
)
def test_what_can_be_listed_is_inside_every_wall_with_each_job_once(
    counts: list[int], canary: set[int], needed: set[int]
) -> None:
    suites = {
        f"s{number}": {
            "tool": "pytest",
            "shards": count,
            **({"stages": [50, 100], "gate": "canary"} if number in canary and count > 1 else {}),
            **({"needs": [f"s{number - 1}"]} if number in needed else {}),
        }
        for number, count in enumerate(counts)
    }
    plan = load_plan(CANARY + yaml.safe_dump({"suites": suites}))
    found = {name: [f"t.py::t{n}" for n in range(max(4, suite["shards"]))] for name, suite in suites.items()}
    lock = schedule(plan, found, durations={}, tool_version="1").lock
    emitting = dynamic_pipeline(plan, LIMITS, plan_file="testplan.yaml", tool="1", lock=lock)
    fixed = static_pipeline(plan, pins_of(lock), LIMITS, plan_file="testplan.yaml", tool="1")
    assume(isinstance(way_of(emitting, LIMITS), Listed))
    emitted, text = json.loads(RENDERER.emit(emitting)), plans.rendered(fixed)
    check(emitted, text, plans.rendered(emitting), sorted(job.id for job in lock.jobs))


def check(emitted: dict[str, list], text: str, dynamic: str, ids: list[str]) -> None:
    written = yaml.safe_load(text)["jobs"]
    matrices = {key: job["strategy"]["matrix"]["include"] for key, job in written.items() if "strategy" in job}
    assert sorted(cell["job"] for cells in emitted.values() for cell in cells) == ids
    assert sorted(cell["job"] for cells in matrices.values() for cell in cells) == ids
    assert max(map(len, [*matrices.values(), *emitted.values()])) <= 256
    assert len(text.encode()) <= 500_000
    assert len(ids) <= ASKED
    assert set(emitted) <= set(yaml.safe_load(dynamic)["jobs"])
    collect(written, len(ids))


def collect(written: dict, jobs: int) -> None:
    """A report that may meet more than the hundred artifacts that a run lists asks for a token, and may use it."""
    report = written["report"]
    download = next(step["with"] for step in report["steps"] if "pattern" in step.get("with", {}))
    assert "github-token" in download or jobs < 50
    assert report["permissions"]["actions"] == "read"


def many(jobs: int) -> str:
    """A plan with so many jobs."""
    counts = [min(jobs - start, 5_000) for start in range(0, jobs, 5_000)]
    return "suites: {" + ", ".join(f"s{n}: {{tool: pytest, shards: {count}}}" for n, count in enumerate(counts)) + "}"


@pytest.mark.parametrize("jobs", [890, 900])
def test_as_many_as_can_be_collected_are_several_matrices(jobs: int) -> None:
    assert list(plans.jobs(plans.dynamic(many(jobs)))) == ["plan", "s0", "s0_part2", "s0_part3", "s0_part4", "report"]


def test_emptiness_is_left_out_and_waited_for_by_nobody() -> None:
    pipeline = plans.dynamic("suites: {a: {tool: pytest, allow-empty: true}, b: {tool: pytest, needs: [a]}}")
    assert json.loads(RENDERER.emit(pipeline)) == {}
    jobs = plans.jobs(pipeline)
    assert jobs["a"]["if"] == "fromJSON(needs.plan.outputs.jobs).a != null"
    assert "(needs.a.result == 'success' || fromJSON(needs.plan.outputs.jobs).a == null)" in jobs["b"]["if"]


def test_the_head_renders_it_again() -> None:
    text = plans.rendered(plans.static(plans.EXAMPLE, plans.EXAMPLE_PINS))
    assert command_in(text) == ("static", plans.EXAMPLE_PINS)
    assert text.count("ci-orchestrator plan --provider") == 1


def test_a_class_without_labels_is_refused() -> None:
    text = "runners: {gpu: {labels: {gitlab: [gpu]}}}\nsuites: {unit: {tool: pytest}}"
    with pytest.raises(PlanError, match=r"runner class .*no labels for GitHub") as error:
        plans.rendered(plans.dynamic(text))
    assert "labels" in error.value.fix


def test_a_condition_that_github_would_not_read_is_refused() -> None:
    others = {f"suite-with-quite-a-long-name-{n:03}": {"tool": "pytest"} for n in range(250)}
    suites = {**others, "last": {"tool": "pytest", "needs": list(others)}}
    with pytest.raises(PlanError, match=r"characters in an expression.* takes 21,000"):
        plans.rendered(plans.dynamic(yaml.safe_dump({"suites": suites})))


def test_a_file_that_is_too_long_is_refused() -> None:
    env = {f"A{n}": "x" * 9_000 for n in range(60)}
    with pytest.raises(PlanError, match="bytes in a workflow file"):
        plans.rendered(plans.dynamic(yaml.safe_dump({"suites": {"a": {"tool": "pytest", "env": env}}})))


def expressions(value: object) -> list[str]:
    if isinstance(value, dict):
        return [found for each in value.values() for found in expressions(each)]
    if isinstance(value, list):
        return [found for each in value for found in expressions(each)]
    return [value] if isinstance(value, str) and "${{" in value else []


@settings(max_examples=60)
@given(st.text(max_size=20) | st.text("${{}}' secrets.A\n", max_size=30))
def test_a_plans_texts_are_never_evaluated(text: str) -> None:
    """Not in scripts, and elsewhere only as the literal that they are."""
    text = text.replace("\x00", "")
    plan = {"suites": {"a": {"tool": "pytest", "env": {"A": text}, "setup": {"run": [["echo", text]]}}}}
    try:
        pipeline = plans.dynamic(yaml.safe_dump(plan, allow_unicode=True))
    except PlanError:
        return  # a text that no plan may have
    for job in plans.jobs(pipeline).values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            for value in expressions({"A": step.get("env", {}).get("A", "")}):
                assert value.replace("${{ '${{' }}", "${{") == text


def test_everything_that_is_not_ours_is_pinned() -> None:
    for pipeline in (plans.dynamic(plans.EXAMPLE), plans.static(plans.MONOREPO, plans.MONOREPO_PINS)):
        used = {step["uses"] for job in plans.jobs(pipeline).values() for step in job["steps"] if "uses" in step}
        assert OURS in used
        assert all(re.fullmatch(r"actions/[a-z/-]+@[0-9a-f]{40}", action) for action in used - {OURS})


def test_the_version_stands_beside_the_commit() -> None:
    assert re.fullmatch(r"v\d+\.\d+\.\d+", pinned("actions/cache/save").beside)


@pytest.mark.parametrize(
    ("wanted", "group", "cancels"), [("cancel-older", "ref", True), ("queue", "ref", False), ("none", "run_id", False)]
)
def test_concurrency(wanted: str, group: str, cancels: bool) -> None:
    text = f"pipeline: {{concurrency: {wanted}}}\nsuites: {{a: {{tool: pytest}}}}"
    concurrency = yaml.safe_load(plans.rendered(plans.dynamic(text)))["concurrency"]
    assert concurrency == {
        "group": f"${{{{ github.workflow }}}}-${{{{ github.{group} }}}}",
        "cancel-in-progress": cancels,
    }


def test_secrets_reach_only_what_gets_ready_for_tests_and_runs_them() -> None:
    for key, job in plans.jobs(plans.dynamic(plans.EXAMPLE)).items():
        holders = [step["name"] for step in job["steps"] if "EXAMPLE_TOKEN" in step.get("env", {})]
        wanted = {"plan": ["Set up", "Plan"], "api": ["Set up", "Run the tests"]}
        wanted |= {
            f"{verdict}_kernels_{part}": [f"On {verdict}"] for verdict in ("hold", "rollback") for part in (50, 100)
        }
        assert holders == wanted.get(key, [])


SECRET = "suites: {a: {tool: pytest, secrets: [A]}}\npipeline: {secrets: [KEY, PGPASSWORD], %s}\n"
TOLD = {"actions": "read", "checks": "write", "contents": "read", "pull-requests": "write", "statuses": "write"}


def step(job: dict, name: str) -> dict:
    (found,) = [one for one in job["steps"] if one.get("name") == name]
    return found


@pytest.mark.parametrize("shape", ["dynamic", "static"])
@pytest.mark.parametrize(
    ("options", "permissions", "extras", "token"),
    [
        ("", TOLD, "github", {"Report"}),
        ("memory: 'branch:x'", {**TOLD, "contents": "write"}, "github", {"Fetch the history", "Report"}),
        ("memory: 's3://b/k'", TOLD, "github,s3", {"Report"}),
        ("publish: false, memory: 'postgresql://h/d'", {}, "postgres", set()),
        ("publish: false, memory: 'branch:x'", {"contents": "write"}, None, {"Fetch the history", "Report"}),
        ("publish: false", {}, None, set()),
        ("forge: 'github=https://github.com/acme/shop'", TOLD, "github", {"Report"}),
        (
            "forge: 'gitlab=https://gitlab.com/a/b'",
            {"actions": "read", "contents": "read"},
            "github,gitlab",
            {"Report"},
        ),
    ],
)
def test_the_report_alone_may_tell_and_keeps_the_history_where_the_plan_says(
    options: str, permissions: dict[str, str], extras: str | None, token: set[str], shape: str
) -> None:
    text = SECRET % options
    made = plans.jobs(plans.dynamic(text) if shape == "dynamic" else plans.static(text, {"a": 1}))
    assert made["report"]["permissions"] == permissions
    assert made["plan"]["permissions"] == made["a"]["permissions"] == {"contents": "read"}
    assert step(made["report"], "Report")["with"].get("extras") == extras
    steps = [one for job in made.values() for one in job["steps"]]
    holders = {one["name"] for one in steps if "GITHUB_TOKEN" in one.get("env", {})}
    assert holders == token
    memory = "memory" in options
    keys = {one["name"] for one in steps if "KEY" in one.get("env", {})}
    assert keys == {"Report", *(["Fetch the history"] if memory else [])}
    cached = [one["name"] for one in steps if "actions/cache" in one.get("uses", "")]
    often = 2 if shape == "dynamic" else 1
    assert cached == ([] if memory else ["Fetch the history"] * often + ["Keep the history"])


def test_the_history_is_fetched_before_anything_of_the_project_has_run() -> None:
    text = "pipeline: {memory: 'branch:x'}\nsuites: {a: {tool: pytest, setup: {run: [[make]]}}}"
    for pipeline in (plans.dynamic(text, "below/testplan.yaml"), plans.static(text, {"a": 1}, "below/testplan.yaml")):
        names = [one.get("name") for one in plans.jobs(pipeline)["plan"]["steps"]]
        assert names == [None, "Fetch the history", "Set up", "Plan", None]


def test_a_job_without_the_source_begins_with_nothing_of_another_build() -> None:
    for text in plans.written(plans.dynamic(plans.VAST)).values():
        for job in yaml.safe_load(text)["jobs"].values():
            first = job["steps"][0] if "steps" in job else {"uses": job["uses"]}
            assert "uses" in first or first["run"] == "rm -rf -- .ci-orchestrator\n"


def test_images_that_are_asked_for_are_kept_by_a_commit() -> None:
    report = plans.jobs(plans.dynamic("report: {comment: {images: true}}\nsuites: {a: {tool: pytest}}"))["report"]
    assert report["permissions"] == {**TOLD, "contents": "write"}
    assert step(report, "Report")["with"]["extras"] == "charts,github"


def test_the_walls_are_those_that_were_read() -> None:
    assert {name: wall.value for name, wall in LIMITS.walls.items()} == {
        "matrix": 256,
        "jobs": 30_000,
        "calls": 50,
        "levels": 10,
        "checks": 50_000,
        "names": 256,
        "bytes": 500_000,
        "output": 1_000_000,
        "expression": 21_000,
        "artifacts": 1_000,
        "listed": 100,
        "requests": 1_000,
        "minutes": 7_200,
        "retention": 90,
        "annotations": 10,
    }
    assert all(wall.source.startswith("https://") for wall in LIMITS.walls.values())


def test_an_output_that_is_too_long_is_refused() -> None:
    pipeline = plans.static("suites: {unit: {tool: pytest, shards: 2}}", {"unit": 2})
    (stage,) = pipeline.stages
    matrix = Matrix("unit", 1, (Cell("unit", "n" * 500_000),))
    with pytest.raises(PlanError, match="bytes in a job's outputs, as UTF-16, and GitHub Actions takes 1,000,000"):
        RENDERER.emit(replace(pipeline, stages=(replace(stage, matrices=(matrix,)),)))


@pytest.mark.parametrize(("timeout", "minutes"), [("1s", 11), ("30m", 40), ("20d", 7_200)])
def test_github_waits_longer_than_we_do(timeout: str, minutes: int) -> None:
    job = plans.jobs(plans.dynamic(f"suites: {{a: {{tool: pytest, timeout: {timeout}}}}}"))["a"]
    assert job["timeout-minutes"] == minutes
