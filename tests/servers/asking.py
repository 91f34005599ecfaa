"""How the suites that all adapters pass ask them. A new adapter adds one line to `SERVERS`."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import pytest
from parts import need
from servers.base import HEAD, Server

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.providers.online import Ability, Artifact, Forge, Host, Status, StatusState
from ci_orchestrator.providers.transfer import fetch

SERVERS: Mapping[str, str] = {
    "azure": "servers.azure",
    "github": "servers.github",
    "gitlab": "servers.gitlab",
    "jenkins": "servers.jenkins",
    "local": "servers.local",
}
HTTP = sorted(set(SERVERS) - {"local"})
FORGES = sorted(set(SERVERS) - {"jenkins"})

FILES = {"events.ndjson": b'{"type": "job.started"}\n' * 200, "manifest.json": b"{}", "results/a b.xml": b"<x/>\n"}
MARKER = "<!-- ci-orchestrator: tests -->"
REVISION = HEAD
STATUS = Status(name="tests", state=StatusState.FAILURE, description="2 of 100 failed", url="https://ci.example/1")


def open_server(name: str) -> Iterator[Server]:
    need(importlib.util.find_spec(SERVERS[name]), f"there is no contract server for {name}")
    with import_module(SERVERS[name]).serve() as server:
        yield server


def forge_of(server: Server) -> Forge:
    found = server.forge()
    assert found is not None
    return found


def can(adapter: Host | Forge, ability: Ability) -> None:
    if ability not in adapter.abilities:
        pytest.skip(f"{adapter.name} does not declare {ability}")


def files_of(directory: Path) -> dict[str, bytes]:
    found = (path for path in sorted(directory.rglob("*")) if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in found}


def fetched(host: Host, artifact: Artifact, target: Path) -> dict[str, bytes]:
    fetch(host, artifact, target, clock=FakeClock())
    return files_of(target)


def named(host: Host, name: str, build: str = "") -> Artifact:
    return next(artifact for artifact in host.artifacts(build) if artifact.name == name)


def write_all(directory: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return directory
