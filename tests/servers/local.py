"""The local folder for the contract suite: no server, the same seeds as files. It cannot misbehave over HTTP."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from servers.base import BRANCH, BUILD, CHANGE, FEATURE, HEAD, REPOSITORY, TOKEN, Asked, Fault, zipped

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.local.api import LocalForge, LocalHost
from ci_orchestrator.providers.local.folder import file_name, read_json, write, write_json
from ci_orchestrator.providers.online import Build, Runner


class LocalFolder:
    """See `servers.base.Server`."""

    name = "local"
    asked: Sequence[Asked] = ()
    before = staticmethod(lambda _: None)

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = FakeClock()
        self._place = Place(kind="local", api=str(root), web=root.as_uri(), repository=REPOSITORY)
        write_json(root / "changes" / str(CHANGE) / "change.json", {"head": HEAD, "branch": FEATURE, "base": BRANCH})

    @property
    def runners(self) -> Sequence[Runner]:
        return ()

    @runners.setter
    def runners(self, value: Sequence[Runner]) -> None:
        write_json(self.root / "runners.json", {"runners": [asdict(one) for one in value]})

    def host(self, build: str = BUILD) -> LocalHost:
        return LocalHost(self._place, Secret(TOKEN), context=Context(build=build, branch=FEATURE), clock=self.clock)

    def forge(self) -> LocalForge:
        return LocalForge(self._place, Secret(TOKEN), context=Context(build=BUILD), clock=self.clock)

    def add_artifact(self, name: str, files: Mapping[str, bytes], *, build: str = BUILD) -> None:
        data = zipped(files)
        digest = hashlib.sha256(data).hexdigest()
        place = self.root / "builds" / file_name(build) / "artifacts"
        write(place / f"{digest}.zip", data)
        described = {"name": name, "key": f"{digest}.zip", "size": len(data), "digest": f"sha256:{digest}"}
        write_json(place / f"{file_name(name)}.json", described)

    def add_build(self, build: Build, *, good: bool) -> None:
        self.clock.advance(60)
        path = self.root / "builds" / file_name(build.id) / "build.json"
        write_json(path, {**asdict(build), "good": good, "ended": self.clock.now()})

    def told(self, build: Build) -> Build:
        return build

    def add_comment(self, body: str, *, ours: bool = False, change: int = CHANGE) -> int:
        made = self.forge().create_comment(change, body)
        path = self.root / "changes" / str(change) / "comments" / f"{made.id}.json"
        path.write_text(json.dumps({**read_json(path), "ours": ours}))
        return made.id

    def bodies(self, change: int = CHANGE) -> Sequence[str]:
        return [comment.body for comment in self.forge().comments(change)]

    def fault(self, kind: Fault, times: int = 1, *, on: str = "") -> None:
        raise AssertionError("a folder has no faults of HTTP")

    def expected(self, runner: Runner) -> Runner:
        return replace(runner, labels=tuple(sorted(runner.labels)))


@contextmanager
def serve() -> Iterator[LocalFolder]:
    with tempfile.TemporaryDirectory() as root:
        yield LocalFolder(Path(root))
