"""Mistakes in what stands beside the suites: final gates, quotas, messages, and pipelines over results."""

from __future__ import annotations

import pytest

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.loading import load_plan

UNIT = "suites:\n  unit: {tool: pytest}\n"


def suite(*lines: str) -> str:
    """A plan whose only suite has these lines, from line 4 on, at column 5."""
    return "suites:\n  unit:\n    tool: pytest\n" + "".join(f"    {line}\n" for line in lines)


def pipeline(stages: str) -> str:
    """A plan with these stages in its third line, from column 29 on."""
    return UNIT + f"results: {{pipelines: {{slow: {stages}}}}}\n"


# text of the plan, line, column, what is said, how to mend it
MISTAKES: dict[str, tuple[str, int, int, str, str]] = {
    "field of a final gate": (
        UNIT + "gates: {canary: {flaky: {new: 3}}}\n",
        3,
        18,
        "gates.canary.flaky: `flaky` stands in a final gate only",
        "add `final: true`, or remove it",
    ),
    "field of a gate between stages": (
        UNIT + "gates: {quality: {final: true, error-rate: {}}}\n",
        3,
        32,
        "gates.quality.error-rate: `error-rate` decides between stages, and this gate is final",
        "move it into a gate of its own",
    ),
    "final gate between stages": (
        suite("stages: [50, 100]", "gate: q") + "gates: {q: {final: true}}\n",
        5,
        11,
        "suites.unit.gate: 'q' is a final gate",
        "name one without `final: true`: a final gate judges every build by itself",
    ),
    "rule that demands nothing": (
        UNIT + "gates: {q: {final: true, coverage: {}}}\n",
        3,
        36,
        "gates.q.coverage: nothing is demanded",
        "remove it, or write one of its fields",
    ),
    "latency of nothing": (
        UNIT + "gates: {canary: {latency: {}}}\n",
        3,
        27,
        "gates.canary.latency: nothing is demanded",
        "write the longest time, such as max: 200ms",
    ),
    "share that could be a half or half a percent": (
        UNIT + "gates: {q: {final: true, coverage: {max-drop: 0.5}}}\n",
        3,
        47,
        "gates.q.coverage.max-drop: 0.5 is not such a share",
        "write it like 80%",
    ),
    "share of more than all": (
        UNIT + "gates: {q: {final: true, coverage: {min: 100.5%}}}\n",
        3,
        42,
        "gates.q.coverage.min: '100.5%' is not such a share",
        "write it like 80%",
    ),
    "history of no builds": (
        UNIT + "report: {history: {keep: 0 builds}}\n",
        3,
        26,
        "report.history.keep: '0 builds' is not a number of builds",
        "write it like 200 builds",
    ),
    "quota of an unknown owner": (
        suite("owner: core") + "runners: {gpu: {}}\nquotas: {cor: {runner: gpu, share: 50%}}\n",
        6,
        10,
        "quotas.cor: no suite has the owner 'cor'",
        "did you mean 'core'?",
    ),
    "quota of an unknown class": (
        suite("owner: core") + "runners: {gpu: {}}\nquotas: {core: {runner: cpu, share: 50%}}\n",
        6,
        25,
        "quotas.core.runner: there is no runner class 'cpu'",
        "runner classes: gpu",
    ),
    "more than all is given away": (
        suite("owner: a")
        + "  b: {tool: pytest, owner: b}\nrunners: {gpu: {}}\n"
        + "quotas: {a: {runner: gpu, share: 50%}, b: {runner: gpu, share: 50.5%}}\n",
        7,
        64,
        "quotas.b.share: with it, 100.5% of gpu are given away",
        "share out 100% at most",
    ),
    "secret where its name belongs": (
        UNIT + "notify: {failures: [{slack: 'https://hooks.example/T0/secret'}]}\n",
        3,
        29,
        "notify.failures[0].slack: this is not a name of a secret",
        "write the name of the secret that holds the address",
    ),
    "two ways in one target": (
        UNIT + "notify: {failures: [{slack: A, email: a@example.org}]}\n",
        3,
        21,
        "notify.failures[0]: a target has one way",
        "write one of slack and email",
    ),
    "no address": (
        UNIT + "notify: {failures: [{email: team}]}\n",
        3,
        29,
        "notify.failures[0].email: this is not an address of mail",
        "write it like team@example.org",
    ),
    "unknown column": (
        pipeline("[{filter: {duraton: '>10s'}}]"),
        3,
        49,
        "results.pipelines.slow[0].filter.duraton: there is no column 'duraton' here",
        "did you mean `duration`?",
    ),
    "column that is gone": (
        pipeline("[{group: owner}, {reduce: {sum: duration}}, {sort: duration}]"),
        3,
        80,
        "results.pipelines.slow[2].sort: there is no column 'duration' here",
        "did you mean `sum-duration`?",
    ),
    "condition of another kind": (
        pipeline("[{filter: {flaky: 'yes'}}]"),
        3,
        47,
        "results.pipelines.slow[0].filter.flaky: 'yes' is not true or false",
        "write true or false, without quotation marks",
    ),
    "sum of names": (
        pipeline("[{reduce: {sum: name}}]"),
        3,
        45,
        "results.pipelines.slow[0].reduce.sum: `name` is text, which has no sum",
        "count it, or take a column of numbers",
    ),
    "text times two": (
        pipeline("[{map: {x: {from: name, times: 2}}}]"),
        3,
        40,
        "results.pipelines.slow[0].map.x: `name` is text, no number",
        "take a column of numbers",
    ),
    "folders of a number": (
        pipeline("[{map: {x: {from: attempts, folders: 2}}}]"),
        3,
        40,
        "results.pipelines.slow[0].map.x: `attempts` is a number and has no folders",
        "take a path",
    ),
    "column made in two ways": (
        pipeline("[{map: {x: {from: attempts, times: 2, divide: 2}}}]"),
        3,
        40,
        "results.pipelines.slow[0].map.x: a column is made in one way",
        "keep one of times, divide and folders",
    ),
    "two columns of a name": (
        pipeline("[{rename: {test: path}}]"),
        3,
        39,
        "results.pipelines.slow[0].rename: two columns would be called 'path'",
        "choose another name",
    ),
    "group without reduce": (
        pipeline("[{group: owner}]"),
        3,
        38,
        "results.pipelines.slow[0].group: a group is not reduced",
        "add {reduce: {count: test}} after it",
    ),
    "something else after group": (
        pipeline("[{group: owner}, {take: 3}]"),
        3,
        53,
        "results.pipelines.slow[1].take: only `reduce` can follow `group`",
        "add {reduce: {count: test}} after it",
    ),
    "stage of two things": (
        pipeline("[{take: 3, group: owner}]"),
        3,
        30,
        "results.pipelines.slow[0]: a stage does one thing",
        "write one of filter, map, group, reduce, rename, select, sort, take, custom in each",
    ),
    "pipeline without stages": (
        pipeline("[]"),
        3,
        29,
        "results.pipelines.slow: the list is empty",
        "name at least one",
    ),
}


@pytest.mark.parametrize(("text", "line", "column", "what", "fix"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_place_and_remedy(text: str, line: int, column: int, what: str, fix: str) -> None:
    with pytest.raises(PlanError) as caught:
        load_plan(text)
    assert str(caught.value) == f"testplan.yaml:{line}:{column}: {what}\n  fix: {fix}"


def test_what_may_be_a_secret_is_not_repeated() -> None:
    with pytest.raises(PlanError) as caught:
        load_plan(UNIT + "notify: {failures: [{slack: 'https://hooks.example/T0/B0/XYZZY'}, {email: XYZZY}]}\n")
    assert len(caught.value.problems) == 2
    assert "XYZZY" not in str(caught.value)


def test_what_follows_a_stage_of_a_third_party_is_told_when_it_runs() -> None:
    plan = load_plan(pipeline("[{custom: mine}, {filter: {whatever: 1}}]"))
    assert [stage.kind for stage in plan.results.pipelines["slow"]] == ["custom", "filter"]
