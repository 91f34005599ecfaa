"""The workers of this machine: sessions of test tools, each with its own workspace, and one inbox for what they say."""

from __future__ import annotations

import queue
import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ci_orchestrator import plugins
from ci_orchestrator.masking import Mask
from ci_orchestrator.plan.models import Suite
from ci_orchestrator.run.tools import TOOLS
from ci_orchestrator.run.tools.base import Collected, Message, Session, Tool, Workspace, masked


@dataclass(slots=True)
class Member:
    """One worker. `collected` is None until it has said what it found; `groups` are the files it has at hand."""

    name: str
    suite: Suite
    session: Session
    workspace: Workspace
    collected: Collected | None = None
    groups: frozenset[str] = frozenset()
    stopping: bool = False
    flushed: bool = False

    @property
    def ready(self) -> bool:
        """It can be handed tests."""
        return self.collected is not None and not self.stopping

    def note(self, collected: Collected) -> None:
        """Remember what it found."""
        self.collected = collected
        paths = {test.partition("::")[0] for test in collected.tests}
        self.groups = frozenset(f"{self.suite.name}::{path}" for path in paths)


class Crew:
    """Opens workers and keeps their places. `width` is how many may work at once; each has a place below it.

    Nothing that workers say holds a secret: the values of the variables that their suite calls so, and of those that
    are `hidden` for all, are masked before anybody hears of it.
    """

    def __init__(
        self, project: Path, env: Mapping[str, str], *, width: int, marker: str, hidden: Collection[str] = ()
    ) -> None:
        self.inbox: queue.SimpleQueue[tuple[str, Message]] = queue.SimpleQueue()
        self.members: dict[str, Member] = {}
        self.width = width
        self.project = project
        self._env = dict(env)
        self.marker = marker
        self._scratch = Path(tempfile.mkdtemp(prefix=_prefix(marker)))
        self._numbers = count(1)
        self._tools: dict[str, Tool] = {}
        self._hidden = frozenset(hidden)
        self._masks: dict[frozenset[str], Mask] = {}

    def open(self, suite: Suite, *, claims: Path | None = None, only: frozenset[str] | None = None) -> Member:
        """Start a worker for `suite`. Raises `UserError` when its tool or interpreter is not there."""
        name = f"w{next(self._numbers)}"
        scratch = self._scratch / name
        places = {member.workspace.index for member in self.members.values()}
        workspace = Workspace(
            worker=name,
            index=next(index for index in count() if index not in places),
            count=self.width,
            project=self.project,
            scratch=scratch,
            results=scratch / "results",
            coverage=scratch / "coverage",
            marker=f"{self.marker}-{name}",
            claims=claims,
            only=only,
            env=self._env,
        )
        for path in (workspace.scratch, workspace.results, workspace.coverage):
            path.mkdir(parents=True)
        mask = self.mask(suite)
        session = self._tool(suite.tool).open(
            suite, workspace, lambda worker, message: self.inbox.put((worker, masked(message, mask)))
        )
        member = self.members[name] = Member(name, suite, session, workspace)
        return member

    def claims(self) -> Path:
        """A new directory in which workers that collect together claim files."""
        return Path(tempfile.mkdtemp(prefix="claims-", dir=self._scratch))

    def forget(self, member: Member) -> None:
        """The worker is gone: its place is free and its scratch space is removed."""
        del self.members[member.name]
        shutil.rmtree(member.workspace.scratch, ignore_errors=True)

    def close(self) -> None:
        """Remove all scratch space. Workers must be gone by now."""
        shutil.rmtree(self._scratch, ignore_errors=True)

    def mask(self, suite: Suite) -> Mask:
        """What hides the secrets that the workers of a suite may know."""
        names = self._hidden | frozenset(suite.secrets)
        if names not in self._masks:
            self._masks[names] = Mask(self._env.get(name, "") for name in sorted(names))
        return self._masks[names]

    def _tool(self, name: str) -> Tool:
        if name not in self._tools:
            self._tools[name] = plugins.load("tools", name, TOOLS)()
        return self._tools[name]


def remove_scratch(marker: str) -> None:
    """Remove the scratch space of a crew that was killed, known by its marker."""
    for path in Path(tempfile.gettempdir()).glob(f"{_prefix(marker)}*"):
        shutil.rmtree(path, ignore_errors=True)


def _prefix(marker: str) -> str:
    return f"ci-orchestrator-{marker[:12]}-"
