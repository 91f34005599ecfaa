"""How the whole plan is run: what starts the provider's pipeline, what bounds it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ci_orchestrator.plan.fields import Listed, Model, Name
from ci_orchestrator.plan.memory_place import check_memory
from ci_orchestrator.plan.secret_names import SecretVariable

BRANCHES = r"^[A-Za-z0-9*][A-Za-z0-9._/*+-]{0,199}$"
MEMORY = r"^[A-Za-z0-9._/][A-Za-z0-9._/:@#?=&%+-]{0,499}$"
FORGE = r"^(azure|github|gitlab)=https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~%+-]+)+$"
"""`azure`, `github`, `gitlab`: those that keep changes (`providers.FORGES`), and can be told of them from anywhere."""
Branch = Annotated[str, Field(pattern=BRANCHES)]
Memory = Annotated[str, Field(pattern=MEMORY), AfterValidator(check_memory)]
ForgeAddress = Annotated[str, Field(pattern=FORGE, max_length=500)]
Cron = Annotated[str, Field(pattern=r"^[0-9A-Z*/,-]+( [0-9A-Z*/,-]+){4}$", max_length=100)]


class Trigger(Model):
    """What starts the pipeline."""

    push: Listed[Branch] = ("main",)
    """A push to one of these branches; `*` stands for any part of a name."""
    pull_request: bool = True
    """A pull or merge request."""
    schedule: Cron | None = None
    """Times, in the five fields of cron (UTC)."""
    manual: bool = True
    """Somebody asks for it."""


class PipelineOptions(Model):
    """How the whole plan is run."""

    mode: Literal["sequential", "max-parallel", "resource-aware"] = "max-parallel"
    """Jobs one after another, as many as possible at once, or as many as the machine's CPU and memory carry."""
    trigger: Trigger = Trigger()
    """What starts the provider's pipeline."""
    concurrency: Literal["cancel-older", "queue", "none"] = "cancel-older"
    """What a new push does to an older build of the same change: end it, wait for it, or nothing."""
    fail_fast: bool = False
    """Whether the first failed job of a stage ends the others of that stage."""
    runner: Name | None = None
    """The runner class of the jobs that plan, decide and report; by default the cheapest."""
    publish: bool = True
    """Whether the report is told to the place where the change lives: a status, results, one comment."""
    forge: ForgeAddress | None = None
    """Where the change lives, as `KIND=URL` with `github`, `gitlab` or `azure`, such as
    `github=https://github.example.com/shop/web`. Rendered pipelines pass it to their report; other reports, and
    `doctor`, go by it when neither the build nor the git remote tells."""
    memory: Memory | None = None
    """Where the history is kept between builds: `branch:NAME` (none of `trigger: push`), a folder, `s3://…` or
    `postgresql://…`; by default a cache of the provider."""
    secrets: Listed[SecretVariable] = ()
    """Names of secrets for the report alone, which runs no test: the token for the forge, the keys of the memory.
    No variable that programs obey, such as `PATH`, `LD_…` or `PYTHON…`, and of `GITHUB_…` only `GITHUB_TOKEN`."""
