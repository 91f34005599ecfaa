"""What is rendered, whole: a tag, a limit or a condition that changes shows here. Other people's linters agree.

With CI_ORCHESTRATOR_GOLDEN=1 the files are written instead.
"""

from __future__ import annotations

from pathlib import Path

import linters
import pytest
from parts import agree
from providers.gitlab import plans

CASES = {
    "example-static": lambda: plans.rendered(plans.static(plans.EXAMPLE, plans.EXAMPLE_PINS)),
    "example-dynamic": lambda: plans.rendered(plans.dynamic(plans.EXAMPLE)),
    "example-child": lambda: plans.child(plans.EXAMPLE, plans.locked(plans.EXAMPLE, 12)),
    "monorepo-static": lambda: plans.rendered(plans.static(plans.MONOREPO, plans.MONOREPO_PINS, "svc/api/tests.yaml")),
    "monorepo-dynamic": lambda: plans.rendered(plans.dynamic(plans.MONOREPO, "svc/api/tests.yaml")),
    "wide-static": lambda: plans.rendered(plans.static(plans.WIDE, plans.WIDE_PINS)),
    "hostile-static": lambda: plans.rendered(plans.static(plans.HOSTILE, plans.HOSTILE_PINS)),
    "hostile-child": lambda: plans.child(plans.HOSTILE, plans.locked(plans.HOSTILE, 14)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_pipeline_is_the_one_that_was_looked_at(name: str) -> None:
    text = CASES[name]()
    agree(f"gitlab/{name}.yml", text)
    assert text == CASES[name](), "the same bytes again"


def test_gitlab_and_linters_have_nothing_to_say(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.yml" for name in CASES]
    for file, case in zip(files, CASES.values(), strict=True):
        file.write_text(case(), "utf-8")
    assert linters.gitlab_schema(*files) == []
    assert linters.yamllint(*files) == []
