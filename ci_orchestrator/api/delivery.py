"""The use case *report --publish*: collect what the jobs of a build left, report on it, remember it, and say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ci_orchestrator.api import wire
from ci_orchestrator.api.against import Against
from ci_orchestrator.api.bundles import bundles_of
from ci_orchestrator.api.collecting import collect, fetch_base, nothing_kept
from ci_orchestrator.api.links import of_another
from ci_orchestrator.api.online import Online, connect
from ci_orchestrator.api.project import BUNDLES, Project, read_lock
from ci_orchestrator.api.publishing import Posted, publish
from ci_orchestrator.api.reporting import Reported, report_files
from ci_orchestrator.api.telling import point_out, summarise
from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import UserError
from ci_orchestrator.history.blobs.base import BlobStore
from ci_orchestrator.history.blobs.opening import open_blobs
from ci_orchestrator.history.carrying import pull, push
from ci_orchestrator.plan.lock import plan_of
from ci_orchestrator.plan.report_options import ReportOptions, When
from ci_orchestrator.providers.base import Ci
from ci_orchestrator.providers.local.host import THIS_BUILD
from ci_orchestrator.providers.online import Build, Metered
from ci_orchestrator.results.report import NO_LINKS, Links

COLLECTED, BASE = "collected", "base"
"""Below the project's state: what was fetched of this build, and of the one to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a report is made and told. `publish`: say it at the forge, and collect what is not here. `when`: in which
    case there is a comment. `forge`, `host`: ``KIND=URL`` where the environment does not tell. `build`: the build to
    collect from and to tell of, when it is not this one. `memory`: where the history is kept between builds
    (`history.blobs.opening`), empty for nowhere but here.
    """

    publish: bool = False
    when: When | None = None
    forge: str = ""
    host: str = ""
    build: str = ""
    memory: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The report, and what became of it. `took`: what asking took, a line for each place that was asked."""

    reported: Reported
    posted: Posted
    took: tuple[str, ...] = ()


def deliver(
    project: Project,
    paths: Sequence[Path],
    how: Delivery,
    environ: Mapping[str, str],
    *,
    lock_file: Path | None = None,
    out: Path | None = None,
    against: Against | None = None,
    links: Links | None = None,
    ci: Ci | None = None,
    clock: Clock | None = None,
) -> Delivered:
    """Report as `report_files` does, between fetching and telling. Without `paths`, on what is here; of a build whose
    results are not, on what its host kept, and on nothing else.

    Raises as `report_files` does, and `ProviderError` when the build's bundles cannot be had: without them there is
    nothing to say. What cannot be told afterwards is in `Delivered.posted`.
    """
    clock = clock or wire.system_clock()
    online = None
    if how.publish:
        online = connect(
            environ,
            project.root,
            clock,
            forge=how.forge,
            host=how.host,
            build=how.build,
            planned=lambda: project.planned_forge(lock_file),
        )
    warnings: list[str] = []
    if online is not None and online.past is not None:
        links = of_another(links or NO_LINKS, ci.links if ci else NO_LINKS, online.past.url)
        warnings += _elsewhere(online.past, online.here)
    against, named = against or Against(), paths or None
    if online is not None:
        if named is None and not _here(project, online, how, lock_file):
            found = collect(online, project.state / COLLECTED, clock, build=how.build)
            named, lock_file = found.bundles, lock_file or found.lock
            if not named and lock_file is None:
                raise nothing_kept(online, how.build)
        against = _with_base(project, online, against, clock, warnings)
    blobs = open_blobs(how.memory, project.root) if how.memory else None
    if blobs is not None:
        warnings += pull(project.history_file, blobs).warnings
    reported = report_files(
        project,
        named,
        lock_file=lock_file,
        out=out,
        against=against,
        links=links,
        shown_by=ci.name if ci else "",
        context=online.context if online else None,
        elsewhere=online is not None and (online.past is not None or online.context.follows),
        clock=clock,
        warnings=warnings,
    )
    if ci is not None:
        summarise(ci, reported)
    lock = reported.lock
    plan = plan_of(lock) if lock else project.plan_if_any()
    context = online.context if online else wire.this_context(environ, project.root)
    if blobs is not None and not context.fork:  # whose token may not write either
        keep = (plan.report if plan else ReportOptions()).history.keep
        reported = _remembered(project, reported, blobs, keep, clock)
    posted = Posted()
    if online is not None:
        posted = publish(reported, online, plan=plan, root=project.root, when=how.when)
        posted = replace(posted, said=(*posted.said, *_baseless(online, against)))
    if blobs is not None and context.fork:
        posted = replace(posted, said=(*posted.said, f"this build is of a fork, and not remembered at {blobs.place}"))
    if ci is not None:
        point_out(ci, reported, annotated=posted.annotated)
    return Delivered(reported=reported, posted=posted, took=tuple(_took(online)) if online else ())


def _elsewhere(past: Build, here: str) -> Iterator[str]:
    """What is read of the files here, lines and paths, may not be what the build saw."""
    if here and here != past.revision:
        yield (
            f"build {past.id} was of {past.revision[:10]}, and {here[:10]} is checked out here: "
            "lines, paths and links may be others"
        )


def _here(project: Project, online: Online, how: Delivery, lock_file: Path | None) -> bool:
    """Whether what there is to report on is here: brought by steps of the pipeline, or run here. Raises `UserError`
    when nothing is, and no build is known that could have kept it.
    """
    if how.build:
        return False
    if lock_file is not None and bundles_of(read_lock(lock_file), project.place / BUNDLES):
        return True
    something = lock_file is not None or project.has_run
    unnumbered = online.host is not None and online.host.name == THIS_BUILD  # its builds have no names to ask for
    if online.context.build or unnumbered:
        return online.host is None and something
    if not something:
        raise UserError(
            "there is nothing here to report on, and this is no job of a build",
            fix="name a PATH, or the build to collect from with --build N",
        )
    return True


def _baseless(online: Online, against: Against) -> Iterator[str]:
    """Why a change was compared with nothing, when nobody could be asked for the build to compare with."""
    if online.host is None and online.context.base and against.base is None:
        yield f"compared with no build of {online.context.base}: {'; '.join(online.why)}"


def _took(online: Online) -> Iterator[str]:
    if online.host is not None and isinstance(online.host, Metered):
        yield f"builds at {online.host.name}: {online.host.meter}"
    if online.forge is not None and isinstance(online.forge, Metered):
        yield f"changes at {online.forge.name}: {online.forge.meter}"


def _with_base(project: Project, online: Online, against: Against, clock: Clock, warnings: list[str]) -> Against:
    """What to compare with: what was named, else the last good build of the branch that the change goes to."""
    if against.base is not None:
        return against
    base, why = fetch_base(online, project.state / BASE, clock)
    if why:
        warnings.append(why)
    return replace(against, base=base)


def _remembered(project: Project, reported: Reported, blobs: BlobStore, keep: int, clock: Clock) -> Reported:
    """After this build was recorded. What could not be kept is said, and costs nothing else."""
    carried = push(project.history_file, blobs, keep=keep, clock=clock)
    before = reported.report.warnings  # what was wrong when it was fetched is not said again
    report = replace(reported.report, warnings=(*before, *(new for new in carried.warnings if new not in before)))
    return replace(reported, report=report)
