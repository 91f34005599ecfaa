from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parts import PROJECT, SHARED, need

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.lock import plan_value
from ci_orchestrator.plan.models import Plan, Retries, Shards
from ci_orchestrator.plan.not_acted_on import WAITING, not_acted_on

PAGE = PROJECT / "docs" / "reference" / "plan.md"


def examples() -> list[str]:
    return [block.split("```")[0] for block in PAGE.read_text("utf-8").split("```yaml\n")[1:]]


def test_a_short_plan_is_a_whole_plan() -> None:
    plan = load_plan(examples()[0])
    assert list(plan.suites) == ["unit"]
    unit = plan.suites["unit"]
    assert (unit.name, unit.tool, unit.paths, unit.cwd) == ("unit", "pytest", ("tests",), ".")
    assert (unit.timeout, unit.test_timeout, unit.shards) == (1800.0, 600.0, Shards(count=1))
    assert unit.retries == Retries(max=1, when=("worker-lost", "infrastructure"))


def test_a_full_plan_is_read_with_defaults_folded_in() -> None:
    plan = load_plan(examples()[1].encode())
    unit, kernels, web = plan.suites.values()
    assert unit.test_timeout == 60.0
    assert unit.env == {"TZ": "UTC"}
    assert unit.shards == Shards(target=480.0, max=20)
    assert unit.artifacts.paths == {"logs": "logs/**"}
    assert unit.artifacts.retain == 14 * 86_400
    assert kernels.priority == 10
    assert kernels.requires == {"gpu.vendor": ("nvidia",), "gpu.memory": (">=40GiB",)}
    assert web.env == {"TZ": "UTC", "BASE": "http://localhost:8080"}
    assert web.list_command == ("./web/list.sh",)
    assert web.run_command == ("./web/run.sh", "{tests}")
    assert plan.runners["cpu"].labels.azure is not None
    assert plan.runners["cpu"].labels.azure.demands == ("Agent.OS -equals Linux",)
    assert plan.runners["gpu"].provides["gpu"] == (
        {"vendor": "nvidia", "model": "a100", "memory": 80 * 1024**3, "count": 1.0},
    )


@pytest.mark.parametrize("text", examples())
def test_a_plan_survives_being_written_as_json_and_read(text: str) -> None:
    plan = load_plan(text)
    written = plan.model_dump_json(by_alias=True)
    assert Plan.model_validate_json(written).model_dump_json(by_alias=True) == written
    assert load_plan(written).model_dump_json(by_alias=True) == written


def test_a_suite_wins_over_the_defaults_and_env_is_merged() -> None:
    plan = load_plan(
        "defaults: {tool: pytest, timeout: 1m, env: {A: '1', B: '1'}, retries: {max: 3}, shards: 2}\n"
        "suites:\n  a: {timeout: 2m, env: {B: '2', C: '2'}, retries: {when: [failure]}}\n  b: {}\n"
    )
    a, b = plan.suites.values()
    assert (a.timeout, b.timeout, a.shards.count) == (120.0, 60.0, 2)
    assert a.env == {"A": "1", "B": "2", "C": "2"}
    assert a.retries == Retries(when=("failure",))
    assert b.retries == Retries(max=3)


def test_without_runners_only_what_every_machine_has_can_be_required() -> None:
    assert load_plan("suites: {a: {tool: pytest, requires: {cpu: 2, memory: 1GiB}}}").suites["a"].requires
    with pytest.raises(PlanError, match="nothing says that this machine has kvm"):
        load_plan("suites: {a: {tool: pytest, requires: {kvm: true}}}")


def test_defaults_meant_for_other_tools_do_no_harm() -> None:
    plan = load_plan(
        "defaults: {tool: pytest, args: [-x], python: .venv/bin/python}\n"
        "suites:\n  a: {}\n  b: {tool: command, list: ./l, run: './r {tests}'}\n"
    )
    assert [(suite.args, suite.python) for suite in plan.suites.values()] == [(("-x",), ".venv/bin/python"), ((), None)]


def test_package_names_may_stand_in_args() -> None:
    plan = load_plan("suites: {a: {tool: pytest, args: [--pyargs, networkx]}}")
    assert plan.suites["a"].paths == ()


def test_the_shape_that_all_agree_on_is_read_and_what_waits_is_said() -> None:
    need(SHARED.is_dir(), "the shared example plan is beside the project's checkout in development")
    plan = load_plan((SHARED / "testplan.example.yaml").read_bytes())
    assert [said.split("`")[1] for said in not_acted_on(plan)] == [waiting.field for waiting in WAITING]
    again = Plan.model_validate(json.loads(json.dumps(plan_value(plan))))
    assert plan_value(again) == plan_value(plan)
    assert again.gates == plan.gates
    assert again.results == plan.results


def refused_or_read(text: bytes | str) -> None:
    try:
        assert isinstance(load_plan(text), Plan)
    except PlanError as error:
        for problem in error.problems:
            assert problem.what
            assert problem.fix
            assert problem.where is not None
            assert str(problem).encode("utf-8")
            assert len(problem.what) < 1000


@given(st.binary(max_size=200))
def test_bytes_are_a_plan_or_a_plan_error(data: bytes) -> None:
    refused_or_read(data)


@given(st.text(max_size=200))
def test_text_is_a_plan_or_a_plan_error(text: str) -> None:
    refused_or_read(text)


VOCABULARY = """suites runners defaults version unit tool pytest command list run needs requires shards target max env
timeout retries when name provides gpu memory browser labels azure artifacts paths retain 1 -1 0.5 true null auto 8m
.nan {tests} a|b a::b ../x /x 16GiB >=4 "\\0" '' [] {} 99999999999999999999 1e999 0x10 <<"""
WORDS = st.sampled_from(VOCABULARY.split())


def fragments(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(WORDS, inner), max_size=4).map(lambda all_: ", ".join(f"{k}: {v}" for k, v in all_))
    return pairs.map(lambda text: f"{{{text}}}") | st.lists(inner, max_size=3).map(lambda all_: f"[{', '.join(all_)}]")


VALUES = st.recursive(WORDS, fragments, max_leaves=12)


@given(st.dictionaries(WORDS, VALUES, max_size=4), st.dictionaries(WORDS, VALUES, max_size=6), st.booleans())
def test_anything_like_a_plan_is_a_plan_or_a_plan_error(
    top: dict[str, str], suite: dict[str, str], plain: bool
) -> None:
    lines = [] if plain else [f"{key}: {value}" for key, value in top.items()]
    body = "".join(f"    {key}: {value}\n" for key, value in suite.items())
    refused_or_read("\n".join(lines) + f"\nsuites:\n  unit:\n    tool: pytest\n{body}")
