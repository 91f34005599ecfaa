from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError
from texts import any_text

from ci_orchestrator.errors import ExitCode, LockError
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.lock import SCHEMA, Gate, Job, Lock, Need, decode, digest_of, encode, moved, plan_value, seal
from ci_orchestrator.translate.phases import schedule

PLAN = """
version: 1
name: Shop
runners:
  small: {labels: {github: [ubuntu-latest]}, provides: {os: linux, cpu: 2}, price: 0.008}
  large: {labels: {github: [big], gitlab: [big]}, provides: {os: linux, cpu: 16}, price: 0.064}
defaults:
  env: {TZ: UTC, LANG: C}
  retries: {max: 2, when: [worker-lost, failure, timeout]}
suites:
  unit: {tool: pytest, paths: [tests/unit], shards: 3, timeout: 30m, test-timeout: 60s}
  e2e: {tool: pytest, paths: [tests/e2e], needs: [unit, "db::tests/db/test_up.py::test_up"], requires: {cpu: ">=8"}}
  db: {tool: pytest, paths: [tests/db], env: {ZONE: eu, AREA: "1"}, priority: high}
"""
FOUND = {
    "unit": [f"tests/unit/test_{file}.py::test_{number}" for file in "abcd" for number in range(6)],
    "e2e": ["tests/e2e/test_é.py::test_[ü-\u2028]", "tests/e2e/test_é.py::test_'\"\\\n"],
    "db": ["tests/db/test_up.py::test_up", "tests/db/test_up.py::test_down"],
}
DURATIONS = {f"unit::{test}": [0.1 * index, 0.2] for index, test in enumerate(FOUND["unit"])}


def lock_bytes(text: str = PLAN, found: dict[str, list[str]] = FOUND, durations: dict = DURATIONS) -> bytes:
    return encode(schedule(load_plan(text), found, durations=durations, tool_version="1.0").lock)


def sealed(*jobs: Job, plan: dict | None = None, **more: object) -> Lock:
    fields = {"tool_version": "1", "plan_digest": "p", "tests_digest": "t", "history_digest": "h", **more}
    return seal(Lock(jobs=jobs, plan=plan or {}, **fields))  # type: ignore[arg-type]


def job(name: str, *tests: str, stage: int = 0, suite: str = "unit", needs: tuple[Need, ...] = ()) -> Job:
    return Job(
        id=name,
        name=name,
        suite=suite,
        stage=suite,
        level=stage,
        runner="local",
        needs=needs,
        tests=tests,
        estimates=(1,) * len(tests),
    )


def resealed(raw: dict) -> bytes:
    """A lock that somebody changed by hand, digest and all."""
    body = {key: value for key, value in raw.items() if key != "digest"}
    return json.dumps({**body, "digest": digest_of(body)}).encode()


text = any_text(8)
plain = st.text(max_size=8)  # what YAML can say
plans = st.dictionaries(
    plain,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@given(plans, st.lists(text, unique=True, max_size=6), st.lists(st.tuples(text, text), max_size=2))
def test_what_is_written_is_read_again(plan: dict, tests: list[str], skipped: list[tuple[str, str]]) -> None:
    first = sealed(job("unit_1of2", *tests), plan=plan, skipped_at_collection=tuple(skipped))
    data = encode(first)
    read = decode(data)
    assert read == first
    assert encode(read) == data
    assert data.isascii()


def test_a_lock_of_a_real_plan_is_read_again_and_belongs_to_it() -> None:
    data = lock_bytes()
    lock = decode(data)
    assert encode(lock) == data
    assert moved(lock, load_plan(PLAN)) == ()
    assert lock.plan_digest == digest_of(plan_value(load_plan(PLAN)))
    assert sorted(lock.test_ids()) == sorted(f"{suite}::{test}" for suite, tests in FOUND.items() for test in tests)
    assert [one.id for one in lock.jobs] == ["db", "unit_1of3", "unit_2of3", "unit_3of3", "e2e"]
    assert [need.label for need in lock.job("e2e").needs] == ["needs:unit", "needs:db::tests/db/test_up.py::test_up"]


def shuffled(value: object, dice: random.Random) -> object:
    """The same mapping with its keys in another order, all the way down."""
    if isinstance(value, dict):
        items = list(value.items())
        dice.shuffle(items)
        return {key: shuffled(inner, dice) for key, inner in items}
    return value


@given(st.randoms(use_true_random=False))
def test_the_order_of_keys_suites_and_history_does_not_matter(dice: random.Random) -> None:
    plan = yaml.safe_dump(shuffled(yaml.safe_load(PLAN), dice), sort_keys=False)
    again = lock_bytes(plan, shuffled(FOUND, dice), shuffled(DURATIONS, dice))  # type: ignore[arg-type]
    assert again == lock_bytes()


@pytest.mark.parametrize(("seed", "zone"), [("0", "UTC"), ("1", "Pacific/Kiritimati"), ("4242", "America/St_Johns")])
def test_another_process_makes_the_same_bytes(seed: str, zone: str, request: pytest.FixtureRequest) -> None:
    code = "import sys, test_lock; sys.stdout.buffer.write(test_lock.lock_bytes())"
    env = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "TZ": zone,
        "PYTHONPATH": os.pathsep.join(map(str, request.path.parents[:2])),
        "LC_ALL": "C",
    }
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)
    assert done.stdout == lock_bytes()


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (PLAN.replace("30m", "1800s"), False),
        (PLAN.replace("version: 1", "version: 1  # and a comment"), False),
        (PLAN.replace("30m", "31m"), True),
        (PLAN.replace("max: 2", "max: 3"), True),
    ],
)
def test_what_the_plan_means_is_locked_not_how_it_is_written(change: str, differs: bool) -> None:
    assert (lock_bytes(change) != lock_bytes()) is differs


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("30m", "1m", "suites.unit.timeout: 1800.0 → 60.0"),
        ("ZONE: eu, ", "", 'suites.db.env.ZONE: "eu" → absent'),
        ("priority: high", "priority: low", "suites.db.priority: 10 → -10"),
        ("shards: 3", "shards: 4", "suites.unit.shards.count: 3 → 4"),
        ("[tests/e2e]", "[tests/e2e, more]", 'suites.e2e.paths: ["tests/e2e"] → ["tests/e2e", "more"]'),
        ("name: Shop", "name: Store", 'name: "Shop" → "Store"'),
    ],
)
def test_what_moved_is_told_by_its_path(old: str, new: str, said: str) -> None:
    assert moved(decode(lock_bytes()), load_plan(PLAN.replace(old, new))) == (said,)


def test_a_suite_that_came_or_went_is_told() -> None:
    less = PLAN.replace("  db: {", "  base: {").replace('"db::', '"base::')
    changes = moved(decode(lock_bytes()), load_plan(less))
    assert any(change.startswith('suites.base: absent → {"') for change in changes)
    assert any(change.startswith("suites.db: {") and change.endswith("→ absent") for change in changes)


def test_long_values_are_cut_where_they_differ() -> None:
    one, two = (PLAN.replace("[tests/e2e]", json.dumps([f"tests/{n}" for n in range(40)] + [last])) for last in "xy")
    [change] = moved(decode(lock_bytes(one)), load_plan(two))
    assert '"x"' in change
    assert '"y"' in change
    assert len(change) < 250


@given(plans, plans)
@example({"version": True}, {})  # equal to 1, yet something else
def test_nothing_moved_if_and_only_if_the_plans_are_the_same(one: dict, two: dict) -> None:
    plan = load_plan(PLAN)
    value = plan_value(plan)
    assert moved(sealed(plan=value), plan) == ()
    assert bool(moved(sealed(plan={**value, **one}), plan)) == (digest_of({**value, **one}) != digest_of(value))


# -- what is refused -----------------------------------------------------------------------------


def refused(data: bytes) -> LockError:
    with pytest.raises(LockError) as caught:
        decode(data, "build/plan.lock.json")
    error = caught.value
    assert error.exit_code is ExitCode.USER_ERROR
    assert str(error).startswith("build/plan.lock.json: ")
    assert error.fix
    return error


@given(st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    refused(data)


@given(st.data())
def test_damage_is_refused(data: st.DataObject) -> None:
    whole = lock_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255))
    broken = whole[:at] + bytes([byte]) + whole[at + 1 :]
    try:
        assert decode(broken) == decode(whole)  # only space between the parts may change
    except LockError:
        return
    assert json.loads(broken) == json.loads(whole)


@given(st.data())
def test_a_lock_that_was_cut_short_is_refused(data: st.DataObject) -> None:
    whole = lock_bytes()
    refused(whole[: data.draw(st.integers(0, len(whole) - 3))])


@given(st.data(), plans)
def test_a_field_of_any_other_kind_is_refused(data: st.DataObject, other: dict) -> None:
    raw = json.loads(lock_bytes())
    key = data.draw(st.sampled_from(sorted(raw)))
    raw[key] = data.draw(st.sampled_from([other, [other], None, 17, "x", [[1]], True]))
    try:
        again = encode(decode(resealed(raw) if key != "digest" else json.dumps(raw).encode()))
    except LockError:
        return
    assert json.loads(again)[key] == raw[key]


def test_a_changed_lock_is_refused() -> None:
    assert "digest does not match" in str(refused(lock_bytes().replace(b'"runner":"small"', b'"runner":"large"', 1)))


@pytest.mark.parametrize("version", [SCHEMA + 1, 99, 1.5])
def test_a_newer_schema_is_refused_whatever_else_it_holds(version: float) -> None:
    error = refused(json.dumps({"schema-version": version, "cells": []}).encode())
    assert f"schema {version}" in str(error)
    assert "newer" in error.fix


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a lock"),
        (b"[]", "not a lock"),
        (b"{}", "tool-version"),
        (b"[" * 100_000, "not a lock"),
        (b"\xff\xfe", "not a lock"),
        (lock_bytes().replace(b'"plan": {', b'"plan": {"deep": ' + b"[" * 400 + b"]" * 400 + b",", 1), "not a lock"),
        (lock_bytes().replace(b'"tool-version"', b'"tool"', 1), "tool"),
    ],
)
def test_what_is_no_lock_is_refused_with_a_reason(data: bytes, said: str) -> None:
    assert said in str(refused(data))


@pytest.mark.parametrize("name", ["../../etc", "Unit", "", "a" * 61, "a\n", "1a", "a-b"])
def test_the_id_of_a_job_cannot_lead_anywhere_else(name: str) -> None:
    raw = json.loads(lock_bytes())
    raw["jobs"][0]["id"] = name
    assert "jobs.0.id" in str(refused(resealed(raw)))


UP = (Need(label="needs:unit::t2", suite="unit", tests=("unit::t2",), jobs=("up",)),)
ALL = (Need(label="needs:unit", suite="unit"),)


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ((job("a", "t1"), job("a", "t2")), "two jobs have the same id"),
        ((job("a", "t1"), job("b", "t1")), "unit::t1 stands in the lock twice"),
        ((job("a", "t1", "t1"),), "unit::t1 stands in the lock twice"),
        ((job("a", "t1", needs=UP),), "job a needs up, which is no job of an earlier level"),
        ((job("a", "t1", needs=UP), job("up", "t2")), "no job of an earlier level"),
        ((job("up", "t1", needs=UP),), "no job of an earlier level"),
        (
            (job("a", "t1"), job("b", "t2", suite="e2e", needs=ALL)),
            "job b needs a, which is no job of an earlier level",
        ),
    ],
)
def test_a_lock_makes_sense(jobs: tuple[Job, ...], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        sealed(*jobs)


def gate(name: str, *jobs: str) -> Gate:
    return Gate(id=name, name=name, policy="canary", suite="unit", stage=name.removeprefix("gate_"), jobs=jobs)


def behind(name: str, after: str, *, stage: int) -> Job:
    return job(name, name, stage=stage).model_copy(update={"after": after})


@pytest.mark.parametrize(
    ("jobs", "gates", "said"),
    [
        ((behind("a", "gate_x", stage=0),), (), "job a waits for the gate gate_x, which is not there"),
        ((job("a", "t"),), (gate("gate_a", "b"),), "gate gate_a judges b, which is no job"),
        ((job("a", "t"), job("gate_a", "u")), (gate("gate_a", "a"),), "two jobs have the same id"),
        ((behind("a", "gate_a", stage=1),), (gate("gate_a", "a"),), "job a needs a, which is no job of an earlier"),
        (
            (job("a", "t", stage=1), behind("b", "gate_a", stage=1)),
            (gate("gate_a", "a"),),
            "job b needs a, which is no job of an earlier level",
        ),
    ],
)
def test_gates_of_a_lock_make_sense(jobs: tuple[Job, ...], gates: tuple[Gate, ...], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        sealed(*jobs, gates=gates)


def test_a_lock_with_gates_is_written_and_read_and_knows_them_by_their_stage() -> None:
    lock = sealed(job("a", "t"), behind("b", "gate_a", stage=1), gates=(gate("gate_a", "a"), gate("gate_b", "b")))
    assert decode(encode(lock)) == lock
    assert lock.gate("b").jobs == ("b",)
    with pytest.raises(LockError) as caught:
        lock.gate("c")
    assert caught.value.fix == "stages with a gate: a, b"


def test_the_same_name_in_two_suites_is_two_tests() -> None:
    lock = sealed(job("a", "t1"), job("b", "t1", suite="e2e", stage=1, needs=ALL))
    assert list(lock.test_ids()) == ["unit::t1", "e2e::t1"]


def test_estimates_are_aligned_with_tests() -> None:
    with pytest.raises(ValidationError, match="2 tests, 1 estimates"):
        Job(id="a", name="a", suite="s", stage="s", level=0, runner="local", tests=("t1", "t2"), estimates=(1,))


def test_a_job_is_found_by_its_id_or_those_there_are_are_told() -> None:
    lock = decode(lock_bytes())
    assert lock.job("db").tests == tuple(FOUND["db"])
    with pytest.raises(LockError, match="no job 'dbb'") as caught:
        lock.job("dbb")
    assert "unit_1of3" in caught.value.fix


def test_a_job_is_a_line_so_that_a_diff_shows_what_moved() -> None:
    lines = lock_bytes().decode().splitlines()
    assert sum('"id":' in line for line in lines) == 5
    assert sealed().digest == decode(encode(sealed())).digest
