"""What a provider can be asked while a build runs, and afterwards: the values, and the two Protocols of its adapters.

A *host* is where builds run: it keeps artifacts and has runners. A *forge* is where the change lives: it has comments
and statuses. GitHub, GitLab and Azure DevOps are both, Jenkins is a host only, and a folder stands in for either where
there is no provider. An adapter declares what it can do (`Ability`) and is asked for nothing else. Its methods raise
`ProviderError`, which says what was refused and which permission or variable mends it; no type of a client library, and
no secret, leaves it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from ci_orchestrator.providers.access import Access
from ci_orchestrator.providers.meter import Meter
from ci_orchestrator.results.model import Totals


class Ability(StrEnum):
    """What an adapter can do beyond the rest of its Protocol."""

    UPLOAD = "upload"
    """`Host.put` sends a directory. Without it, `put` leaves it where the pipeline's own step takes it from."""
    DELETE = "delete"
    """`Host.delete` removes an artifact."""
    LAST_GOOD = "last-good"
    """`Host.last_good` finds builds of a branch."""
    RUNNERS = "runners"
    """`Host.runners` lists them."""
    ATTACH = "attach"
    """`Forge.attach` keeps an image where a comment can show it."""
    COMMITS = "commits"
    """`Forge.attach` does so by a commit, for which a token must be allowed more than for a comment."""
    RESULTS = "results"
    """`Forge.publish_results` shows results natively."""
    ANNOTATIONS = "annotations"
    """`Forge.publish_results` shows each annotation at its line, as a build of the same provider would by its log."""
    STATUSES = "statuses"
    """`Forge.statuses` reads what others said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A directory that a job of a build left, as the provider keeps it.

    `key`: how its adapter finds it again; nobody else reads it. `size`: bytes as they are stored, 0 when unknown.
    `digest`: ``sha256:…`` of what is downloaded, where the provider tells it. `expires`: Unix seconds, 0 when unknown.
    """

    name: str
    key: str
    build: str = ""
    size: int = 0
    digest: str = ""
    created: float = 0.0
    expires: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One pipeline run. `id`: as the provider calls it; `branch`, `change`, `base`: as in `Context`.

    `revision`: what it tested; of a change what the change proposes, also where a merge of it was tested. Empty where
    the provider does not tell that. `fork`: it is of a change from another repository, or of one that is not said to be
    from its own.
    """

    id: str
    revision: str = ""
    branch: str = ""
    url: str = ""
    change: int = 0
    base: str = ""
    fork: bool = False


class RunnerState(StrEnum):
    """What a runner does now."""

    IDLE = "idle"
    BUSY = "busy"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """One runner, agent or node. `labels`: all that a job may ask for, sorted. `group`: its pool or group."""

    name: str
    state: RunnerState
    labels: tuple[str, ...] = ()
    group: str = ""


class StatusState(StrEnum):
    """How a check of a revision ended, or that it has not."""

    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"
    PENDING = "pending"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A named status of a revision. `description`: one line."""

    name: str
    state: StatusState
    description: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment on a change. `id` sorts as the provider numbers them; `ours`: whoever we are wrote it."""

    id: int
    body: str
    ours: bool = True
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """Something to point out at a line of the repository: 1 based, the path relative to the repository."""

    path: str
    line: int
    title: str
    message: str
    failure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeResults:
    """What is shown natively with a revision. `summary`: markdown, of which the forge shows as much as it can.
    `annotations`: the most important first. `totals`: of all tests. `files`: the report's files by name, such as
    ``merged.xml``, for providers that take one.
    """

    name: str
    status: Status
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()
    totals: Totals = field(default_factory=Totals)
    files: Mapping[str, Path] = field(default_factory=dict)


class Host(Protocol):
    """Where builds run."""

    @property
    def name(self) -> str: ...

    @property
    def abilities(self) -> frozenset[Ability]: ...

    def artifacts(self, build: str = "") -> Iterator[Artifact]:
        """All artifacts of a build, by default the one that this process is a job of: every page, sorted by name."""
        ...

    def download(self, artifact: Artifact) -> Iterator[bytes]:
        """Its bytes, a zip file, in pieces of bounded size. See `transfer.fetch`, which checks and unpacks them."""
        ...

    def put(self, name: str, directory: Path, *, retain: float) -> None:
        """Keep a directory as an artifact of this build for `retain` seconds (see `Ability.UPLOAD`)."""
        ...

    def delete(self, artifact: Artifact) -> None:
        """Remove it; one that is gone is no error."""
        ...

    def build(self, name: str) -> Build:
        """The build that is called so, as far as the provider tells what it was of. Raises `ProviderError` for none."""
        ...

    def last_good(self, branch: str) -> Build | None:
        """The newest build of this pipeline on `branch` that ended well; None when there is none."""
        ...

    def runners(self) -> Iterator[Runner]:
        """All runners that jobs of this project may use, sorted by group and name."""
        ...

    def check(self) -> tuple[Access, ...]:
        """What the token may do with artifacts and runners, by a request or two that change nothing.

        Raises `ProviderError` when the provider does not answer, or not to this token.
        """
        ...


@runtime_checkable
class Resuming(Protocol):
    """A host that can go on with a download where it was cut."""

    def download_from(self, artifact: Artifact, start: int) -> Iterator[bytes]:
        """The bytes of an artifact from `start` on, otherwise as `Host.download`."""
        ...


@runtime_checkable
class Metered(Protocol):
    """A host or forge that knows what asking it took."""

    @property
    def meter(self) -> Meter: ...


class Forge(Protocol):
    """Where the change lives. `change`: the number of a pull or merge request."""

    @property
    def name(self) -> str: ...

    @property
    def abilities(self) -> frozenset[Ability]: ...

    def comments(self, change: int) -> Iterator[Comment]:
        """All comments on a change, the oldest first."""
        ...

    def create_comment(self, change: int, body: str) -> Comment:
        """A new comment."""
        ...

    def update_comment(self, change: int, comment: Comment, body: str) -> Comment | None:
        """Another text in place of a comment's; None when it is no longer there."""
        ...

    def delete_comment(self, change: int, comment: Comment) -> None:
        """Remove it; one that is gone is no error."""
        ...

    def head_of(self, change: int) -> str:
        """The revision that a change proposes now; empty when there is no such change."""
        ...

    def change_of(self, revision: str, branch: str) -> int | None:
        """The open change that proposes this revision, or is of this branch, if exactly one does."""
        ...

    def set_status(self, revision: str, status: Status) -> None:
        """Say how something ended; the same name replaces what was said before."""
        ...

    def statuses(self, revision: str) -> Iterator[Status]:
        """The latest status of each name, sorted by name."""
        ...

    def publish_results(self, revision: str, results: NativeResults) -> None:
        """Show results natively, in as few requests as the provider allows."""
        ...

    def attach(self, change: int, name: str, data: bytes) -> str:
        """Keep an image and return its address; the same bytes have the same address."""
        ...

    def check(self) -> tuple[Access, ...]:
        """What the token may do with comments and statuses, and with results where it has to be allowed those.

        As `Host.check`.
        """
        ...
