"""The schema that editors use says what the loader says."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from parts import PROJECT

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.plan.not_acted_on import WAITING
from ci_orchestrator.plan.schema import plan_schema
from ci_orchestrator.plan.shape import fields_of, models
from ci_orchestrator.plan.unsupported import FIELDS

SCHEMA = plan_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
PAGE = PROJECT / "docs" / "reference" / "plan.md"

FULL: dict[str, Any] = {
    "version": 1,
    "name": "shop",
    "defaults": {
        "timeout": "30m",
        "test-timeout": None,
        "retries": {"max": 2, "when": ["failure"]},
        "env": {"TZ": "UTC"},
    },
    "pipeline": {
        "mode": "sequential",
        "trigger": {"push": ["main", "release/*"], "pull-request": False, "schedule": "30 4 * * 1-5", "manual": True},
        "concurrency": "queue",
        "fail-fast": True,
        "runner": "gpu",
    },
    "gates": {
        "canary": {
            "error-rate": {"healthy": "<5%", "unhealthy": "> 10.5%", "confidence": "95%", "min-samples": 100},
            "latency": {"max": "200ms", "compare": "baseline"},
            "on-hold": [["echo", "wait"]],
            "on-rollback": ["./rollback.sh now"],
        },
        "quality": {
            "final": True,
            "failures": 0,
            "not-proven": 2,
            "coverage": {"min": "80%", "changed-lines": "100%", "max-drop": "0.5%", "paths": {"src/**": "95.25%"}},
            "benchmarks": {"max-regression": "5%"},
            "duration": {"max-growth": "150%"},
            "flaky": {"new": 0},
            "checks": ["lint", "build"],
        },
    },
    "quotas": {"core": {"runner": "gpu", "share": "50%", "borrow": False}},
    "results": {
        "pipelines": {
            "slow": [
                {"filter": {"suite": "unit", "duration": ">10s", "flaky": False, "outcome": ["failed", "errored"]}},
                {"map": {"minutes": {"from": "duration", "divide": 60}, "where": {"from": "path", "folders": 2}}},
                {"group": "owner"},
                {"reduce": {"sum": ["duration", "minutes"], "count": "test"}},
                {"rename": {"sum-minutes": "minutes"}},
                {"select": ["owner", "minutes"]},
                {"sort": "-minutes"},
                {"take": 10},
                {"custom": {"use": "mine", "with": {"limit": 3, "word": "x"}}},
            ]
        }
    },
    "report": {
        "results": ["reports/**/*.xml"],
        "benchmarks": ["bench/*.json"],
        "comment": {"when": "changed", "sections": ["changes", "trend"], "templates": {"trend": "ci/trend.md"}},
        "history": {"keep": "200 builds"},
    },
    "notify": {"failures": [{"slack": "SLACK_WEBHOOK"}, {"email": "team@example.org"}]},
    "runners": {
        "gpu": {
            "labels": {
                "github": ["gpu"],
                "gitlab": ["gpu"],
                "jenkins": "a && b",
                "azure": {"pool": "p", "demands": ["x"]},
            },
            "provides": {
                "cpu": 16,
                "memory": "128GiB",
                "kvm": True,
                "gpu": {"vendor": "nvidia", "memory": "80GiB", "count": 1, "compute": "8.0"},
                "browser": [{"engine": "chromium", "version": "150", "webgpu": True}, {"engine": "firefox"}],
                "device": {"fpga": True},
            },
            "count": 4,
            "price": 0.07,
        }
    },
    "suites": {
        "unit": {
            "tool": "pytest",
            "paths": ["tests/unit"],
            "args": ["-p", "no:randomly"],
            "cwd": ".",
            "python": ".venv/bin/python",
            "shards": {"target": "8m", "max": 20},
            "keep-together": "file",
            "allow-empty": False,
            "priority": "high",
            "artifacts": {"paths": {"logs": "logs/**"}, "retain": "14d"},
            "requires": {"gpu.vendor": "nvidia", "gpu.memory": ">=40GiB", "cpu": [2, ">=4, <32"]},
            "stages": [10, 100],
            "gate": "canary",
            "setup": {
                "checkout": {"depth": 0, "submodules": True, "lfs": True},
                "toolchain": {"python": "3.12", "node": "22"},
                "run": ["pip install -e ."],
                "cache": {"paths": ["~/.cache/pip", ".tox"], "key": ["pyproject.toml"]},
            },
            "secrets": ["TOKEN"],
            "services": {"db": {"image": "postgres:16", "env": {"A": "x"}, "ports": ["5432", "8080:80"]}},
            "container": "python:3.12-slim",
            "coverage": {"report": "coverage.xml", "map": {"/builds/app": "."}},
            "deadline": "45m",
            "group": "fast",
            "owner": "core",
        },
        "boot": {
            "tool": "command",
            "list": "./l.sh",
            "run": ["./r.sh", "{tests}"],
            "needs": ["unit::tests/unit/a.py::t"],
            "shards": "auto",
            "timeout": 90,
        },
    },
}


def loads(plan: object) -> bool:
    """Whether it is a plan, as far as a schema can tell: what this machine has is another matter."""
    try:
        load_plan(json.dumps(plan))
    except PlanError as error:
        return all("nothing says that this machine has" in problem.what for problem in error.problems)
    return True


def changed(*steps: str | int, to: object = None) -> dict[str, Any]:
    """The full plan with the value at `steps` replaced (or added)."""
    plan: Any = json.loads(json.dumps(FULL))
    inner = plan
    for step in steps[:-1]:
        inner = inner[step]
    inner[steps[-1]] = to
    return dict(plan)


BAD = {
    "version": changed("version", to=2),
    "unknown": changed("zzz", to=1),
    "unsupported": changed("currency", to="EUR"),
    "no suites": changed("suites", to={}),
    "suites": changed("suites", to=[]),
    "suite name": changed("suites", "Unit", to={"tool": "pytest"}),
    "name": changed("suites", "unit", "name", to="unit"),
    "tool": changed("suites", "unit", "tool", to="jezt"),
    "no tool": changed("suites", "more", to={}),
    "paths": changed("suites", "unit", "paths", to="tests"),
    "path": changed("suites", "unit", "paths", 0, to="/tests"),
    "escape": changed("suites", "unit", "cwd", to="a/../.."),
    "timeout": changed("suites", "unit", "timeout", to="soon"),
    "negative": changed("suites", "unit", "timeout", to=-1),
    "no target": changed("suites", "unit", "shards", to={"max": 3}),
    "both": changed("suites", "unit", "shards", to={"count": 3, "target": "8m"}),
    "shards": changed("suites", "unit", "shards", to=0),
    "shards words": changed("suites", "unit", "shards", to="many"),
    "keep-together": changed("suites", "unit", "keep-together", to="module"),
    "allow-empty": changed("suites", "unit", "allow-empty", to="no"),
    "retries": changed("defaults", "retries", "max", to=-1),
    "cause": changed("defaults", "retries", "when", to=["rain"]),
    "priority": changed("suites", "unit", "priority", to=101),
    "env value": changed("suites", "unit", "env", to={"A": 1}),
    "env name": changed("suites", "unit", "env", to={"A-B": "1"}),
    "need": changed("suites", "boot", "needs", to=["Unit"]),
    "run": changed("suites", "boot", "run", to="./r.sh"),
    "no list": changed("suites", "boot", to={"tool": "command", "run": "./r.sh {tests}"}),
    "arguments of another tool": changed("suites", "boot", "args", to=["-x"]),
    "command of another tool": changed("suites", "unit", "list", to="./l.sh"),
    "capability": changed("suites", "unit", "requires", to={"speed": 1}),
    "condition": changed("suites", "unit", "requires", to={"cpu": "many"}),
    "provides": changed("runners", "gpu", "provides", "gpu", to={"vendor": 1}),
    "family": changed("runners", "gpu", "provides", "gpu", to="nvidia"),
    "pool": changed("runners", "gpu", "labels", "azure", to={}),
    "price": changed("runners", "gpu", "price", to=-1),
    "defaults": changed("defaults", "paths", to=["a"]),
    "mode": changed("pipeline", "mode", to="fast"),
    "branch": changed("pipeline", "trigger", "push", to=["$(rm)"]),
    "cron": changed("pipeline", "trigger", "schedule", to="soon"),
    "healthy": changed("gates", "canary", "error-rate", "healthy", to="5%"),
    "samples": changed("gates", "canary", "error-rate", "min-samples", to=0),
    "no share": changed("gates", "canary", "error-rate", "confidence", to="1"),
    "no latency": changed("gates", "canary", "latency", to={}),
    "field of the other gate": changed("gates", "canary", "failures", to=0),
    "field of the one gate": changed("gates", "quality", "on-hold", to=["./wait.sh"]),
    "coverage of nothing": changed("gates", "quality", "coverage", to={}),
    "number of a share": changed("gates", "quality", "coverage", "min", to=0.8),
    "share above all": changed("gates", "quality", "coverage", "min", to="101%"),
    "growth": changed("gates", "quality", "duration", "max-growth", to="1001%"),
    "no growth": changed("gates", "quality", "duration", to={}),
    "flaky": changed("gates", "quality", "flaky", "new", to=-1),
    "checks": changed("gates", "quality", "checks", to="lint"),
    "quota": changed("quotas", "core", "share", to="half"),
    "pipeline": changed("results", "pipelines", "slow", to=[]),
    "empty stage": changed("results", "pipelines", "slow", 0, to={}),
    "two in a stage": changed("results", "pipelines", "slow", 2, to={"group": "owner", "take": 3}),
    "reduction": changed("results", "pipelines", "slow", 3, "reduce", to={"total": "duration"}),
    "take": changed("results", "pipelines", "slow", 7, "take", to=0),
    "no columns": changed("results", "pipelines", "slow", 5, "select", to=[]),
    "derived": changed("results", "pipelines", "slow", 1, "map", "minutes", to={"divide": 60}),
    "divided": changed("results", "pipelines", "slow", 1, "map", "minutes", "divide", to=0),
    "section": changed("report", "comment", "sections", to=["weather"]),
    "when": changed("report", "comment", "when", to="never"),
    "history": changed("report", "history", "keep", to="0 builds"),
    "glob": changed("report", "results", to=["/tmp/*.xml"]),
    "target": changed("notify", "failures", to=[{}]),
    "two targets": changed("notify", "failures", to=[{"slack": "A", "email": "a@example.org"}]),
    "webhook": changed("notify", "failures", to=[{"slack": "https://hooks.example/1"}]),
    "address": changed("notify", "failures", to=[{"email": "team"}]),
    "deadline": changed("suites", "unit", "deadline", to="soon"),
    "map": changed("suites", "unit", "coverage", "map", to={"/builds": "../x"}),
    "stages": changed("suites", "unit", "stages", to=[0, 100]),
    "toolchain": changed("suites", "unit", "setup", "toolchain", to={"python": "3.12; rm"}),
    "cache": changed("suites", "unit", "setup", "cache", "paths", to=["/etc"]),
    "cache outside": changed("suites", "unit", "setup", "cache", "paths", to=["a/../../b"]),
    "cache above home": changed("suites", "unit", "setup", "cache", "paths", to=["~/.."]),
    "secret": changed("suites", "unit", "secrets", to=["A B"]),
    "service": changed("suites", "unit", "services", to={"db": {}}),
    "image": changed("suites", "unit", "container", to="a b"),
    "coverage": changed("suites", "unit", "coverage", to={"report": "/c.xml"}),
}


def test_the_schema_is_a_schema_and_takes_a_full_plan() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert loads(FULL)
    VALIDATOR.validate(FULL)


@pytest.mark.parametrize("plan", BAD.values(), ids=BAD)
def test_the_schema_refuses_what_the_loader_refuses(plan: dict[str, Any]) -> None:
    assert not loads(plan)
    assert not VALIDATOR.is_valid(plan)


# On these the two agree by design: what needs the whole plan (unknown needs, cycles, gates and stages) or several
# numbers at once is the loader's alone.
FIELDS_OF_SUITE = sorted(SCHEMA["$defs"]["Suite"]["properties"].keys() - {"gate", "stages"})
SCALARS = [None, True, 0, 1, -1, 7, 2.5, 10**9, "", "a", "30m", "8 m", "auto", "high", "16GiB", "file", "pytest"]
PARTS: list[object] = [{"max": 1}, {"max": 3, "target": 60}, {"count": 2, "target": None}, {"A": "x"}, {"A": 1}]
REQUIRED: list[object] = [
    {"kvm": True},
    {"kvm": 1},
    {"cpu": ">=4"},
    {"cpu": [2, 4]},
    {"os": ">a"},
    {"os": ["a", "!=b"]},
]
DEEPER: list[object] = [{"gpu.driver": "1.2"}, {"gpu.driver": 1.2}, {"device.x": 1}, {"paths": {"a": "b/**"}}]
OTHERS: list[object] = [[], ["a"], ["/a"], [1], {}, {"when": ["timeout"]}, {"when": "timeout"}, {"retain": "2d"}]
VALUES = st.sampled_from([*SCALARS, *PARTS, *REQUIRED, *DEEPER, *OTHERS])


@given(st.sampled_from(FIELDS_OF_SUITE), VALUES, st.booleans())
def test_schema_and_loader_agree_on_single_fields(field: str, value: object, default: bool) -> None:
    if field == "needs" and value in (["a"], ["file"]):
        value = []
    suite: dict[str, object] = {"tool": "pytest"}
    plan: dict[str, object] = {"suites": {"unit": suite}}
    if default:
        plan["defaults"] = {field: value}
    else:
        suite[field] = value
    assert VALIDATOR.is_valid(plan) == loads(plan), plan


ALONE: list[object] = [True, 4, -4, 1.5, "4", "16GiB", "x", "1.2", "a b", ">=4", "", [], [{}], [{"engine": "x"}]]
ENTRIES = [
    {},
    {"vendor": "x"},
    {"memory": "1GB"},
    {"memory": 1.5},
    {"version": 7},
    {"version": "1.x"},
    {"webgpu": True},
]
PROVIDED = st.sampled_from([*ALONE, *ENTRIES, {"board": "x"}])


@given(st.sampled_from(sorted(SCHEMA["$defs"]["RunnerClass"]["properties"]["provides"]["properties"])), PROVIDED)
def test_schema_and_loader_agree_on_capabilities(name: str, value: object) -> None:
    plan = {"suites": {"unit": {"tool": "pytest"}}, "runners": {"a": {"provides": {name: value}}}}
    assert VALIDATOR.is_valid(plan) == loads(plan), plan


@pytest.mark.parametrize("script", ["schemas.py", "reference_plan.py"])
def test_what_is_made_from_the_code_has_not_drifted(script: str) -> None:
    made = [sys.executable, str(PROJECT / "scripts" / script), "--check"]
    done = subprocess.run(made, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_field_has_a_meaning_and_is_documented() -> None:
    page = PAGE.read_text("utf-8")
    for model in models():
        assert f"### {model.__name__}\n" in page
        written = (SCHEMA if model is Plan else SCHEMA["$defs"][model.__name__])["properties"]
        for name in fields_of(model):
            assert written[name]["description"], (model, name)
    for name in (name for table in FIELDS.values() for name in table):
        assert f"{name}`" in page.partition("## Not supported yet")[2]
    for waiting in WAITING:
        assert f"| `{waiting.field}` |" in page.partition("## Not acted on yet")[2]
