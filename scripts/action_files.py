"""What is made from action/action.yml: the same at the root, and its reference; and the action that collects, which is
the same step many times (``--check``: only say what moved).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from generated import PROJECT, settle

from ci_orchestrator.providers.github.limits import LIMITS
from ci_orchestrator.providers.github.pins import pinned
from ci_orchestrator.providers.yaml import Note, Value, dump

SOURCE = PROJECT / "action" / "action.yml"
ROOT = PROJECT / "action.yml"
COLLECT = PROJECT / "action" / "collect" / "action.yml"
PAGE = PROJECT / "docs" / "reference" / "action.md"
PROSE = PROJECT / "scripts" / "reference_action.md.in"
HEAD = """\
# Made from action/action.yml by `python scripts/action_files.py`. Do not edit: `uses: org/dtf-action@v1` looks here.
"""


def root_action() -> str:
    """The action as the root of the repository has it: the scripts are a directory further down."""
    text = SOURCE.read_text("utf-8")
    body = text[text.index("name:") :]
    return HEAD + body.replace("$GITHUB_ACTION_PATH/", "$GITHUB_ACTION_PATH/action/")


def collect_action() -> str:
    """The action that fetches artifacts by name: a step for each, since steps cannot be in a loop."""
    names = LIMITS["names"]
    head = ["Made by `python scripts/action_files.py`. Do not edit. Steps cannot be in a loop, so here they are."]
    return dump(
        {
            "name": "ci-orchestrator collect",
            "description": "Fetches artifacts of this run, each by its name: that works among any number of artifacts.",
            "inputs": Note(
                {
                    "names": {"description": f"What to fetch: a JSON list of at most {names} names.", "required": True},
                    "prefix": {"description": "What each of the names begins with.", "default": ""},
                    "path": {"description": "Where to, for all of them together.", "required": True},
                },
                blank=True,
            ),
            "runs": Note({"using": "composite", "steps": list(collect_steps(names))}, blank=True),
        },
        head,
    )


def collect_steps(names: int) -> Iterator[Value]:
    """Refuse what is too long; fetch what there is; be red in the end when something is missing."""
    refusal = f"::error title=ci-orchestrator::At most {names} artifacts can be fetched by name in one step."
    yield stop(f"toJSON(fromJSON(inputs.names)[{names}]) != 'null'", refusal)
    for number in range(names):
        name = f"fromJSON(inputs.names)[{number}]"
        step: dict[str, Value] = {"id": f"a{number}", "if": f"toJSON({name}) != 'null'", "continue-on-error": True}
        step["uses"] = pinned("actions/download-artifact")
        step["with"] = {"name": f"${{{{ inputs.prefix }}}}${{{{ {name} }}}}", "path": "${{ inputs.path }}"}
        yield Note(step, blank=True)
    missing = "::error title=ci-orchestrator::Not everything that should be there could be fetched: see above."
    yield Note(stop("contains(steps.*.outcome, 'failure')", missing), blank=True)


def stop(condition: str, message: str) -> dict[str, Value]:
    """The step that ends the job with a message."""
    return {"if": condition, "shell": "bash", "run": f"echo '{message}'\nexit 1\n"}


def page() -> str:
    """The reference, with the tables of inputs and outputs."""
    action = yaml.safe_load(SOURCE.read_text("utf-8"))
    inputs = table(("input", "what it is"), action["inputs"])
    outputs = table(("output", "what it is"), action["outputs"])
    return PROSE.read_text("utf-8").replace("{inputs}", inputs).replace("{outputs}", outputs)


def table(head: tuple[str, str], rows: Mapping[str, Mapping[str, Any]]) -> str:
    """A Markdown table of descriptions."""
    lines = [f"| {head[0]} | {head[1]} |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {row['description']} |" for name, row in rows.items())])


def files() -> dict[Path, str]:
    """All that is made."""
    return {ROOT: root_action(), COLLECT: collect_action(), PAGE: page()}


if __name__ == "__main__":
    sys.exit(settle(files(), sys.argv[1:], "action_files.py"))
