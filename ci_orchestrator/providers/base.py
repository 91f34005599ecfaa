"""What a provider is to the rest: where a run takes place, and how a pipeline is written in its words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Protocol

from ci_orchestrator.plan.pipeline import Limits, Pipeline, Rendered, Shape

_HEADER = re.compile(r"^(?:#|//) *(ci-orchestrator plan --provider .*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a run takes place. Empty when it is not known.

    `revision`: the commit. `branch`: the branch that it is on. `dirty`: the working tree differs from it.
    """

    revision: str = ""
    branch: str = ""
    dirty: bool = False


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

    `name`: of the provider. `attempt`: which try of the job this is, None where nobody counts. The methods raise
    `OSError` when what the provider reads cannot be written.
    """

    @property
    def name(self) -> str: ...

    @property
    def attempt(self) -> int | None: ...

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


def command_of(pipeline: Pipeline, provider: str, path: str) -> str:
    """The command that renders this pipeline again. It stands in the file's head, where `command_in` finds it."""
    words = ["ci-orchestrator", "plan", "--provider", provider, "--shape", pipeline.shape.value]
    words += [word for stage, count in sorted(pipeline.pins.items()) for word in ("--shards", f"{stage}={count}")]
    plan = [] if pipeline.plan_file == "testplan.yaml" else ["--plan", pipeline.plan_file]
    return shlex.join([*words, *plan, "--out", path])


def command_in(text: str) -> tuple[Shape, dict[str, int]] | None:
    """The shape and the pins of a rendered file, by the command in its head; None when it is not one of ours."""
    found = _HEADER.search(text[:100_000])
    if found is None:
        return None
    try:
        words = shlex.split(found[1])
        options = list(pairwise(words))
        shape = Shape(next(value for option, value in options if option == "--shape"))
        pins = (value.partition("=") for option, value in options if option == "--shards")
        return shape, {stage: int(count) for stage, _, count in pins}
    except (ValueError, StopIteration):
        return None
