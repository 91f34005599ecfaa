"""Plans, and the Jenkinsfiles that they become."""

from __future__ import annotations

import json
import re
from typing import Any

import example_pipeline
import yaml

from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.pipeline import Pipeline
from ci_orchestrator.providers.jenkins.limits import LIMITS
from ci_orchestrator.providers.jenkins.render import RENDERER
from ci_orchestrator.translate.pipelines import dynamic_pipeline, static_pipeline

PATH = "Jenkinsfile"
EXAMPLE = example_pipeline.PLAN
EXAMPLE_PINS = example_pipeline.PINS

MONOREPO = example_pipeline.monorepo(
    pipeline__trigger__schedule="0 3 * JAN-MAR MON",
    web__services=None,
)
MONOREPO_PINS = {"go": 1, "web": 3}

HOSTILE_ENV = {
    "A": "${env.PATH} $A ${{ secrets.A }} \\${A}",
    "B": "$(touch pwned)\n'''\n`touch pwned`\t\r\n",
    "C": "''' + \"rm\".execute() + '''",
    "D": r"\u0027 \\u0027 \' \n \\",
    "E": "emoji \U0001f600, é, \x7f, 'quoted'",
    "F": "x" * 300,
    "G": "",
    "H": "'",
}
HOSTILE_PRINT = """
import json, os
print('SEEN ' + json.dumps([os.environ.get(name) for name in [*'ABCDEFGH', 'GITHUB_TOKEN']]))
"""
HOSTILE_ARGUMENTS = ["it's", "a\nb", "''''", "\\", "$(touch pwned)", "`touch pwned`", "\\u0041", "%0A::error::x", ""]
HOSTILE_ECHO = "import json, sys; print('TOLD ' + json.dumps(sys.argv[1:]))"


def hostile(**pipeline: object) -> str:
    """A plan with texts that want out, and these fields of its `pipeline`."""
    suite = {
        "tool": "command",
        "list": ["printf", "t::%s\n", "a", "b"],
        "run": ["test", "{tests}"],
        "env": HOSTILE_ENV,
        "setup": {"run": [["python", "-c", HOSTILE_PRINT], ["python", "-c", HOSTILE_ECHO, *HOSTILE_ARGUMENTS]]},
    }
    runner = {"labels": {"jenkins": "odd && !'x' || \"${y}\" \U0001f600"}}
    name = 'it\'s "x" ${y} $(touch pwned) \\u000a // */ {[ %0A::error::x'
    plan = {
        "name": name,
        "runners": {"odd": runner},
        "suites": {"node": suite, "sh": dict(suite)},
        "pipeline": pipeline,
    }
    return yaml.safe_dump(json.loads(json.dumps(plan)))


REMEMBERING = """
pipeline: {memory: "branch:history", secrets: [DEPLOY_KEY, GITHUB_TOKEN]}
suites: {s: {tool: pytest}}
"""

HOSTILE_PINS = {"node": 1, "sh": 1}


def dynamic(text: str, plan_file: str = "testplan.yaml") -> Pipeline:
    """The dynamic pipeline of a plan that has not planned."""
    return dynamic_pipeline(load_plan(text), LIMITS, plan_file=plan_file, tool="1.2.3")


def static(text: str, pins: dict[str, int], plan_file: str = "testplan.yaml", tool: str = "1.2.3") -> Pipeline:
    """The static pipeline of a plan."""
    return static_pipeline(load_plan(text), pins, LIMITS, plan_file=plan_file, tool=tool)


def rendered(pipeline: Pipeline) -> str:
    """The Jenkinsfile."""
    done = RENDERER.render(pipeline, PATH)
    assert list(done.files) == [done.main] == [PATH]
    return done.files[PATH]


def data(text: str, name: str) -> Any:
    """What a constant of JSON holds."""
    constant = re.search(rf"^@Field final String {name} = (.*?)\n\n", text, re.MULTILINE | re.DOTALL)
    assert constant is not None
    return json.loads("".join(re.findall(r"'''(.*?)'''", constant[1], re.DOTALL)))
