"""How the whole plan is run: what starts the provider's pipeline, what bounds it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ci_orchestrator.capabilities.units import RefusedError
from ci_orchestrator.plan.fields import EnvName, Listed, Model, Name

Branch = Annotated[str, Field(pattern=r"^[A-Za-z0-9*][A-Za-z0-9._/*+-]{0,199}$")]
_LOGIN = re.compile(r"://[^/]*@|[?&](?:ssl)?password=")


def _check_memory(place: str) -> str:
    """`place`, when it tells no password: plans are committed, and commands are shown in logs."""
    if _LOGIN.search(place):
        raise RefusedError(
            "the address of the memory has a user or a password in it",
            "leave it out, and name the variables with it under `pipeline: secrets`, such as PGPASSWORD",
        )
    return place


Memory = Annotated[str, Field(pattern=r"^[A-Za-z0-9._/][A-Za-z0-9._/:@#?=&%+-]{0,499}$"), AfterValidator(_check_memory)]
ForgeAddress = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9-]{0,29}=https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~%+-]+)+$", max_length=500
    ),
]
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
    """Where the change lives, as `KIND=URL`, such as `github=https://github.example.com/shop/web`, for builds that are
    not told, and whose git remote does not tell either."""
    memory: Memory | None = None
    """Where the history is kept between builds: `branch:NAME`, a folder, `s3://…` or `postgresql://…`; by default a
    cache of the provider."""
    secrets: Listed[EnvName] = ()
    """Names of secrets for the report alone, which runs no test: the token for the forge, the keys of the memory."""
