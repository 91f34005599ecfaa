"""The use cases around pipelines: render one for a provider, check a committed one, and hand over a plan job's jobs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches, unified_diff
from io import TextIOWrapper
from pathlib import Path
from typing import cast

from ci_orchestrator import __version__, plugins
from ci_orchestrator.api.opening import open_regular
from ci_orchestrator.api.planning import Planned, plan_project
from ci_orchestrator.api.project import Project, writing
from ci_orchestrator.errors import UserError, Where
from ci_orchestrator.plan.expansion import Stage, most_jobs, shard_count, stages_of
from ci_orchestrator.plan.loading import PLAN_FILE
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.plan.pipeline import Rendered, Shape
from ci_orchestrator.providers import RENDERERS
from ci_orchestrator.providers.base import Renderer, command_in
from ci_orchestrator.providers.local.context import repository
from ci_orchestrator.report.wording import counted
from ci_orchestrator.run.bundle import write_atomically
from ci_orchestrator.translate.pipelines import dynamic_pipeline, pins_of, static_pipeline

SHOWN = 12
"""Lines of a difference that an error shows."""


@dataclass(frozen=True, slots=True)
class Target:
    """A pipeline to be rendered: for which provider, in which shape, and where its main file is (to be)."""

    provider: str
    shape: Shape
    file: Path | None = None


def renderer_of(provider: str) -> Renderer:
    """The renderer called `provider`. Raises `UserError` naming those there are."""
    return cast(Renderer, plugins.load("providers", provider, RENDERERS))


def providers() -> tuple[str, ...]:
    """The names of the providers, sorted."""
    return plugins.names("providers", RENDERERS)


def render_project(
    project: Project, target: Target, *, pins: Mapping[str, int] | None = None, workers: int | None = None
) -> Rendered:
    """The files of the pipeline. A static one with a target time discovers the tests first, to fix the number of jobs.

    `pins`: stage → number of jobs, for stages whose number a target time decides. Raises `PlanError` at a wall of the
    provider, and `UserError` for a pin that the plan itself contradicts.
    """
    plan = project.plan()
    renderer = renderer_of(target.provider)
    home = repository(project.root)
    plan_file = _inside(project.plan_file, home)
    path = renderer.path if target.file is None else _inside(target.file, home)
    if target.shape is Shape.DYNAMIC:
        if pins:
            raise UserError(
                "a dynamic pipeline has no fixed number of jobs", fix="leave --shards out, or add --shape static"
            )
        pipeline = dynamic_pipeline(plan, renderer.limits, plan_file=plan_file, tool=__version__)
    else:
        fixed = _fixed(project, plan, known_stages(plan, pins or {}), workers)
        pipeline = static_pipeline(plan, fixed, renderer.limits, plan_file=plan_file, tool=__version__)
    return renderer.render(pipeline, path)


def write_rendered(rendered: Rendered, target: Target, project: Project, *, force: bool = False) -> tuple[Path, ...]:
    """Write the files: the main one where it was asked for, the others where the provider looks for them.

    Raises `UserError`, and writes nothing, where one that we did not render is there already, unless `force`.
    """
    places = list(_places(rendered, target, project))
    for path, _ in places:
        if not force and path.is_file() and command_in(path.read_text("utf-8", "replace")) is None:
            raise UserError(
                "is there already, and was not rendered by ci-orchestrator",
                where=Where(str(path)),
                fix="write to another --out, or overwrite it with --force",
            )
    return tuple(_put(path, text) for path, text in places)


def check_rendered(project: Project, provider: str, file: Path | None) -> tuple[Path, ...]:
    """Hold committed files against the plan: neither tests nor history count, and a static pipeline keeps the numbers
    that a target time once decided.

    Returns the files that were compared. Raises `UserError`, with the first lines that differ, when they disagree.
    """
    renderer = renderer_of(provider)
    main = file or repository(project.root) / renderer.path
    found = command_in(_text(main))
    if found is None:
        raise UserError(
            "is no pipeline that ci-orchestrator rendered",
            where=Where(str(main)),
            fix=f"render it: ci-orchestrator plan --provider {provider} --out {main}",
        )
    shape, pins = found
    target = Target(provider, shape, main)
    plan = project.plan()
    if shape is Shape.STATIC:
        pins = {stage: count for stage, count in pins.items() if stage in _stages(plan)}
        missing = sorted(set(_stages(plan)) - set(pins))
        if missing:
            raise _disagree(main, f"the plan has a stage {missing[0]!r} that it does not have", target, project)
        if against := _against(plan, pins):
            raise _disagree(main, against, target, project)
    rendered = render_project(project, target, pins=pins)
    places = list(_places(rendered, target, project))
    for path, text in places:
        now = _text(path)
        if now != text:
            raise _disagree(path, _difference(now, text), target, project)
    return tuple(path for path, _ in places)


def emit_jobs(planned: Planned, provider: str) -> str:
    """What the plan job of a dynamic pipeline hands to its provider, in the provider's form."""
    renderer = renderer_of(provider)
    home = repository(planned.project.root)
    pipeline = dynamic_pipeline(
        planned.plan,
        renderer.limits,
        plan_file=_inside(planned.project.plan_file, home),
        tool=__version__,
        lock=planned.lock,
    )
    return renderer.emit(pipeline)


def known_stages(plan: Plan, pins: Mapping[str, int]) -> Mapping[str, int]:
    """`pins`, when the plan has all of their stages. Raises `UserError` naming the nearest otherwise."""
    stages = _stages(plan)
    for name in pins:
        if name not in stages:
            near = get_close_matches(name, stages, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"stages: {', '.join(sorted(stages))[:200]}"
            raise UserError(f"the plan has no stage {name!r}", fix=f"{hint} Or render the pipeline again")
    return pins


def all_pinned(plan: Plan, pins: Mapping[str, int]) -> Mapping[str, int]:
    """`pins`, when they fix every stage of the plan: else the committed pipeline has no jobs for a stage."""
    missing = sorted(set(_stages(plan)) - set(known_stages(plan, pins)))
    if missing:
        raise UserError(
            f"the pipeline has no jobs for {', '.join(missing)}: the plan was changed and the pipeline was not",
            fix="render it again: the command is in its first lines",
        )
    return pins


def _stages(plan: Plan) -> dict[str, Stage]:
    return {stage.name: stage for suite in plan.suites.values() for stage in stages_of(suite)}


def _fixed(project: Project, plan: Plan, pins: Mapping[str, int], workers: int | None) -> dict[str, int]:
    """The number of jobs of every stage; those that a target time decides come from the tests and their history."""
    if against := _against(plan, pins):
        raise UserError(against, fix="leave that --shards out, or change the plan")
    counts = {name: pins.get(name) or shard_count(stage, plan) for name, stage in _stages(plan).items()}
    if None in counts.values():
        planned = pins_of(plan_project(project, workers=workers).lock)
        counts = {name: count or planned.get(name, 1) for name, count in counts.items()}
    return {name: count or 1 for name, count in counts.items()}


def _against(plan: Plan, pins: Mapping[str, int]) -> str:
    """What the plan itself says of a stage's number of jobs where `pins` say otherwise; empty where they agree."""
    for name, stage in sorted(_stages(plan).items()):
        count, pinned = shard_count(stage, plan), pins.get(name)
        if pinned and count is not None and pinned != count:
            return f"the plan gives stage {name!r} {counted(count, 'job')}, not {pinned}"
        if pinned and pinned > (most := most_jobs(stage, plan)):
            return f"the plan gives stage {name!r} {counted(most, 'job')} at most, not {pinned}"
    return ""


def _inside(path: Path, home: Path) -> str:
    """`path` relative to the repository, or its name when it is elsewhere."""
    path = path.resolve()
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.name


def _places(rendered: Rendered, target: Target, project: Project) -> Iterator[tuple[Path, str]]:
    home = repository(project.root)
    main = target.file or home / rendered.main
    at_home = main.resolve().is_relative_to(home)
    for name, text in sorted(rendered.files.items()):
        if name == rendered.main:
            yield main, text
        else:
            yield (home / name if at_home else main.parent / Path(name).name), text


def _put(path: Path, text: str) -> Path:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode("utf-8"))
    return path


def _text(path: Path) -> str:
    try:
        with TextIOWrapper(open_regular(path), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        raise UserError("does not exist", where=Where(str(path)), fix="render it: ci-orchestrator plan --out") from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=Where(str(path))) from None
    except UnicodeDecodeError as error:
        raise UserError(f"cannot be read: {error}", where=Where(str(path))) from None


def _disagree(path: Path, what: str, target: Target, project: Project) -> UserError:
    words = ["ci-orchestrator", "plan", "--provider", target.provider, "--shape", target.shape.value]
    if project.plan_file.name != PLAN_FILE:
        words += ["--plan", str(project.plan_file)]
    again = shlex.join([*words, "--out", str(target.file)])
    return UserError(f"does not agree with the plan: {what}", where=Where(str(path)), fix=f"render it again: {again}")


def _difference(now: str, then: str) -> str:
    lines = list(unified_diff(now.splitlines(), then.splitlines(), "committed", "rendered", lineterm="", n=1))
    more = [f"… and {len(lines) - SHOWN} more lines"] if len(lines) > SHOWN else []
    return "\n".join(["", *lines[:SHOWN], *more])
