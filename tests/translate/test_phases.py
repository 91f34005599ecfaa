from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.errors import PlanError, UserError
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.lock import decode, encode
from ci_orchestrator.translate.phases import START_UP, schedule, suites_to_run, tails

PLAN = """
version: 1
suites:
  unit: {tool: pytest, paths: [tests], shards: %s, keep-together: %s}
  e2e: {tool: pytest, paths: [e2e], needs: [unit], group: slow}
  smoke: {tool: pytest, paths: [smoke], needs: ["unit::tests/test_0.py"]}
"""


def lock_bytes(found: dict[str, list[str]], durations: dict[str, tuple[float, ...]], plan: str) -> bytes:
    return encode(schedule(load_plan(plan), found, durations=durations, tool_version="1").lock)


def some(files: int, each: int) -> dict[str, list[str]]:
    return {
        "unit": [f"tests/test_{file}.py::test_{number}" for file in range(files) for number in range(each)],
        "e2e": ["e2e/test_e.py::test_e"],
        "smoke": ["smoke/test_s.py::test_s"],
    }


@st.composite
def inputs(draw: st.DrawFn) -> tuple[dict[str, list[str]], dict[str, tuple[float, ...]], str]:
    found = some(draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    known = draw(st.lists(st.sampled_from(found["unit"]), unique=True))
    seconds = st.lists(st.floats(0.001, 100), min_size=1, max_size=5).map(tuple)
    durations = {f"unit::{test}": draw(seconds) for test in known}
    shards = draw(st.sampled_from(["3", "{target: 30s, max: 5}", "auto"]))
    return found, durations, PLAN % (shards, draw(st.sampled_from(["file", "none"])))


@given(inputs(), st.randoms(use_true_random=False))
def test_the_same_inputs_give_the_same_bytes_in_any_order(case, rng: random.Random) -> None:
    found, durations, plan = case
    files = sorted({test.partition("::")[0] for test in found["unit"]})
    rng.shuffle(files)  # other workers collected other files
    shuffled = {
        "smoke": found["smoke"],
        "unit": [test for file in files for test in found["unit"] if test.startswith(f"{file}::")],
        "e2e": found["e2e"],
    }
    turned = dict(sorted(durations.items(), reverse=True))
    assert lock_bytes(found, durations, plan) == lock_bytes(shuffled, turned, plan)


@given(inputs())
def test_every_test_is_in_exactly_one_job(case) -> None:
    found, durations, plan = case
    lock = schedule(load_plan(plan), found, durations=durations, tool_version="1").lock
    planned = sorted(lock.test_ids())
    assert planned == sorted(f"{suite}::{test}" for suite, tests in found.items() for test in tests)
    assert decode(encode(lock)) == lock
    for job in lock.jobs:
        assert len(job.tests) == len(job.estimates)
        order = [found[job.suite].index(test) for test in job.tests]
        assert order == sorted(order), "collection order is kept"
        needed = {need.suite for need in job.needs}
        assert all(other.level < job.level for other in lock.jobs if other.suite in needed)


SCRIPT = """
import json, sys
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.lock import encode
from ci_orchestrator.translate.phases import schedule
found, durations, plan = json.load(sys.stdin)
sys.stdout.buffer.write(encode(schedule(load_plan(plan), found, durations=durations, tool_version="1").lock))
"""


@pytest.mark.parametrize(("seed", "zone"), [("0", "UTC"), ("1", "Pacific/Apia"), ("4242", "America/New_York")])
def test_another_process_hash_seed_and_time_zone_give_the_same_bytes(seed: str, zone: str) -> None:
    found = some(5, 7)
    durations = {f"unit::{test}": (index * 0.37, 1.0) for index, test in enumerate(found["unit"], start=1)}
    plan = PLAN % ("{target: 30s}", "none")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps([found, durations, plan]).encode(),
        env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
        stdout=subprocess.PIPE,
        check=True,
    )
    assert done.stdout == lock_bytes(found, durations, plan)


def test_needs_of_single_tests_name_their_jobs_only() -> None:
    lock = schedule(load_plan(PLAN % ("3", "file")), some(6, 2), durations={}, tool_version="1").lock
    (need,) = lock.job("smoke").needs
    holders = tuple(job.id for job in lock.jobs if any(test.startswith("tests/test_0.py::") for test in job.tests))
    assert need.jobs == holders
    assert need.tests == ("unit::tests/test_0.py::test_0", "unit::tests/test_0.py::test_1")
    with pytest.raises(PlanError, match="no such test"):
        schedule(
            load_plan(PLAN % ("1", "none")), {**some(1, 1), "unit": ["tests/x.py::t"]}, durations={}, tool_version="1"
        )


def test_suites_are_chosen_with_what_they_need() -> None:
    plan = load_plan(PLAN % ("1", "none"))
    assert suites_to_run(plan) == ("e2e", "smoke", "unit")
    assert suites_to_run(plan, only=["unit"]) == ("unit",)
    assert suites_to_run(plan, groups=["slow"]) == ("e2e", "unit")
    with pytest.raises(UserError, match="no group 'fast'"):
        suites_to_run(plan, groups=["fast"])
    with pytest.raises(UserError, match="no suite 'uint'"):
        suites_to_run(plan, only=["uint"])


def test_the_critical_path_follows_the_needs() -> None:
    found = some(1, 1)
    durations = {"unit::tests/test_0.py::test_0": (10.0,), "e2e::e2e/test_e.py::test_e": (20.0,)}
    decided = schedule(load_plan(PLAN % ("1", "none")), found, durations=durations, tool_version="1")
    assert decided.critical_path == (30.0 + 2 * START_UP, ("unit", "e2e"))
    assert tails(decided.lock)["unit"] == 30.0 + 2 * START_UP


def test_a_lock_grows_with_its_jobs_not_with_their_square() -> None:
    sizes = []
    for count in (100, 400):
        plan = load_plan(
            f"suites: {{a: {{tool: pytest, shards: {count}}}, b: {{tool: pytest, shards: {count}, needs: [a]}}}}"
        )
        found = {name: [f"t.py::test_{number:04}" for number in range(count)] for name in ("a", "b")}
        decided = schedule(plan, found, durations={}, tool_version="1")
        assert len(decided.critical_path[1]) == 2
        sizes.append(len(encode(decided.lock)))
    assert sizes[1] < 4.5 * sizes[0]
