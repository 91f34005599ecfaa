"""A folder as a forge: changes with their comments, and what was said of revisions, as files.

::

    changes/<number>/change.json           {"head", "branch", "base", "open"}: written by hand
    changes/<number>/comments/<id>.json    {"body", "ours"}
    changes/<number>/attachments/<sha256>.<ending>
    revisions/<revision>/statuses/<name>.json
    revisions/<revision>/results/<name>/summary.md, annotations.json, and the report's files
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.access import Access, Right
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.local.folder import access, file_name, locked, read_json, said, write, write_json
from ci_orchestrator.providers.online import Ability, Comment, NativeResults, Status, StatusState

if TYPE_CHECKING:
    import requests

ABILITIES = frozenset({Ability.ATTACH, Ability.RESULTS, Ability.STATUSES})


class LocalForge:
    """See `online.Forge`. `place.api` is the folder; there is nothing to be allowed, so the token is not used."""

    def __init__(
        self,
        place: Place,
        token: Secret,
        *,
        context: Context,
        session: requests.Session | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._root = Path(place.api)

    @property
    def name(self) -> str:
        return "local"

    @property
    def abilities(self) -> frozenset[Ability]:
        return ABILITIES

    def comments(self, change: int) -> Iterator[Comment]:
        """See `online.Forge`."""
        numbered = {path.stem: path for path in self._comments(change).glob("*.json")}
        for number in sorted(int(stem) for stem in numbered if stem.isascii() and stem.isdigit()):
            if found := _comment(numbered[str(number)]):
                yield found

    def create_comment(self, change: int, body: str) -> Comment:
        """See `online.Forge`. A number is never given twice, also when its comment is deleted."""
        place = self._existing(change) / "comments"
        with said(f"commenting on change {change}"), locked(place):
            number = int(read_json(place / "last").get("id", 0)) + 1
            write_json(place / "last", {"id": number})
            write_json(place / f"{number}.json", {"body": body, "ours": True})
            return Comment(id=number, body=body, url=(place / f"{number}.json").absolute().as_uri())

    def update_comment(self, change: int, comment: Comment, body: str) -> Comment | None:
        """See `online.Forge`."""
        place = self._existing(change) / "comments"
        path = place / f"{comment.id}.json"
        with said(f"changing a comment on change {change}"), locked(place):
            if not path.exists():
                return None
            write_json(path, {**read_json(path), "body": body})
            return _comment(path)

    def delete_comment(self, change: int, comment: Comment) -> None:
        """See `online.Forge`."""
        place = self._comments(change)
        with said(f"deleting a comment on change {change}"), locked(place):
            (place / f"{comment.id}.json").unlink(missing_ok=True)

    def head_of(self, change: int) -> str:
        """See `online.Forge`."""
        return str(read_json(self._change(change) / "change.json").get("head", ""))

    def change_of(self, revision: str, branch: str) -> int | None:
        """See `online.Forge`."""
        every = [
            (int(path.parent.name), read_json(path))
            for path in sorted(self._root.glob("changes/*/change.json"))
            if path.parent.name.isascii() and path.parent.name.isdigit()
        ]
        open_ = [(number, change) for number, change in every if change.get("open", True)]
        by_revision = [number for number, change in open_ if revision and change.get("head") == revision]
        by_branch = [number for number, change in open_ if branch and change.get("branch") == branch]
        found = by_revision if len(by_revision) == 1 else by_branch
        return found[0] if len(found) == 1 else None

    def set_status(self, revision: str, status: Status) -> None:
        """See `online.Forge`."""
        with said(f"setting the status {status.name!r}"):
            write_json(self._revision(revision) / "statuses" / f"{file_name(status.name)}.json", asdict(status))

    def statuses(self, revision: str) -> Iterator[Status]:
        """See `online.Forge`."""
        found = map(_status, (self._revision(revision) / "statuses").glob("*.json"))
        yield from sorted(filter(None, found), key=lambda status: status.name)

    def publish_results(self, revision: str, results: NativeResults) -> None:
        """See `online.Forge`. What the same name showed before is replaced."""
        place = self._revision(revision) / "results" / file_name(results.name)
        with said(f"publishing {results.name!r}"), locked(place):
            write(place / "summary.md", results.summary.encode())
            annotations = [asdict(annotation) for annotation in results.annotations]
            write_json(place / "annotations.json", {"title": results.title, "annotations": annotations})
            for name, path in sorted(results.files.items()):
                shutil.copyfile(path, place / file_name(name))
        self.set_status(revision, results.status)

    def attach(self, change: int, name: str, data: bytes) -> str:
        """See `online.Forge`."""
        ending = PurePosixPath(name).suffix
        place = self._existing(change) / "attachments"
        path = place / f"{hashlib.sha256(data).hexdigest()}{ending if ending[1:].isalnum() else ''}"
        with said(f"attaching {name!r}"):
            write(path, data)
        return path.absolute().as_uri()

    def check(self) -> tuple[Access, ...]:
        """See `online.Forge`."""
        return access(self._root, (Right.COMMENTS, Right.STATUSES, Right.RESULTS))

    def _change(self, change: int) -> Path:
        return self._root / "changes" / str(int(change))

    def _existing(self, change: int) -> Path:
        place = self._change(change)
        if not place.is_dir():
            raise ProviderError(
                f"{self._root} has no change {change}", fix=f"make {place / 'change.json'}, or give another --change"
            )
        return place

    def _comments(self, change: int) -> Path:
        return self._existing(change) / "comments"

    def _revision(self, revision: str) -> Path:
        return self._root / "revisions" / file_name(revision)


def _comment(path: Path) -> Comment | None:
    value = read_json(path)
    if not isinstance(value.get("body"), str):
        return None
    number = int(path.stem)
    return Comment(id=number, body=value["body"], ours=value.get("ours") is True, url=path.absolute().as_uri())


def _status(path: Path) -> Status | None:
    value: Mapping[str, Any] = read_json(path)
    with suppress(KeyError, ValueError):
        texts = {field: str(value.get(field, "")) for field in ("description", "url")}
        return Status(name=str(value["name"]), state=StatusState(value["state"]), **texts)
    return None
