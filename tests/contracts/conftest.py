"""The contract servers, for the suites that all adapters pass."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers.asking import FORGES, HTTP, SERVERS, forge_of, open_server
from servers.base import Server

from ci_orchestrator.providers.online import Forge


@pytest.fixture(params=sorted(SERVERS))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    yield from open_server(request.param)


@pytest.fixture(params=HTTP)
def online(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One that is asked over HTTP, and can misbehave."""
    yield from open_server(request.param)


@pytest.fixture(params=FORGES)
def wall(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One that has comments."""
    yield from open_server(request.param)


@pytest.fixture
def forge(wall: Server) -> Forge:
    return forge_of(wall)


@pytest.fixture(params=sorted(set(FORGES) & set(HTTP)))
def online_wall(request: pytest.FixtureRequest) -> Iterator[Server]:
    yield from open_server(request.param)
