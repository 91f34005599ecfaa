"""Workers of test tools, opened by hand: a workspace, a session, and what it says."""

from __future__ import annotations

import os
import queue
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from parts import PROJECT, need

from ci_orchestrator.plan.models import Suite
from ci_orchestrator.run.tools.base import Collected, Finished, Gone, Message, Session, Tool, Workspace
from ci_orchestrator.run.tools.listing import to_test

NODE_MODULES = PROJECT / "tests" / "tools" / "node_modules"
PLACES = ("project", "scratch", "results", "coverage", "claims")


class Worker:
    """A session, and what it has said."""

    def __init__(self, session: Session, inbox: queue.SimpleQueue[Message]) -> None:
        self.session = session
        self.said: list[Message] = []
        self._inbox = inbox

    def hear(self, kind: type[Message]) -> Message:
        """The next message of a kind."""
        while True:
            message = self._inbox.get(timeout=400)
            self.said.append(message)
            if isinstance(message, kind):
                return message
            assert not isinstance(message, Gone), message

    def collected(self) -> Collected:
        """What it found."""
        found = self.hear(Collected)
        assert isinstance(found, Collected)
        return found

    def finish(self, *listed: str) -> dict[str, Finished]:
        """Run tests to the end of the worker; what finished."""
        self.session.run([to_test(test) for test in listed])
        self.session.stop()
        gone = self.hear(Gone)
        assert isinstance(gone, Gone)
        self.gone = gone
        return {message.test.removeprefix("-::"): message for message in self.said if isinstance(message, Finished)}


def workspace_in(root: Path, **options: object) -> Workspace:
    """A workspace below `root`, whose directories are made."""
    for name in PLACES:
        (root / name).mkdir(parents=True, exist_ok=True)
    places = {name: root / name for name in PLACES[:4]}
    space = Workspace(worker="w1", index=0, count=1, marker=f"tool-{uuid4()}", env=dict(os.environ), **places)
    return replace(space, **options)


def open_worker(tool: Tool, suite: Suite, workspace: Workspace) -> Worker:
    """Start a worker. Whoever asks for it ends it."""
    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    return Worker(tool.open(suite, workspace, lambda _worker, message: inbox.put(message)), inbox)


Open = Callable[..., Worker]


class Bench:
    """A project for one tool, and its workers one after another; they are ended with `close`.

    Tests write their names into the file `ran` of the project: so it is known which of them really ran.
    """

    def __init__(self, root: Path, tool: Tool, files: Mapping[str, str]) -> None:
        self.root = root
        self.tool = tool
        self.workspace = workspace_in(root)
        self.project = self.workspace.project
        self._opened: list[Session] = []
        for name, text in files.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        """A file of the project."""
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    @contextmanager
    def with_file(self, name: str, text: str) -> Iterator[None]:
        """A file that the project has for this long: whatever lists the project later does not find it."""
        self.write(name, text)
        try:
            yield
        finally:
            (self.project / name).unlink()

    def open(self, *, only: frozenset[str] | None = None, **settings: object) -> Worker:
        """A new worker in a new workspace; `settings` are the suite's. What ran before is forgotten."""
        (self.project / "ran").unlink(missing_ok=True)
        suite = Suite(**{"name": "suite", "tool": self.tool.name, **settings})
        place = self.root / f"worker{len(self._opened)}"
        worker = open_worker(self.tool, suite, workspace_in(place, project=self.project, only=only))
        self._opened.append(worker.session)
        self.coverage = place / "coverage"
        return worker

    def idle(self, **settings: object) -> Worker:
        """A worker that lists nothing, as one that takes the place of another."""
        return self.open(only=frozenset(), **settings)

    def learn(self, **settings: object) -> None:
        """Let the tool learn which tests the suite has, as it has when workers are opened that list nothing."""
        worker = self.open(**settings)
        worker.collected()
        worker.finish()

    def ran(self) -> list[str]:
        """The names of the tests that the last worker ran, in their order."""
        log = self.project / "ran"
        return log.read_text().splitlines() if log.exists() else []

    def close(self) -> None:
        """End all workers."""
        for session in self._opened:
            session.kill()


def outcomes(finished: Mapping[str, Finished]) -> dict[str, str]:
    """The outcome of each test."""
    return {test: str(one.outcome) for test, one in finished.items()}


def need_node_package(name: str) -> None:
    """A package of tests/tools, or skip."""
    need(shutil.which("node"), "Node.js is missing: apt-get install -y nodejs npm")
    need((NODE_MODULES / name).is_dir(), f"npm package {name} is missing: make engines")


def need_go() -> None:
    """Go, or skip."""
    need(shutil.which("go"), "Go is missing: apt-get install -y --no-install-recommends golang-go")
