"""What is tried at a real service: the least that shows that tokens, addresses and answers are what we believe.

A target is told by a variable, ``CI_ORCHESTRATOR_LIVE_GITHUB`` (``…_GITLAB``, ``…_AZURE``), as the address of a
repository and the number of an open change of it, ``https://github.com/owner/name#7``; ``…_JENKINS`` as an address.
``…_GITHUB_BUILD`` and the like name a build. Tokens are in the variables of each provider. Comments are removed again;
a status cannot be, and stays: `STATUS` is green.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from ci_orchestrator.api.online import Online, connect
from ci_orchestrator.clock import SystemClock
from ci_orchestrator.providers import sticky
from ci_orchestrator.providers.online import Ability, Artifact, Comment, Forge, Host, Runner, Status, StatusState
from ci_orchestrator.report.comment.options import marker

VARIABLE = "CI_ORCHESTRATOR_LIVE_"
FORGES, HOSTS = ("azure", "github", "gitlab"), ("azure", "github", "gitlab", "jenkins")
STATUS = Status(
    name="ci-orchestrator: smoke test", state=StatusState.SUCCESS, description="Somebody tried whether this works"
)


@dataclass(frozen=True)
class Target:
    """A real service. `change`: 0 for Jenkins, which has none. `build`: empty when none is told."""

    kind: str
    address: str
    change: int
    build: str
    environ: Mapping[str, str]

    @classmethod
    def told(cls, kind: str, environ: Mapping[str, str]) -> Target | None:
        """By its variables; None when they are not set. Raises `ValueError` for half a target."""
        name = f"{VARIABLE}{kind.upper()}"
        address, _, change = environ.get(name, "").partition("#")
        if not address:
            return None
        if not change.isdecimal() and kind != "jenkins":
            raise ValueError(f"{name} ends in no number of a change: {address}#7")
        return cls(kind, address, int(change or 0), environ.get(f"{name}_BUILD", ""), environ)

    def connected(self, root: Path) -> Online:
        """As from a desk: `root` is no repository, so that nothing but the address is asked."""
        option = "host" if self.kind == "jenkins" else "forge"
        return connect(self.environ, root, SystemClock(), **{option: f"{self.kind}={self.address}"})


def tell_status(forge: Forge, change: int) -> None:
    """A status of what the change proposes, and it is there."""
    head = forge.head_of(change)
    assert head, f"there is no change {change}, or it may not be seen"
    forge.set_status(head, STATUS)
    if Ability.STATUSES in forge.abilities:
        assert STATUS.name in {one.name for one in forge.statuses(head)}


def comment_twice(forge: Forge, change: int) -> None:
    """One comment, then another text in its place, then nothing new; and gone."""
    line = marker(f"smoke test {uuid4().hex[:12]}")

    def ours() -> Iterator[Comment]:
        return (one for one in forge.comments(change) if one.ours and one.body.startswith(line))

    try:
        first = sticky.post(forge, change, line, "A smoke test of ci-orchestrator. It will be gone in a moment.")
        second = sticky.post(forge, change, line, "A smoke test of ci-orchestrator, its second text.")
        assert first is not None
        assert second is not None
        assert first.id == second.id
        assert sticky.post(forge, change, line, second.body) is None
        assert [one.id for one in ours()] == [first.id]
    finally:
        for one in list(ours()):
            forge.delete_comment(change, one)
    assert list(ours()) == []


def artifacts(host: Host, build: str) -> list[Artifact]:
    """Those of a build, all of it and in order."""
    found = list(host.artifacts(build))
    assert [one.name for one in found] == sorted(one.name for one in found)
    assert found, f"build {build} has no artifacts"
    return found


def runners(host: Host) -> list[Runner]:
    """All that there are, each with its name."""
    found = list(host.runners())
    assert all(one.name for one in found)
    return found
