"""What is rendered, whole: a label, a limit or a condition that changes shows here.

With CI_ORCHESTRATOR_GOLDEN=1 the files are written instead.
"""

from __future__ import annotations

import json
from pathlib import Path

import jenkins_engine
import pytest
from parts import agree
from providers.jenkins import plans

CASES = {
    "example-dynamic": lambda: plans.dynamic(plans.EXAMPLE),
    "example-static": lambda: plans.static(plans.EXAMPLE, plans.EXAMPLE_PINS),
    "monorepo-static": lambda: plans.static(plans.MONOREPO, plans.MONOREPO_PINS, "services/it's/tests.yaml"),
    "hostile-dynamic": lambda: plans.dynamic(plans.hostile()),
    "remembering-dynamic": lambda: plans.dynamic(plans.REMEMBERING),
}


@pytest.mark.parametrize("name", CASES)
def test_the_jenkinsfile_is_the_one_that_was_looked_at(name: str) -> None:
    text = plans.rendered(CASES[name]())
    agree(f"jenkins/{name}.Jenkinsfile", text)
    assert text == plans.rendered(CASES[name]()), "the same bytes again"
    assert text.isascii(), "an agent may read it in any encoding"


def test_groovy_reads_them_and_no_method_is_near_its_wall(tmp_path: Path) -> None:
    """The largest plans, too: as many jobs, and as many ways to run one, as there may be."""
    texts = {name: plans.rendered(make()) for name, make in CASES.items()}
    ways = {f"s{number}": {"tool": "pytest", "env": {"N": str(number)}} for number in range(200)}
    texts["ways"] = plans.rendered(plans.dynamic(json.dumps({"suites": ways})))
    texts["jobs"] = plans.rendered(plans.static("suites: {s: {tool: pytest}}", {"s": 5_000}))
    env = ", ".join(f"V{n}: '{'x' * 500}'" for n in range(250))
    texts["env"] = plans.rendered(plans.dynamic(f"suites: {{s: {{tool: pytest, env: {{{env}}}}}}}"))
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    assert jenkins_engine.check(*sorted(tmp_path.iterdir())) == []
