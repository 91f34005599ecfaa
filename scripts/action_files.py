"""What is made from action/action.yml: the same at the root, and its reference (``--check``: only say what moved)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from generated import PROJECT, settle

SOURCE = PROJECT / "action" / "action.yml"
ROOT = PROJECT / "action.yml"
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
    return {ROOT: root_action(), PAGE: page()}


if __name__ == "__main__":
    sys.exit(settle(files(), sys.argv[1:], "action_files.py"))
