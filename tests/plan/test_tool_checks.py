"""What a suite says must make sense to its tool."""

from __future__ import annotations

import pytest

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.tool_checks import OURS

TOOLS = ("go", "jest", "playwright", "vitest")


def plan(tool: str, *lines: str) -> str:
    return f"suites:\n  s:\n    tool: {tool}\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize("tool", TOOLS)
def test_plain_suites_load(tool: str) -> None:
    suite = load_plan(plan(tool, "cwd: web", "paths: [a]", "args: [-x]"), "plan").suites["s"]
    assert (suite.tool, suite.args) == (tool, ("-x",))


@pytest.mark.parametrize("tool", TOOLS)
def test_an_interpreter_is_for_pytest_only(tool: str) -> None:
    with pytest.raises(PlanError, match="`python` means nothing to the tool"):
        load_plan(plan(tool, "python: .venv/bin/python"), "plan")
    defaults = "defaults: {python: .venv/bin/python}\n"
    assert load_plan(defaults + plan(tool), "plan").suites["s"].python is None


@pytest.mark.parametrize(("tool", "argument"), [(tool, argument) for tool in OURS for argument in sorted(OURS[tool])])
def test_arguments_that_choose_tests_are_ours(tool: str, argument: str) -> None:
    for written in (argument, f"{argument}=x"):
        with pytest.raises(PlanError, match=r"args\[1\]: .* own to say"):
            load_plan(plan(tool, f"args: [-q, '{written}']"), "plan")


@pytest.mark.parametrize(
    ("tool", "argument"), [("go", "-coverpkg=./..."), ("jest", "--coverage"), ("vitest", "--coverage.enabled")]
)
def test_coverage_of_these_tools_is_no_xml_unless_arguments_say_so(tool: str, argument: str) -> None:
    report = "coverage: {report: coverage.xml}"
    with pytest.raises(PlanError, match="which is no XML"):
        load_plan(plan(tool, report), "plan")
    load_plan(plan(tool, report, f"args: ['{argument}']"), "plan")
    load_plan(plan(tool, "coverage: {report: coverage.out}"), "plan")
