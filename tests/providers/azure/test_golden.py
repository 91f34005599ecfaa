"""What is rendered, whole: a label, a limit or a condition that changes shows here. Other people's linters agree.

With CI_ORCHESTRATOR_GOLDEN=1 the files are written instead.
"""

from __future__ import annotations

import re
from pathlib import Path

import azure_engine
import linters
import pytest
from parts import agree
from providers.azure import plans

CASES = {
    "example-dynamic": lambda: plans.dynamic(plans.EXAMPLE),
    "example-static": lambda: plans.static(plans.EXAMPLE, plans.EXAMPLE_PINS),
    "monorepo-dynamic": lambda: plans.dynamic(plans.MONOREPO, "services/api/tests.yaml"),
    "hostile-static": lambda: plans.static(plans.hostile(), {"null": 2, "on": 1}),
}
NEWER = re.compile(r"\n +- task: PublishCodeCoverageResults@2\n(?: .+\n)+")
"""A task that the schema, and with it the language service, does not know yet: it is left out where they look."""


@pytest.mark.parametrize("name", CASES)
def test_the_pipeline_is_the_one_that_was_looked_at(name: str) -> None:
    text = plans.rendered(CASES[name]())
    agree(f"azure/{name}.yml", text)
    assert text == plans.rendered(CASES[name]()), "the same bytes again"


def test_azures_language_service_and_linters_have_nothing_to_say(tmp_path: Path) -> None:
    files = []
    for name, make in CASES.items():
        files.append(tmp_path / f"{name}.yml")
        files[-1].write_text(NEWER.sub("", plans.rendered(make())), "utf-8")
    assert azure_engine.check(*files) == []
    assert linters.azure_schema(*files) == []
    assert linters.yamllint(*files) == []
