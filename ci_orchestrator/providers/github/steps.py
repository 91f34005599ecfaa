"""The steps of a workflow's jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ci_orchestrator.plan.environment import Cache, Checkout, Setup, Toolchain
from ci_orchestrator.plan.pipeline import Pipeline
from ci_orchestrator.providers.base import plan_option
from ci_orchestrator.providers.github.expressions import hash_files, script, text
from ci_orchestrator.providers.github.pins import ours, pinned
from ci_orchestrator.providers.shell import STATE
from ci_orchestrator.providers.yaml import Note, Value

Step = dict[str, Value]
ATTEMPT = "${{ github.run_attempt }}"
PLANNED_JOBS = "fromJSON(needs.plan.outputs.jobs)"
"""The expression that is what the plan job of a dynamic pipeline emitted."""
_HARMLESS = "zizmor: ignore[cache-poisoning] nothing is published here"
"""zizmor takes a branch called release for a place where caches end up in what is published."""
_EXTRA: Mapping[str, Mapping[str, Value]] = {
    "go": {"cache": False},
    "java": {"distribution": "temurin"},
    "node": {"package-manager-cache": False},
}
"""What else the setup actions are told: what is cached, the plan says."""


def checkout(options: Checkout) -> Step:
    """The source, as deep as asked, without leaving the token behind."""
    with_: Step = {}
    if options.depth != 1:
        with_["fetch-depth"] = options.depth
    if options.submodules:
        with_["submodules"] = "recursive"
    if options.lfs:
        with_["lfs"] = True
    return {"uses": pinned("actions/checkout"), "with": {**with_, "persist-credentials": False}}


def clean(pipeline: Pipeline) -> Step:
    """What a job begins with that checks nothing out: a runner of one's own still has what another build left there."""
    where: Step = {} if pipeline.root == "." else {"working-directory": "."}  # the project's is not there yet
    return {"name": "Begin with nothing", **where, "run": script([["rm", "-rf", "--", place(pipeline, STATE)]])}


def prepare(pipeline: Pipeline, setup: Setup, name: str, env: Step, *between: Step) -> Iterator[Step]:
    """Checkout, toolchain, cache, commands. `between`: steps before anything of the project's has run."""
    yield checkout(setup.checkout)
    yield from _toolchain(setup.toolchain)
    yield from between
    if setup.cache.paths:
        yield _cache(pipeline, setup.cache, name)
    if setup.run:
        step: Step = {"name": "Set up", "run": script(setup.run)}
        yield {**step, "env": env} if env else step


def texts(values: Mapping[str, str]) -> Step:
    """A plan's environment variables."""
    return {name: text(value) for name, value in values.items()}


def secrets(names: Sequence[str]) -> Step:
    """Secrets by their names; GitHub puts their values in, and masks them in the log."""
    return {name: f"${{{{ secrets.{name} }}}}" for name in names}


def _toolchain(toolchain: Toolchain) -> Iterator[Step]:
    for language, version in toolchain.chosen().items():
        with_ = {f"{language}-version": version, **_EXTRA.get(language, {})}
        yield {"uses": pinned(f"actions/setup-{language}"), "with": with_}


def _cache(pipeline: Pipeline, cache: Cache, name: str) -> Step:
    prefix = f"${{{{ runner.os }}}}-{name}-"
    changes = hash_files(place(pipeline, path) for path in cache.key) if cache.key else "github.run_id"
    paths = [text(path if path.startswith("~/") else place(pipeline, path)) for path in cache.paths]
    with_: Step = {"path": "\n".join(paths), "key": f"{prefix}${{{{ {changes} }}}}", "restore-keys": prefix}
    release = any("release" in branch for branch in pipeline.trigger.push)
    return {"uses": pinned("actions/cache", _HARMLESS if release else ""), "with": with_}


def path_of(pipeline: Pipeline, path: str) -> str:
    """A path of ours, which may hold expressions of ours, below the project's directory, which may not."""
    return path if pipeline.root == "." else f"{text(pipeline.root)}/{path}"


def place(pipeline: Pipeline, path: str) -> str:
    """A path of the project, relative to the repository: actions know no other."""
    return path if pipeline.root == "." else f"{pipeline.root}/{path}"


def action(
    pipeline: Pipeline,
    name: str,
    inputs: Mapping[str, Value],
    *,
    id_: str = "",
    env: Step | None = None,
    needs: Sequence[str] = (),
) -> Step:
    """Our own action. `needs`: the extras of ci-orchestrator."""
    step: Step = {"name": name}
    if id_:
        step["id"] = id_
    step["uses"] = ours()
    with_ = dict(inputs)
    if needs:
        with_["extras"] = ",".join(needs)
    if pipeline.root != ".":
        with_["working-directory"] = text(pipeline.root)
    step["with"] = with_
    return {**step, "env": env} if env else step


def plan_file(pipeline: Pipeline) -> Step:
    """The input that names the plan file, where it has another name than usual."""
    option = plan_option(pipeline)
    return {"plan": text(option[1])} if option else {}


def apart(steps: Sequence[Step]) -> list[Value]:
    """Steps with a blank line between them."""
    return [Note(step, blank=number > 0) for number, step in enumerate(steps)]
