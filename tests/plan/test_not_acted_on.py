from __future__ import annotations

import pytest

from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.not_acted_on import not_acted_on

UNIT = "suites:\n  unit: {tool: pytest, owner: core}\n"


def test_of_a_plain_plan_there_is_nothing_to_say() -> None:
    text = UNIT + "gates: {q: {final: true}}\nreport: {comment: {when: always}, history: {keep: 5}, results: [a.xml]}\n"
    assert not_acted_on(load_plan(text)) == ()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("gates: {g: {latency: {max: 1s, compare: baseline}}}\n", "`gates.NAME.latency.compare` yet"),
        ("notify: {failures: [{slack: HOOK}]}\n", "`notify` yet: nobody is told"),
        ("runners: {a: {}}\nquotas: {core: {runner: a, share: 5%}}\n", "`quotas` yet: every suite may use"),
        ("  b: {tool: pytest, deadline: 5m}\n", "`suites.NAME.deadline` yet"),
    ],
)
def test_each_field_that_waits_is_said_once(more: str, said: str) -> None:
    (sentence,) = not_acted_on(load_plan(UNIT + more))
    assert sentence.startswith(f"nothing acts on {said}")


def test_many_suites_are_one_sentence() -> None:
    suites = "".join(f"  s{number}: {{tool: pytest}}\n" for number in range(7))
    (sentence,) = not_acted_on(load_plan("defaults: {deadline: 5m}\nsuites:\n" + suites))
    assert sentence.endswith("(s0, s1, s2, s3, s4 and 2 more)")
