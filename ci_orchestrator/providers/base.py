"""What a provider is to the rest: where a run takes place, and how a pipeline is written in its words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import quote

from ci_orchestrator.plan.fields import MOST_JOBS
from ci_orchestrator.plan.loading import PLAN_FILE
from ci_orchestrator.plan.pipeline import Limits, Pipeline, Rendered, Shape
from ci_orchestrator.results.report import Links

CONTROL_SECONDS = 3600
"""The longest that planning, a gate, the report or what follows a verdict may take."""
MARGIN = 600
"""Seconds that a provider gives a job beyond its time-out in the plan. At that ci-orchestrator itself ends the tests
and still leaves a bundle, which takes a job that is not killed.
"""
_COMMAND = re.compile(r"(?:#|//) *(ci-orchestrator plan --provider .*)")
_HEAD = 20
"""Lines at the beginning of a file in which its command stands."""


TOKENS = (
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "AZURE_DEVOPS_EXT_PAT",
    "CI_JOB_TOKEN",
    "CI_REGISTRY_PASSWORD",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GITLAB_TOKEN",
    "JENKINS_API_TOKEN",
    "SYSTEM_ACCESSTOKEN",
)
"""Variables in which jobs are handed tokens of their provider: what tests write is masked for their values, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A repository or project at a provider. `kind`: ``github``, ``gitlab``, ``azure``, ``jenkins`` or ``local``.

    `api`: the address that its API begins with; `web`: what people open. `repository`: its name there: ``owner/name``,
    ``group/sub/name``, ``project/repository`` of an organization in Azure, the full name of a Jenkins job.
    """

    kind: str
    api: str
    web: str
    repository: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a run takes place, and where the change lives. Empty, 0 or None when it is not known.

    `revision`: the commit that is tested. `branch`: the branch that it is on. `dirty`: the working tree differs from
    it. `event`: why the build runs, one of ``push``, ``change``, ``schedule``, ``manual``. `change`: the number of the
    pull or merge request; `head`: the revision that it proposes, which is not `revision` where a merge with `base` is
    tested; `base`: the branch that it goes to. `fork`: it comes from another repository, so that its jobs may have no
    secrets and must not be believed; `follows`: this job is none of these, but of a trusted build that follows theirs.
    `build`, `attempt`, `job`: as the provider names them. `host`: where the build runs; `forge`: where its repository
    lives; a Jenkins or Azure build may be of a repository at GitHub.
    """

    revision: str = ""
    branch: str = ""
    dirty: bool = False
    event: str = ""
    change: int = 0
    head: str = ""
    base: str = ""
    fork: bool = False
    follows: bool = False
    build: str = ""
    attempt: int | None = None
    job: str = ""
    host: Place | None = None
    forge: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something to point out. `file` is relative to the project; empty, and `line` 0, when it is not known."""

    kind: Literal["error", "warning"]
    title: str
    message: str
    file: str = ""
    line: int = 0


class Ci(Protocol):
    """Where this process runs, as a job of a pipeline or of none: what it is told there, and what it can tell.

    `name`: of the provider. `attempt`: which try of the job this is, None where nobody counts. `links`: where the build
    and the source at its revision can be opened, as far as the job is told. The methods raise `OSError` when what the
    provider reads cannot be written.
    """

    @property
    def name(self) -> str: ...

    @property
    def attempt(self) -> int | None: ...

    @property
    def links(self) -> Links: ...

    def publish(self, values: Mapping[str, str]) -> None:
        """Hand values to the jobs that follow, by name (`[a-z_]+`). The values may be anything: each provider's form
        holds them so that they stay values.
        """
        ...

    def summarise(self, markdown: str) -> None:
        """Show a text with the build, where the provider has a place for one."""
        ...

    def point_out(self, findings: Sequence[Finding]) -> None:
        """Show what went wrong at its place in the source, where the provider can; as many as it keeps."""
        ...


def counted_attempt(environ: Mapping[str, str], variable: str) -> int | None:
    """The number of the attempt that a variable holds, None when it holds none."""
    value = environ.get(variable, "")
    return int(value) if re.fullmatch(r"[1-9][0-9]{0,5}", value, re.ASCII) else None


def source_path(environ: Mapping[str, str], variable: str, root: Path) -> str:
    """What stands for a file in an address of the source: `root` is the project's directory, `variable` holds the
    repository's on this machine.
    """
    place = environ.get(variable, "")
    if not place or root == Path(place) or not root.is_relative_to(place):
        return "{path}"
    return f"{quote(root.relative_to(place).as_posix())}/{{path}}"


class Renderer(Protocol):
    """Writes pipelines for one provider. `path`: where its main file belongs in a repository by default."""

    limits: Limits
    path: str

    def render(self, pipeline: Pipeline, path: str) -> Rendered:
        """The files to commit; the main one is `path`. Raises `PlanError` at a wall, and for what it cannot say."""
        ...

    def emit(self, pipeline: Pipeline) -> str:
        """What the plan job of a dynamic pipeline hands to the provider: the jobs of a lock, in the provider's form.

        Raises `PlanError` at a wall.
        """
        ...


def head(pipeline: Pipeline, provider: str, path: str) -> tuple[str, str]:
    """The comment with which every rendered file begins: what it is made from, and the command that makes it again."""
    what = f"Generated by ci-orchestrator from {pipeline.plan_file}: change that, then run"
    return what, command_of(pipeline, provider, path)


def command_of(pipeline: Pipeline, provider: str, path: str) -> str:
    """The command that renders this pipeline again. It stands in the file's head, where `command_in` finds it."""
    words = ["ci-orchestrator", "plan", "--provider", provider, "--shape", pipeline.shape.value]
    words += [word for stage, count in sorted(pipeline.pins.items()) for word in ("--shards", f"{stage}={count}")]
    plan = [] if pipeline.plan_file == PLAN_FILE else ["--plan", pipeline.plan_file]
    return shlex.join([*words, *plan, "--out", path])


def command_in(text: str) -> tuple[Shape, dict[str, int]] | None:
    """The shape and the pins of a rendered file, by the command in its head; None when it is not one of ours."""
    found = next(filter(None, map(_COMMAND.fullmatch, text.split("\n", _HEAD)[:_HEAD])), None)
    if found is None:
        return None
    try:
        options = list(pairwise(shlex.split(found[1])))
        shape = Shape(next(value for option, value in options if option == "--shape"))
        split = (value.partition("=") for option, value in options if option == "--shards")
        pins = {stage: int(count) for stage, _, count in split}
    except (ValueError, StopIteration):
        return None
    return (shape, pins) if all(1 <= count <= MOST_JOBS for count in pins.values()) else None


def report_options(pipeline: Pipeline) -> tuple[str, ...]:
    """What `report` is told beside its lock and its place. With ``--gate`` its exit code is that of the plan's final
    gates, where it has any.
    """
    gate = ("--gate",) if pipeline.judged else ()
    where = ("--forge", pipeline.forge) if pipeline.forge else ()
    return (*gate, *(("--publish", *where) if pipeline.publish else ()), *memory_option(pipeline))


def memory_option(pipeline: Pipeline) -> tuple[str, ...]:
    """Where planning and reporting find the history, when it is not in a cache of the provider."""
    return ("--memory", pipeline.memory) if pipeline.memory else ()


def memory_extras(pipeline: Pipeline) -> tuple[str, ...]:
    """The extras of ci-orchestrator that the history's place takes: planning needs no others."""
    scheme = pipeline.memory.partition(":")[0]
    return {"s3": ("s3",), "postgres": ("postgres",), "postgresql": ("postgres",)}.get(scheme, ())


def extras(pipeline: Pipeline) -> tuple[str, ...]:
    """The extras that reporting needs, sorted."""
    told = [*(["charts"] if pipeline.images else []), *(["online"] if pipeline.publish else [])]
    return tuple(sorted([*memory_extras(pipeline), *told]))


def plan_option(pipeline: Pipeline) -> tuple[str, ...]:
    """What names the plan to a command in the project's directory; nothing where it is called as usual."""
    name = pipeline.plan_file.rpartition("/")[2]
    return () if name == PLAN_FILE else ("--plan", name)
