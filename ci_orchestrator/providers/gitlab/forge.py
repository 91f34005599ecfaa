"""GitLab as a forge: notes on merge requests, statuses of commits, and the files by which it shows results itself."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import requests

from ci_orchestrator.clock import Clock, SystemClock
from ci_orchestrator.errors import UserError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.access import Access
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.gitlab import checking, reading
from ci_orchestrator.providers.gitlab.line import Line
from ci_orchestrator.providers.http import Meter, meter_of
from ci_orchestrator.providers.online import Ability, Comment, NativeResults, Status
from ci_orchestrator.providers.shell import REPORT

_CELL = 255
"""Characters of a status' name, description and address: https://docs.gitlab.com/api/commits/."""
_UPLOAD = r"/(?:-/project/\d+|{repository})/uploads/[0-9a-f]{{32,64}}/([A-Za-z0-9._-]+)"
_ACTION = re.compile(r"^(?=\r*/)", re.MULTILINE)
_NOTHING = "\u2060"
"""A character without a width (WORD JOINER)."""


class GitlabForge:
    """See `online.Forge`. `root`: the project's directory, in which native results are left for the report job."""

    name = "gitlab"

    def __init__(
        self,
        place: Place,
        token: Secret,
        *,
        context: Context,
        session: requests.Session | None = None,
        clock: Clock | None = None,
        root: Path | None = None,
    ) -> None:
        self._line = Line(place, token, session, clock or SystemClock())
        self._notes = f"{place.web}/{place.repository}/-/merge_requests/{{}}#note_{{}}"
        self._here = context.host is not None and context.host.kind == "gitlab" and not context.follows
        self._upload = re.compile(
            re.escape(place.web) + _UPLOAD.format(repository=re.escape(place.repository)), re.ASCII
        )
        self._reports = (root or Path()) / REPORT
        self._attached: dict[int, dict[str, str]] = {}

    @property
    def meter(self) -> Meter:
        return meter_of(self._line.session)

    @property
    def abilities(self) -> frozenset[Ability]:
        """Native results are files of a GitLab job, of the build that is told of. A job's own token can neither attach
        nor read statuses.
        """
        more = (Ability.ATTACH, Ability.STATUSES) if self._line.full else ()
        return frozenset((*more, *([Ability.RESULTS] if self._here else [])))

    def comments(self, change: int) -> Iterator[Comment]:
        """See `online.Forge`. To a job's own token GitLab does not say who we are: nothing is ours then."""
        us = self._line.us()
        notes = [note for note in self._line.notes(change) if note.get("system") is not True]
        return iter(sorted((self._comment(change, note, us) for note in notes), key=lambda one: one.id))

    def create_comment(self, change: int, body: str) -> Comment:
        """See `online.Forge`."""
        return self._comment(change, self._line.add_note(change, _inert(body)), None)

    def update_comment(self, change: int, comment: Comment, body: str) -> Comment | None:
        """See `online.Forge`."""
        note = self._line.change_note(change, comment.id, _inert(body))
        return None if note is None else self._comment(change, note, None)

    def delete_comment(self, change: int, comment: Comment) -> None:
        """See `online.Forge`."""
        self._line.delete_note(change, comment.id)

    def head_of(self, change: int) -> str:
        """See `online.Forge`."""
        found = self._line.change(change)
        return reading.text(found, "sha") if found else ""

    def change_of(self, revision: str, branch: str) -> int | None:
        """See `online.Forge`. A branch of a fork may have any name, so that only those of the project itself count."""
        found = [one for one in self._line.changes_with(revision) if reading.proposes(one, revision)]
        if not found and branch:
            found = [one for one in self._line.changes_of(branch) if reading.at_home(one)]
        return reading.number(found[0], "iid") if len(found) == 1 else None

    def set_status(self, revision: str, status: Status) -> None:
        """As a job of the revision's newest pipeline, or of one that is made for it."""
        fields = {
            "state": reading.STATES[status.state],
            "name": status.name[:_CELL],
            "description": status.description[:_CELL],
        }
        if status.url.startswith(("https://", "http://")) and len(status.url) <= _CELL:
            fields["target_url"] = status.url
        self._line.set_status(revision, fields)

    def statuses(self, revision: str) -> Iterator[Status]:
        """See `online.Forge`. The jobs of its pipelines are among them."""
        rows = sorted(self._line.statuses(revision), key=lambda row: reading.number(row, "id"))
        latest = {one.name: one for one in map(reading.status, rows)}
        return iter([latest[name] for name in sorted(latest)])

    def publish_results(self, revision: str, results: NativeResults) -> None:
        """Leaves the files in the report's directory, which the report job carries: no request at all. What stands at
        a line is a file, too, which the job leaves without a forge (`context.GitlabCi.point_out`).

        Raises `UserError` when they cannot be written.
        """
        try:
            self._reports.mkdir(parents=True, exist_ok=True)
            for name, path in sorted(results.files.items()):
                target = self._reports / PurePosixPath(name).name
                if path.resolve() != target.resolve():
                    shutil.copyfile(path, target)
        except OSError as error:
            raise UserError(f"{self._reports}: cannot be written: {error.strerror or error}") from error

    def attach(self, change: int, name: str, data: bytes) -> str:
        """As an upload of the project.

        GitLab gives each upload another address. So its name has the digest of the bytes, and what a comment of ours on
        this change shows already is not sent again.
        """
        place = PurePosixPath(re.sub(r"[^A-Za-z0-9._-]+", "-", name))
        file = f"{place.stem[:80]}-{hashlib.sha256(data).hexdigest()[:32]}{place.suffix[:10]}"
        known = self._attached.setdefault(change, {})
        if not known:
            known.update(self._shown(change))
        if file not in known:
            known[file] = self._line.upload(file, data)
        return known[file]

    def check(self) -> tuple[Access, ...]:
        """See `online.Forge`."""
        return checking.forge(self._line)

    def _shown(self, change: int) -> Iterator[tuple[str, str]]:
        for one in self.comments(change):
            if one.ours:
                for found in self._upload.finditer(one.body):
                    yield found[1], found[0]

    def _comment(self, change: int, note: reading.Fields, us: int | None) -> Comment:
        """`us`: our number as an author, 0 when it is not known; None for what we have just written."""
        author, number = reading.number(reading.inside(note, "author"), "id"), reading.number(note, "id")
        ours = us is None or (us != 0 and author == us)
        return Comment(
            id=number, body=_as_written(reading.text(note, "body")), ours=ours, url=self._notes.format(change, number)
        )


def _inert(body: str) -> str:
    """The text, so that no line is a quick action (``/merge``), which GitLab runs in notes, in most code blocks, too.

    See https://docs.gitlab.com/user/project/quick_actions/.
    """
    return _ACTION.sub(_NOTHING, body)


def _as_written(body: str) -> str:
    """The text before `_inert`."""
    return re.sub(rf"^{_NOTHING}(?=\r*/)", "", body, flags=re.MULTILINE)
