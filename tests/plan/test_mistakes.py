"""Every mistake is told with its place, its value and its remedy."""

from __future__ import annotations

import pytest

from ci_orchestrator.errors import ExitCode, PlanError
from ci_orchestrator.plan.loading import load_plan

UNIT = "suites:\n  unit: {tool: pytest}\n"
KNOWN_IN_SUITE = (
    "known here: allow-empty, args, artifacts, container, coverage, cwd, deadline, env, gate, group, keep-together, "
    "list, needs, owner, paths, priority, python, requires, retries, run, secrets, services, setup, shards, stages, "
    "test-timeout, timeout, tool"
)
DURATION = "write a number and a unit, such as 60s, 30m, 1h30m or 2d"
PATH = "write it relative to the project, with '/', without '..', and not beginning with '-' or '~'"
NAME = "begin with a lower-case letter; then lower-case letters, digits, - and _; 40 at most"
MAPPING = "write `key: value` lines under it"


def suite(*lines: str) -> str:
    """A plan whose only suite has these lines, from line 4 on, at column 5."""
    return "suites:\n  unit:\n    tool: pytest\n" + "".join(f"    {line}\n" for line in lines)


# text of the plan, line, column, what is said, how to mend it
MISTAKES: dict[str, tuple[str | bytes, int, int, str, str]] = {
    "not a mapping": ("- unit\n", 1, 1, "['unit'] is not a mapping", MAPPING),
    "no suites": ("version: 1\n", 1, 1, "`suites` is missing", "add `suites:` with at least one suite"),
    "suites are a list": ("suites: [unit]\n", 1, 9, "suites: ['unit'] is not a mapping", MAPPING),
    "suite is a text": ("suites: {unit: tests}\n", 1, 16, "suites.unit: 'tests' is not a mapping", MAPPING),
    "version from the future": (
        "version: 2\n" + UNIT,
        1,
        10,
        "version: version 2 is not supported",
        "write `version: 1`, or use a release that reads it",
    ),
    "not supported yet": (
        UNIT + "currency: EUR\n",
        3,
        1,
        "`currency` is not supported yet",
        "remove it (the currency of prices)",
    ),
    "share without its sign": (
        UNIT + "gates: {canary: {error-rate: {healthy: 5%}}}\n",
        3,
        40,
        "gates.canary.error-rate.healthy: '5%' is not such a share",
        'write it like "<5%"',
    ),
    "gate that can be healthy and unhealthy": (
        UNIT + 'gates: {canary: {error-rate: {healthy: "<20%"}}}\n',
        3,
        30,
        "gates.canary.error-rate: `healthy` is above `unhealthy`",
        "leave room between them, such as <5% and >10%",
    ),
    "gate that lets anything pass": (
        UNIT + 'gates: {canary: {error-rate: {confidence: "5%"}}}\n',
        3,
        30,
        "gates.canary.error-rate: a `confidence` below 50% would let anything pass",
        "write how sure to be, such as 95%",
    ),
    "variable of ours": (
        suite("env: {A: x, CI_ORCHESTRATOR_JOB: other}"),
        4,
        10,
        "suites.unit.env: variables that begin with CI_ORCHESTRATOR_ are ci-orchestrator's own",
        "call the variable something else",
    ),
    "secret of ours": (
        suite("secrets: [CI_ORCHESTRATOR_LOCK]"),
        4,
        15,
        "suites.unit.secrets[0]: variables that begin with CI_ORCHESTRATOR_ are ci-orchestrator's own",
        "call the secret something else",
    ),
    "variable and secret": (
        suite("env: {TOKEN: x}", "secrets: [TOKEN]"),
        5,
        14,
        "suites.unit.secrets: TOKEN stands under `env` too",
        "remove one of them, or call it something else",
    ),
    "unknown tool": (
        "suites:\n  unit: {tool: pytset}\n",
        2,
        16,
        "suites.unit.tool: 'pytset' is not one of pytest, go, jest, vitest, playwright, command",
        "did you mean `pytest`?",
    ),
    "no tool": (
        "suites:\n  unit:\n    paths: [tests]\n",
        2,
        3,
        "suites.unit: `tool` is missing",
        "name the test tool, such as `tool: pytest`",
    ),
    "misspelled field": (suite("path: [a]"), 4, 5, "suites.unit: 'path' is not a known field", "did you mean `paths`?"),
    "snake case": (
        suite("test_timeout: 1s"),
        4,
        5,
        "suites.unit: 'test_timeout' is not a known field",
        "did you mean `test-timeout`?",
    ),
    "unlike any field": (suite("zzz: 1"), 4, 5, "suites.unit: 'zzz' is not a known field", KNOWN_IN_SUITE),
    "name beside the key": (
        suite("name: unit"),
        4,
        5,
        "suites.unit: `name` is not a known field",
        "remove it: the key is the name",
    ),
    "default that cannot be": (
        "defaults:\n  paths: [a]\n" + UNIT,
        2,
        3,
        "defaults: `paths` cannot have a default",
        "write it under each suite",
    ),
    "bad default": (
        "defaults:\n  retries: {max: -1}\n" + UNIT,
        2,
        18,
        "defaults.retries.max: -1 is not allowed here",
        "it should be greater than or equal to 0",
    ),
    "suite name": (
        "suites:\n  Unit: {tool: pytest}\n",
        2,
        3,
        "suites: 'Unit' is not a name that can be used here",
        NAME,
    ),
    "duration without unit": (suite('timeout: "30"'), 4, 14, "suites.unit.timeout: '30' is not a duration", DURATION),
    "duration of nothing": (
        suite("timeout: 0s"),
        4,
        14,
        "suites.unit.timeout: '0s' is not between 1ms and 3650d",
        "write a duration such as 60s, 30m or 1h30m",
    ),
    "absolute path": (
        suite("paths: [tests, /etc]"),
        4,
        20,
        "suites.unit.paths[1]: '/etc' is not a path inside the project",
        PATH,
    ),
    "path that escapes": (
        suite("cwd: a/../../b"),
        4,
        10,
        "suites.unit.cwd: 'a/../../b' is not a path inside the project",
        PATH,
    ),
    "path that is an option": (
        suite("paths: [--rootdir=x]"),
        4,
        13,
        "suites.unit.paths[0]: '--rootdir=x' is not a path inside the project",
        PATH,
    ),
    "one path instead of a list": (
        suite("paths: tests"),
        4,
        12,
        "suites.unit.paths: 'tests' is not a list",
        "write [one, two], or one `- item` a line",
    ),
    "number in env": (
        suite("env: {PORT: 8080}"),
        4,
        17,
        "suites.unit.env.PORT: 8080 is not text",
        'write it in quotation marks: "8080"',
    ),
    "name of a variable": (
        suite("env: {A-B: x}"),
        4,
        11,
        "suites.unit.env: 'A-B' is not a name of an environment variable",
        "use letters, digits and _, not a digit first",
    ),
    "old YAML boolean": (
        suite("allow-empty: yes"),
        4,
        18,
        "suites.unit.allow-empty: 'yes' is not true or false",
        "write true or false, without quotation marks",
    ),
    "half a shard": (
        suite("shards: 2.5"),
        4,
        13,
        "suites.unit.shards: 2.5 is not a mapping",
        MAPPING,
    ),
    "no shards": (
        suite("shards: 0"),
        4,
        13,
        "suites.unit.shards.count: 0 is not allowed here",
        "it should be greater than or equal to 1",
    ),
    "shards in words": (
        suite("shards: many"),
        4,
        13,
        "suites.unit.shards: 'many' is not a number of shards",
        "write a number, auto, or {target: 8m, max: 20}",
    ),
    "shards both ways": (
        suite("shards: {count: 2, target: 8m}"),
        4,
        13,
        "suites.unit.shards: shards have a fixed count and a target at once",
        "keep one of them",
    ),
    "unknown cause": (
        suite("retries: {when: [timeuot]}"),
        4,
        22,
        "suites.unit.retries.when[0]: 'timeuot' is not one of worker-lost, infrastructure, timeout, failure",
        "did you mean `timeout`?",
    ),
    "priority": (
        suite("priority: urgent"),
        4,
        15,
        "suites.unit.priority: 'urgent' is not a priority",
        "write low, normal, high, or a whole number from -100 to 100",
    ),
    "command without list": (
        "suites:\n  boot:\n    tool: command\n    run: ./run.sh {tests}\n",
        2,
        3,
        "suites.boot: `list` is missing",
        "the tool `command` needs `list:`, a command",
    ),
    "run without tests": (
        "suites:\n  boot:\n    tool: command\n    list: ./l.sh\n    run: ./run.sh {test}\n",
        5,
        10,
        "suites.boot.run: the command must contain the argument {tests} exactly once",
        "write {tests} where the test ids belong, such as ./run.sh {tests}",
    ),
    "pipe in a command": (
        "suites:\n  boot:\n    tool: command\n    list: ls | sort\n    run: ./run.sh {tests}\n",
        4,
        11,
        "suites.boot.list: 'ls | sort' uses '|', but no shell runs it",
        "move it into a script, or write a list of arguments if it is meant literally",
    ),
    "open quotation in a command": (
        "suites:\n  boot:\n    tool: command\n    list: ls 'a\n    run: ./run.sh {tests}\n",
        4,
        11,
        'suites.boot.list: "ls \'a" cannot be split into words: No closing quotation',
        "close the quotation",
    ),
    "commands of another tool": (
        suite("list: ./l.sh"),
        4,
        5,
        "suites.unit.list: `list` means nothing to the tool `pytest`",
        "remove it, or write `tool: command`",
    ),
    "arguments of another tool": (
        "suites:\n  boot: {tool: command, list: a, run: 'b {tests}', args: [-x]}\n",
        2,
        52,
        "suites.boot.args: `args` means nothing to the tool `command`",
        "remove it, or put it into the command",
    ),
    "unknown need": (
        suite("needs: [wbe]") + "  web: {tool: pytest}\n",
        4,
        13,
        "suites.unit.needs[0]: there is no suite 'wbe'",
        "did you mean 'web'?",
    ),
    "suite that needs itself": (
        suite("needs: [unit]"),
        4,
        12,
        "suites.unit.needs: suites need each other: unit → unit",
        "remove one of these needs",
    ),
    "cycle": (
        suite("needs: [web]")
        + "  api: {tool: pytest, needs: ['unit::a.py::t']}\n  web: {tool: pytest, needs: [api]}\n",
        5,
        30,
        "suites.api.needs: suites need each other: api → unit → web → api",
        "remove one of these needs",
    ),
    "names that differ only in - and _": (
        "suites:\n  a-b: {tool: pytest}\n  a_b: {tool: pytest}\n",
        3,
        3,
        "suites.a_b: its job 'a_b' would be called like one of 'a-b': - and _ are the same there",
        "rename one",
    ),
    "name like a shard's": (
        "suites:\n  a_1of2: {tool: pytest}\n",
        2,
        3,
        "suites.a_1of2: this name ends like that of a shard (_1of2)",
        "rename the suite",
    ),
    "unknown capability": (
        suite("requires: {gpu.vender: nvidia}"),
        4,
        28,
        "suites.unit.requires.gpu.vender: 'gpu.vender' is not a capability",
        "did you mean 'gpu.vendor'?",
    ),
    "capability of an entry": (
        UNIT
        + "runners:\n  a:\n    provides:\n      browser:\n        - {engine: firefox}\n        - {version: 3.10}\n",
        8,
        21,
        "runners.a.provides.browser[1].version: 3.1 is not a version",
        'write numbers and dots in quotation marks, such as "12.4"',
    ),
    "impossible requirement": (
        suite("requires: {os: x}") + "runners:\n  b: {provides: {os: y}}\n  a: {}\n",
        4,
        15,
        "suites.unit.requires: no runner class can run this suite (a: os must be x, has none; b: os must be x, has y)",
        "ask for less, or say under `runners` what provides it",
    ),
    "password in the memory's address": (
        UNIT + "pipeline:\n  memory: postgresql://me:secret@db/history\n",
        4,
        11,
        "pipeline.memory: the address of the memory has a user or a password in it",
        "leave it out, and name the variables with it under `pipeline: secrets`, such as PGPASSWORD",
    ),
    "password among the options of the memory": (
        UNIT + "pipeline:\n  memory: postgresql://db/history?user=me&password=secret\n",
        4,
        11,
        "pipeline.memory: the address of the memory has a user or a password in it",
        "leave it out, and name the variables with it under `pipeline: secrets`, such as PGPASSWORD",
    ),
    "missing pool": (
        UNIT + "runners:\n  a:\n    labels:\n      azure: {}\n",
        6,
        7,
        "runners.a.labels.azure: `pool` is missing",
        "add `pool:`",
    ),
    "price below nothing": (
        UNIT + "runners: {a: {price: -1}}\n",
        3,
        22,
        "runners.a.price: -1 is not allowed here",
        "it should be greater than or equal to 0",
    ),
    "price without end": (
        UNIT + "runners: {a: {price: .inf}}\n",
        3,
        22,
        "runners.a.price: inf is not a number that can be counted with",
        "write an ordinary number",
    ),
    "hostile value": (
        suite('timeout: "\\e[31m\\u202e' + "x" * 200 + '"'),
        4,
        14,
        "suites.unit.timeout: '\\x1b[31m\\u202e" + "x" * 44 + "… is not a duration",
        DURATION,
    ),
    "hostile key": (
        '"\\e[2J": 1\n' + UNIT,
        1,
        1,
        "'\\x1b[2J' is not a known field",
        "known here: defaults, gates, name, notify, pipeline, quotas, report, results, runners, suites, version",
    ),
}


@pytest.mark.parametrize(("text", "line", "column", "what", "fix"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_place_and_remedy(
    text: str | bytes, line: int, column: int, what: str, fix: str
) -> None:
    with pytest.raises(PlanError) as caught:
        load_plan(text)
    told = [
        (problem.where and (problem.where.line, problem.where.column), problem.what, problem.fix)
        for problem in caught.value.problems
    ]
    assert told == [((line, column), what, fix)]
    assert caught.value.exit_code is ExitCode.USER_ERROR
    assert str(caught.value) == f"testplan.yaml:{line}:{column}: {what}\n  fix: {fix}"


def test_all_mistakes_are_told_together_in_file_order() -> None:
    text = "version: 1\nsuites:\n  b: {tool: pytest, timeout: soon}\n  a: {tool: pytset, zzz: 1}\ncurrency: EUR\n"
    with pytest.raises(PlanError) as caught:
        load_plan(text, "ci/plan.yaml")
    assert [str(problem.where) for problem in caught.value.problems] == [
        "ci/plan.yaml:3:30",
        "ci/plan.yaml:4:13",
        "ci/plan.yaml:4:21",
        "ci/plan.yaml:5:1",
    ]
    assert str(caught.value).count("fix:") == 4


def test_a_wrong_default_is_told_once_however_many_suites_have_it() -> None:
    text = "defaults: {timeout: x, tool: goo}\nsuites:\n  a: {}\n  b: {}\n  c: {timeout: 1s, tool: pytest}\n"
    with pytest.raises(PlanError) as caught:
        load_plan(text)
    assert [problem.what for problem in caught.value.problems] == [
        "defaults.timeout: 'x' is not a duration",
        "defaults.tool: 'goo' is not one of pytest, go, jest, vitest, playwright, command",
    ]
