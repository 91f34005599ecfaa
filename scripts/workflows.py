"""Our own CI, made from testplan.yaml: as for anybody, but with the action of this checkout (``--check``: only say)."""

from __future__ import annotations

import sys

from generated import PROJECT, settle

from ci_orchestrator import __version__
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.providers.base import command_of
from ci_orchestrator.providers.github.pins import ours, pinned
from ci_orchestrator.providers.github.render import RENDERER
from ci_orchestrator.translate.pipelines import dynamic_pipeline

PLAN = PROJECT / "testplan.yaml"
TARGET = ".github/workflows/ci.yml"
LOCAL = "zizmor: ignore[self-repository] $/ is not known to every runner yet"
CHECKOUT = f"""\
      - uses: {pinned("actions/checkout").value}  # {pinned("actions/checkout").beside}
        with:
          persist-credentials: false

"""


def workflow() -> str:
    """The workflow of the plan, changed where a job uses our action: it is `./`, which a checkout must bring."""
    plan = load_plan(PLAN.read_text("utf-8"))
    pipeline = dynamic_pipeline(plan, RENDERER.limits, plan_file=PLAN.name, tool=__version__)
    text = RENDERER.render(pipeline, TARGET).files[TARGET]
    head, *jobs = text.split("\n    steps:\n")
    text = head + "".join("\n    steps:\n" + with_checkout(job) for job in jobs)
    text = text.replace(command_of(pipeline, "github", TARGET), "python scripts/workflows.py")
    return text.replace(f"uses: {ours().value}  # {ours().beside}", f"uses: ./  # {LOCAL}")


def with_checkout(steps: str) -> str:
    """The steps of a job, beginning with a checkout."""
    return steps if "uses: actions/checkout@" in steps.partition("\n\n      - ")[0] else CHECKOUT + steps


if __name__ == "__main__":
    sys.exit(settle({PROJECT / TARGET: workflow()}, sys.argv[1:], "workflows.py"))
