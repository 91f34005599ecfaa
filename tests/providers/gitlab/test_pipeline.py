"""What a plan says, and what GitLab is told."""

from __future__ import annotations

from typing import Any

import pytest
from providers.gitlab import plans

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.pipeline import Shape
from ci_orchestrator.providers.base import command_in

ONE = "suites: {unit: {tool: pytest}}\n"
CLASSES = """
runners: {a: {price: 1, labels: {gitlab: [x]}}, b: {provides: {kvm: true}}}
suites: {unit: {tool: pytest, requires: {kvm: true}}}
"""


def rules(trigger: str) -> list[dict[str, Any]]:
    """`workflow: rules` for a trigger."""
    text = plans.rendered(plans.dynamic(f"pipeline: {{trigger: {trigger}}}\n{ONE}"))
    found: list[dict[str, Any]] = plans.read(text)["workflow"]["rules"]
    return found


def test_what_starts_a_pipeline() -> None:
    assert rules("{push: [], pull-request: false, manual: false}") == [{"when": "never"}]
    assert rules("{push: [a/b, a/b], pull-request: false, manual: false}") == [
        {"if": '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == "a/b"'}
    ]
    assert rules('{push: ["*"], schedule: "0 3 * * *"}') == [
        {"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'},
        {"if": '$CI_PIPELINE_SOURCE == "schedule"'},
        {"if": "$CI_PIPELINE_SOURCE =~ /^(web|api)$/"},
        {"if": '$CI_PIPELINE_SOURCE == "push" && $CI_OPEN_MERGE_REQUESTS', "when": "never"},
        {"if": '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH =~ /^.*$/'},
    ]


def test_what_a_new_push_does_to_an_older_build() -> None:
    def read(concurrency: str, shape: Shape = Shape.DYNAMIC) -> dict[str, Any]:
        text = f"pipeline: {{concurrency: {concurrency}}}\n{ONE}"
        pipeline = plans.dynamic(text) if shape is Shape.DYNAMIC else plans.static(text, {"unit": 1})
        return plans.read(plans.rendered(pipeline))

    cancelled, queued, free = read("cancel-older"), read("queue"), read("none", Shape.STATIC)
    assert [one["workflow"]["auto_cancel"]["on_new_commit"] for one in (cancelled, queued, free)] == [
        "interruptible",
        "none",
        "none",
    ]
    assert [one["default"]["interruptible"] for one in (cancelled, queued, free)] == [True, False, False]
    assert "resource_group" in queued["run the plan"]
    assert "resource_group" not in cancelled["run the plan"]
    assert cancelled["run the plan"]["inherit"] == {"variables": False}, "they would win over the child's own"
    with pytest.raises(PlanError, match=r"static.*wait"):
        read("queue", Shape.STATIC)


def test_the_command_in_the_head_renders_the_same_again() -> None:
    text = plans.rendered(plans.static(plans.EXAMPLE, plans.EXAMPLE_PINS))
    assert command_in(text) == (Shape.STATIC, plans.EXAMPLE_PINS)
    assert command_in(plans.rendered(plans.dynamic(plans.EXAMPLE))) == (Shape.DYNAMIC, {})


def test_runner_classes_are_tags() -> None:
    jobs = plans.jobs(plans.rendered(plans.static(plans.EXAMPLE, plans.EXAMPLE_PINS)))
    assert {name: job["tags"] for name, job in jobs.items() if job["tags"] != ["linux"]} == {
        "kernels-50": ["linux", "gpu"],
        "kernels-100": ["linux", "gpu"],
        "web": ["browser"],
    }
    assert "tags" not in plans.jobs(plans.rendered(plans.static(ONE, {"unit": 1})))["unit"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("runners: {big: {labels: {github: [x]}}}\n" + ONE, ["no tags for GitLab", "plans and reports"]),
        ('runners: {big: {labels: {gitlab: ["a$b"]}}}\n' + ONE, ["a$b", "expand"]),
        ('runners: {big: {labels: {gitlab: ["%a%"]}}}\n' + ONE, ["%a%", "expand"]),
        (CLASSES, ["runner class b", "no tags"]),
        ('suites: {unit: {tool: pytest, setup: {cache: {paths: [a], key: ["$a"]}}}}', ["key of a cache", "$a"]),
    ],
)
def test_what_gitlab_cannot_be_told_is_refused(text: str, words: list[str]) -> None:
    with pytest.raises(PlanError) as refused:
        plans.rendered(plans.static(text, {"unit": 1}))
    assert all(word in str(refused.value) for word in words), str(refused.value)


def test_a_plan_below_a_directory_with_a_dollar_is_refused() -> None:
    with pytest.raises(PlanError, match="expand"):
        plans.rendered(plans.dynamic(ONE, "a/$b/testplan.yaml"))


def test_values_reach_the_tests_as_they_are() -> None:
    jobs = plans.jobs(plans.rendered(plans.static(plans.HOSTILE, plans.HOSTILE_PINS)))
    values = {
        name: value["value"] if isinstance(value, dict) else value
        for name, value in jobs["cache-50"]["variables"].items()
    }
    assert values == {
        "A": "$CI_JOB_TOKEN",
        "B": "$(touch pwned)\n- x: y\n",
        "C": "yes",
        "D": "1e3",
        "E": 'it\'s "${HOME}" %PATH% $$',
        "CI_ORCHESTRATOR_JOB": "cache_50",
    }
    raw = [value for value in jobs["cache-50"]["variables"].values() if isinstance(value, dict)]
    assert all(value["expand"] is False for value in raw)
    assert all(isinstance(value, dict) for value in jobs["cache-50"]["variables"].values() if "$" in str(value))


def test_words_of_gitlab_are_no_names_of_jobs() -> None:
    jobs = plans.jobs(plans.rendered(plans.static(plans.HOSTILE, plans.HOSTILE_PINS)))
    assert "null tests" in jobs
    text = "suites:\n  pages: {tool: pytest}\n  image: {tool: pytest}\n  plans: {tool: pytest}\n"
    jobs = plans.jobs(plans.rendered(plans.static(text, {"pages": 1, "image": 2, "plans": 1})))
    assert set(jobs) == {"plan", "pages tests", "image tests", "plans", "report"}


def test_a_stage_without_tests_is_left_out_and_what_needs_it_goes_on() -> None:
    text = """
gates: {g: {error-rate: {healthy: "<50%", unhealthy: ">50%", confidence: 50%}}}
suites:
  first: {tool: pytest, allow-empty: true, stages: [50, 100], gate: g}
  second: {tool: pytest, needs: [first]}
"""
    jobs = plans.jobs(plans.child(text, plans.locked(text, 8, empty=("first",))))
    assert list(jobs) == ["take over the lock", "second", "report"]
    assert plans.needed(jobs["second"]) == ["take over the lock"]


def test_bundles_go_to_gates_and_report_only() -> None:
    jobs = plans.jobs(plans.rendered(plans.static(plans.EXAMPLE, plans.EXAMPLE_PINS)))
    taken = {
        name: [need for need in job.get("needs", []) if isinstance(need, str) and need != "plan"]
        for name, job in jobs.items()
    }
    assert {name for name, each in taken.items() if each} == {
        *("gate kernels-50", "hold kernels-50", "rollback kernels-50"),
        *("gate kernels-100", "hold kernels-100", "rollback kernels-100"),
    }
    assert taken["gate kernels-100"] == ["gate kernels-50", "kernels-100"]
    assert jobs["gate kernels-50"]["when"] == "always"
    assert [rule["when"] for rule in jobs["report"]["rules"]] == ["always", "always"]


def test_one_after_another_is_a_resource_group_and_an_order() -> None:
    jobs = plans.jobs(plans.rendered(plans.static(plans.MONOREPO, plans.MONOREPO_PINS)))
    assert jobs["go"]["resource_group"] == jobs["web"]["resource_group"] == "sequential-$CI_PIPELINE_IID"
    assert jobs["go ended"]["when"] == "always"
    assert plans.needed(jobs["web"]) == ["plan", "go ended", "go"]


def test_the_order_of_stages_goes_on_behind_one_without_tests() -> None:
    suites = "".join(f"  {name}: {{tool: pytest, allow-empty: true}}\n" for name in "abc")
    text = f"pipeline: {{mode: sequential}}\nsuites:\n{suites}"
    jobs = plans.jobs(plans.child(text, plans.locked(text, 3, empty=("b",))))
    assert list(jobs) == ["take over the lock", "a", "a ended", "c", "report"]
    assert plans.needed(jobs["c"]) == ["take over the lock", "a ended"]
