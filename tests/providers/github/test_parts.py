"""Plans whose bundles nobody could list: parts, each with a job that collects; up to all that GitHub takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import examples
from providers.github import plans

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.pipeline import Limits
from ci_orchestrator.providers.base import command_in
from ci_orchestrator.providers.github.collecting import ASKED, Listed, Named, way_of
from ci_orchestrator.providers.github.limits import LIMITS
from ci_orchestrator.providers.github.render import RENDERER, GitHub
from ci_orchestrator.translate.phases import schedule
from ci_orchestrator.translate.pipelines import dynamic_pipeline, pins_of, static_pipeline

CANARY = 'gates: {canary: {error-rate: {healthy: "<50%", unhealthy: ">60%", confidence: 60%}}}\n'
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Emitted = Mapping[str, list[dict]]


def load(text: str) -> dict:
    return yaml.load(text, LOADER)


def plan_of(sizes: Iterable[int], canary: Iterable[int] = (), needed: Iterable[int] = ()) -> str:
    """Suites of so many jobs; `canary`: in two stages, if not large; `needed`: needing the one before."""
    suites = {
        f"s{number}": {
            "tool": "pytest",
            "shards": size,
            **({"stages": [50, 100], "gate": "canary"} if number in canary and 1 < size < 2_000 else {}),
            **({"needs": [f"s{number - 1}"]} if number and number in needed else {}),
        }
        for number, size in enumerate(sizes)
    }
    return CANARY + yaml.safe_dump({"suites": suites})


def emitted_jobs(emitted: Emitted) -> list[str]:
    return sorted(f"{stage}{shard}" for stage, parts in emitted.items() for part in parts for shard in part["shards"])


def static_jobs(files: Mapping[str, dict]) -> list[str]:
    """Every job of the lock that a static workflow starts, by itself or by calls."""
    found = []
    for key, job in files["tests.yml"]["jobs"].items():
        if "uses" in job:
            assert Path(job["uses"]).name in files
            found += [f"{job['with']['stage']}{shard}" for one in include(job) for shard in one["shards"]]
        elif "strategy" in job:
            found += [f"{key}{shard}" for shard in job["strategy"]["matrix"]["shard"]]
    return sorted(found)


def include(job: dict) -> list[dict]:
    return job["strategy"]["matrix"]["include"]


def check(texts: Mapping[str, str], emitted: Emitted, limits: Limits) -> None:
    """Every file, matrix and output is inside the walls, and nothing asks the REST API."""
    assert all(len(text.encode()) <= limits["bytes"] for text in texts.values())
    assert len(texts) - 1 <= limits["calls"]
    parts = [part for every in emitted.values() for part in every]
    assert max(len(part["shards"]) for part in parts) <= limits["matrix"]
    assert max(map(len, emitted.values())) <= limits["matrix"]
    assert len({part["part"] for part in parts}) == len(parts) <= limits["names"]
    assert 2 * len(json.dumps(emitted, separators=(",", ":"))) <= limits["output"]
    for text in texts.values():
        assert "pattern:" not in text
        assert "github-token" not in text
        assert all("uses" not in job for job in load(text)["jobs"].values()) or text is texts["tests.yml"]
    assert len(emitted_jobs(emitted)) + 2 * len(parts) + 2 <= limits["checks"]
    assert limits["levels"] >= 2


def both(text: str) -> tuple[list[str], dict[str, str], dict[str, str], Emitted]:
    """The ids of a lock's jobs, the static and the dynamic files, and what the plan job emits."""
    plan = load_plan(text)
    found = {
        name: [f"t.py::t{n}" for n in range(max(4, suite.shards.count or 1))] for name, suite in plan.suites.items()
    }
    # Which jobs there are does not depend on needs; writing down who waits for whom would take most of the time.
    alone = load_plan(re.sub(r"needs: *\n *- s\d", "needs: []", text))
    lock = schedule(alone, found, durations={}, tool_version="1").lock
    emitting = dynamic_pipeline(plan, LIMITS, plan_file="testplan.yaml", tool="1", lock=lock)
    fixed = static_pipeline(plan, pins_of(lock), LIMITS, plan_file="testplan.yaml", tool="1")
    emitted = json.loads(RENDERER.emit(emitting))
    return sorted(job.id for job in lock.jobs), plans.written(fixed), plans.written(plans.dynamic(text)), emitted


@settings(max_examples=examples(5), deadline=None)
@given(
    sizes=st.lists(st.sampled_from([1, 2, 255, 256, 257, 1_500, 4_000]), min_size=1, max_size=8).filter(
        lambda sizes: ASKED < sum(sizes) <= 20_000
    ),
    canary=st.sets(st.integers(0, 7)),
    needed=st.sets(st.integers(1, 7)),
)
def test_inside_every_wall_with_each_job_once(sizes: list[int], canary: set[int], needed: set[int]) -> None:
    ids, fixed, dynamic, emitted = both(plan_of(sizes, canary, needed))
    assert emitted_jobs(emitted) == ids
    assert static_jobs({name: load(text) for name, text in fixed.items()}) == ids
    assert set(emitted) <= set(load(dynamic["tests.yml"])["jobs"])
    for texts in (fixed, dynamic):
        check(texts, emitted, LIMITS)


def test_all_that_github_takes_and_not_one_more() -> None:
    ids, fixed, dynamic, emitted = both(plan_of([10_000] * 3))
    assert len(ids) == LIMITS["jobs"]
    assert emitted_jobs(emitted) == ids
    for texts in (fixed, dynamic):
        check(texts, emitted, LIMITS)
    with pytest.raises(PlanError, match=r"30,001 test jobs .* takes 30,000 \(https://") as error:
        plans.dynamic(plan_of([10_000, 10_000, 10_000, 1]))
    assert error.value.fix.count("; or ") == 2


def test_as_many_as_can_be_listed_are_matrices_in_one_file_as_ever() -> None:
    assert way_of(plans.dynamic(plan_of([ASKED])), LIMITS) == Listed(plans.dynamic(plan_of([ASKED])), token=True)
    one_more = plans.dynamic(plan_of([ASKED + 1]))
    assert way_of(one_more, LIMITS) == Named(one_more)
    assert list(plans.written(one_more)) == ["tests.yml", "tests-s0.yml"]


def test_a_gate_that_fetches_its_bundles_again_counts() -> None:
    pipeline = plans.dynamic(plan_of([600], canary=[0]))
    assert isinstance(way_of(pipeline, LIMITS), Named)


def test_what_is_emitted_fits_what_was_rendered_though_few_jobs_came_of_it() -> None:
    """A target time with 256 jobs at most for each of four suites: nobody knows before how many there will be."""
    text = yaml.safe_dump({"suites": {f"s{n}": {"tool": "pytest", "shards": {"target": "1m"}} for n in range(4)}})
    ids, _, dynamic, emitted = both(text)
    assert ids == ["s0", "s1", "s2", "s3"]
    assert emitted == {name: [{"part": name, "shards": [""]}] for name in ids}
    jobs = load(dynamic["tests.yml"])["jobs"]
    assert jobs["s0"]["strategy"]["matrix"] == {"shard": "${{ fromJSON(needs.plan.outputs.jobs).s0[0].shards }}"}


def test_a_suite_that_came_out_empty_is_left_out_and_waited_for_by_nobody() -> None:
    text = "suites: {a: {tool: pytest, shards: 1000, allow-empty: true}, b: {tool: pytest, needs: [a]}}"
    assert json.loads(RENDERER.emit(plans.dynamic(text))) == {}
    jobs = load(plans.written(plans.dynamic(text))["tests.yml"])["jobs"]
    assert jobs["a"]["if"] == "fromJSON(needs.plan.outputs.jobs).a != null"
    assert "(needs.a.result == 'success' || fromJSON(needs.plan.outputs.jobs).a == null)" in jobs["b"]["if"]


@pytest.mark.parametrize(("mode", "inner", "outer"), [("sequential", 1, 1), ("resource-aware", 256, 2)])
def test_no_more_run_at_once_than_the_plan_says(mode: str, inner: int, outer: int) -> None:
    text = f"runners: {{c: {{count: 600, labels: {{github: [x]}}}}}}\npipeline: {{mode: {mode}}}\n"
    files = plans.written(plans.dynamic(text + "suites: {a: {tool: pytest, shards: 2000}}"))
    assert load(files["tests.yml"])["jobs"]["a"]["strategy"]["max-parallel"] == outer
    assert load(files["tests-a.yml"])["jobs"]["test"]["strategy"]["max-parallel"] == inner


def test_a_called_workflow_gets_the_secrets_of_its_suite_by_name_and_no_others() -> None:
    files = plans.written(plans.dynamic(plans.VAST))
    called = load(files["tests-kernels.yml"])
    assert called[True]["workflow_call"]["secrets"] == {"TOKEN": {"required": False}}
    assert load(files["tests.yml"])["jobs"]["kernels_100"]["secrets"] == {"TOKEN": "${{ secrets.TOKEN }}"}
    assert "secrets" not in plans.written(plans.dynamic(plan_of([1_000])))["tests-s0.yml"]


def test_every_file_says_how_it_was_made() -> None:
    for text in plans.written(plans.dynamic(plans.VAST)).values():
        assert command_in(text) is not None
        assert text.count("ci-orchestrator plan --provider") == 1


@pytest.mark.parametrize(
    ("suites", "wall"),
    [
        ({f"s{n:02}": 257 for n in range(51)}, r"51 reusable workflows .* takes 50"),
        ({f"s{n:03}": 4 for n in range(257)}, r"257 artifacts that a step .* takes 256"),
        ({f"s{n:03}": 5 for n in range(230)}, r"bytes in a workflow file.* takes 500,000"),
    ],
)
def test_what_cannot_be_called_fetched_or_written_is_refused(suites: dict[str, int], wall: str) -> None:
    text = yaml.safe_dump({"suites": {name: {"tool": "pytest", "shards": size} for name, size in suites.items()}})
    with pytest.raises(PlanError, match=rf"{wall} \(https://") as error:
        plans.written(plans.dynamic(text))
    assert error.value.fix.count("; or ") == 2


def test_the_action_fetches_as_many_as_a_matrix_has_jobs() -> None:
    from_action = (Path(__file__).parents[3] / "action/collect/action.yml").read_text("utf-8")
    steps = yaml.safe_load(from_action)["runs"]["steps"]
    fetched = [step["with"]["name"] for step in steps if "with" in step]
    assert fetched == [f"${{{{ inputs.prefix }}}}${{{{ fromJSON(inputs.names)[{n}] }}}}" for n in range(256)]
    assert LIMITS["matrix"] <= LIMITS["names"] == len(fetched)


def test_tighter_limits_are_those_of_the_renderer() -> None:
    pipeline = plans.static(plans.VAST, plans.VAST_PINS, limits=plans.FEW)
    assert set(GitHub(plans.FEW).render(pipeline, plans.PATH).files) == {
        ".github/workflows/tests.yml",
        ".github/workflows/tests-kernels.yml",
    }
    assert re.findall(r"part: (\w+), shards: \[(.*)\]", plans.written(pipeline, plans.FEW)["tests.yml"]) == [
        ("kernels_100", "_1of7, _2of7, _3of7"),
        ("kernels_100_part2", "_4of7, _5of7, _6of7"),
        ("kernels_100_part3", "_7of7"),
    ]
