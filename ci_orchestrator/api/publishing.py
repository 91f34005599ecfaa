"""Telling the forge what a report says: a status, native results, and one comment, each for itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from ci_orchestrator.api.attaching import Attached, attach, wanted
from ci_orchestrator.api.findings import findings
from ci_orchestrator.api.online import Online
from ci_orchestrator.api.outputs import CHARTS, comment_options
from ci_orchestrator.api.reporting import Reported
from ci_orchestrator.errors import ExitCode, ProviderError
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.plan.report_options import When
from ci_orchestrator.providers import sticky
from ci_orchestrator.providers.local.context import merged, repository
from ci_orchestrator.providers.online import Ability, Annotation, Forge, NativeResults, Status, StatusState
from ci_orchestrator.report.comment import render_comment
from ci_orchestrator.report.comment.options import CommentOptions, marker
from ci_orchestrator.report.summary import render_summary
from ci_orchestrator.report.verdict import verdict
from ci_orchestrator.results.report import Report

STATUS = "ci-orchestrator"
"""The name of the status, and of native results; after it the plan's, where it has one."""
SAID = 140
"""Characters of a status: GitHub's limit, the least of all."""
FOLLOW = "a trusted workflow that follows this one can tell it: see the page on publishing"
_STATES = {
    ExitCode.OK: StatusState.SUCCESS,
    ExitCode.TESTS_FAILED: StatusState.FAILURE,
    ExitCode.GATE_FAILED: StatusState.FAILURE,
    ExitCode.GATE_HOLDS: StatusState.FAILURE,
    ExitCode.NOT_PROVEN: StatusState.FAILURE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What was said where, in words, and what was refused. `annotated`: the forge that shows each problem at its line
    now; empty when none does.
    """

    said: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    annotated: str = ""

    @property
    def exit_code(self) -> ExitCode:
        """6 when something was refused."""
        return ExitCode.PROVIDER_FAILURE if self.refused else ExitCode.OK


def publish(reported: Reported, online: Online, *, plan: Plan | None, root: Path, when: When | None = None) -> Posted:
    """Say at the forge what the report says. One refusal does not keep the rest from being said.

    `when`: in which case there is a comment (by default as the plan has it); what was said before is brought up to date
    in any case.
    """
    forge, context = online.forge, online.context
    saved = f"the comment is in {reported.out / 'comment.md'}"
    if context.fork and not context.follows:
        return Posted(said=(f"nothing was told: jobs of a fork may not write; {saved}", FOLLOW))
    if forge is None:
        return Posted(said=(*online.why, saved))
    if not (context.head or context.revision):
        return Posted(said=("nothing was said at the forge: the revision is not known",))
    try:
        telling = _Telling(reported, _with_head(online, forge, root), forge, plan, root)
    except ProviderError as error:
        return Posted(said=(saved,), refused=(str(error),))
    when = when or (plan.report.comment.when if plan else "always")
    said: list[str] = []
    refused: dict[str, str] = {}
    steps = {"status": telling.status(), "results": telling.results(), "comment": telling.comment(when)}
    for name, step in steps.items():
        try:
            said += step
        except ProviderError as error:
            refused[name] = str(error)
    annotated = Ability.ANNOTATIONS in forge.abilities and "results" not in refused
    return Posted(said=tuple(said), refused=tuple(refused.values()), annotated=forge.name if annotated else "")


def _with_head(online: Online, forge: Forge, root: Path) -> Online:
    """Jenkins tests a merge that it makes itself, and tells no revision of the change: it is a parent of the merge."""
    context = online.context
    if context.head or not context.change:
        return online
    head = forge.head_of(context.change)
    return replace(online, context=replace(context, head=head)) if head in merged(root) else online


@dataclass(frozen=True, slots=True)
class _Telling:
    """One report on its way to one forge."""

    reported: Reported
    online: Online
    forge: Forge
    plan: Plan | None
    root: Path

    @property
    def report(self) -> Report:
        return self.reported.report

    @property
    def revision(self) -> str:
        """What people see the status at: the revision that the change proposes."""
        return self.online.context.head or self.online.context.revision

    def status(self) -> Iterator[str]:
        self.forge.set_status(self.revision, self._status())
        yield f"status of {self.revision[:10]} at {self.forge.name}"

    def results(self) -> Iterator[str]:
        if Ability.RESULTS not in self.forge.abilities:
            return
        files = {path.name: path for path in self.reported.files if path.parent == self.reported.out}  # no images
        within = self.root.relative_to(repository(self.root))
        self.forge.publish_results(
            self.revision,
            NativeResults(
                name=self._name(),
                status=self._status(),
                title=self._status().description,
                summary=render_summary(self.report),
                annotations=tuple(_annotations(self.reported, within)),
                totals=self.report.totals,
                files=files,
            ),
        )
        yield f"results at {self.forge.name}"

    def comment(self, when: When) -> Iterator[str]:
        change = self._change()
        if change is None:
            yield "no comment: no change is known for this revision"
            return
        head = self.forge.head_of(change)
        if head != self.revision:  # an older build that ends late, or a number that somebody made up
            yield f"no comment: change {change} proposes {head[:10] or 'nothing'} now, and not {self.revision[:10]}"
            return
        create = self._worth(when)
        options = comment_options(self.plan, self.root, self.forge.name, lambda _: None)
        if create and wanted(self.plan, self.report, self.forge):  # a comment that may not be has no images to keep
            found = self._attached(change, options)
            options = replace(options, images=found.images)
            if found.why:
                yield found.why
        body = render_comment(self.report, options)
        done = sticky.post(self.forge, change, marker(options.key), body, create=create)
        yield f"comment on change {change} at {self.forge.name}" if done else f"nothing new on change {change}"

    def _attached(self, change: int, options: CommentOptions) -> Attached:
        folder = self.reported.out / CHARTS
        charts = {path.name: path for path in self.reported.files if path.parent == folder and path.suffix == ".png"}
        asked = bool(self.plan and self.plan.report.comment.images)
        return attach(self.report, options, charts, self.forge, change, asked=asked)

    def _change(self) -> int | None:
        """The change's number: as the build was told it, else as the forge knows it."""
        context = self.online.context
        if context.change:
            return context.change
        return self.forge.change_of(self.revision, context.branch)

    def _worth(self, when: When) -> bool:
        changes = self.report.analysis.changes
        bad = self.report.exit_code is not ExitCode.OK
        moved = changes is None or changes.any
        return {"always": True, "changed": bad or moved, "failure": bad}[when]

    def _name(self) -> str:
        name = self.plan.name if self.plan else None
        return f"{STATUS}: {name}" if name else STATUS

    def _status(self) -> Status:
        said = verdict(self.report)
        return Status(
            name=self._name(),
            state=_STATES.get(self.report.exit_code, StatusState.ERROR),
            description=f"{said.word}: {said.sentence}"[:SAID],
            url=self.report.links.build,
        )


def _annotations(reported: Reported, within: PurePath) -> Iterator[Annotation]:
    """What went wrong at a line that is known, failures first; paths are of the repository, the project is `within`."""
    for one in findings(reported.report, reported.lock):
        if one.file and one.line:
            yield Annotation(
                path=(within / one.file).as_posix(),
                line=one.line,
                title=one.title,
                message=one.message,
                failure=one.kind == "error",
            )
