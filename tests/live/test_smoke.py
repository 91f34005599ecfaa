"""Real services, where somebody told which (see `smoke`). Others are skipped, in strict runs, too.

The same against the contract servers shows that it would work.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from live.smoke import FORGES, HOSTS, STATUS, Target, artifacts, comment_twice, runners, tell_status
from parts import PROJECT
from servers import azure, github, gitlab, jenkins
from servers.base import BUILD, CHANGE, HEAD, RUNNERS, TOKEN, Fault

from ci_orchestrator.api.online import Online
from ci_orchestrator.errors import ForbiddenError, ProviderError
from ci_orchestrator.providers.online import Ability, Forge, Host


def target(kind: str) -> Target:
    found = Target.told(kind, os.environ)
    if found is None:
        pytest.skip(f"no real {kind} is told (docs/how-to/try-it-on-real-services.md)")
    return found


def host_of(online: Online) -> Host:
    assert online.host is not None, online.why
    return online.host


def forge_of(online: Online) -> Forge:
    assert online.forge is not None, online.why
    return online.forge


@pytest.mark.parametrize("kind", FORGES)
@pytest.mark.parametrize("tried", [tell_status, comment_twice])
def test_a_real_forge(tried: Callable[[Forge, int], None], kind: str, tmp_path: Path) -> None:
    found = target(kind)
    tried(forge_of(found.connected(tmp_path)), found.change)


@pytest.mark.parametrize("kind", HOSTS)
def test_artifacts_of_a_real_build(kind: str, tmp_path: Path) -> None:
    found = target(kind)
    if not found.build:
        pytest.skip(f"no build of the real {kind} is told")
    artifacts(host_of(found.connected(tmp_path)), found.build)


@pytest.mark.parametrize("kind", HOSTS)
def test_real_runners(kind: str, tmp_path: Path) -> None:
    host = host_of(target(kind).connected(tmp_path))
    try:
        runners(host)
    except ForbiddenError as error:
        pytest.skip(str(error))


# -- the same, rehearsed ---------------------------------------------------------------------------


SERVERS: dict[str, tuple[Callable[[], AbstractContextManager[Any]], str, dict[str, str]]] = {
    "azure": (azure.serve, "/Contoso/acme/_git/shop", {"AZURE_DEVOPS_EXT_PAT": TOKEN}),
    "github": (github.serve, "/acme/shop", {"GITHUB_TOKEN": TOKEN}),
    "gitlab": (gitlab.serve, "/acme/shop", {"GITLAB_TOKEN": TOKEN}),
    "jenkins": (jenkins.serve, "", {"JENKINS_USER_ID": jenkins.USER, "JENKINS_API_TOKEN": TOKEN}),
}


@pytest.fixture(params=HOSTS)
def rehearsal(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Target]]:
    serve, path, tokens = SERVERS[request.param]
    with serve() as server:
        name = f"CI_ORCHESTRATOR_LIVE_{request.param.upper()}"
        jenkins_only = request.param == "jenkins"
        told = {
            name: server.url if jenkins_only else f"{server.url}{path}#{CHANGE}",
            f"{name}_BUILD": f"acme/shop#{BUILD}" if jenkins_only else BUILD,
        }
        found = Target.told(request.param, {**told, **tokens})
        assert found is not None
        yield server, found


def test_rehearsed(rehearsal: tuple[Any, Target], tmp_path: Path) -> None:
    server, found = rehearsal
    server.runners = RUNNERS
    server.add_artifact("dtf-unit-1", {"manifest.json": b"{}"})
    online = found.connected(tmp_path)
    assert len(artifacts(host_of(online), found.build)) == 1
    assert len(runners(host_of(online))) >= len(RUNNERS)
    if found.kind == "jenkins":
        return
    server.add_comment("what somebody else said")
    forge = forge_of(online)
    tell_status(forge, CHANGE)
    comment_twice(forge, CHANGE)
    assert list(server.bodies(CHANGE)) == ["what somebody else said"]
    if Ability.STATUSES in forge.abilities:
        assert [one.state for one in forge.statuses(HEAD) if one.name == STATUS.name] == [STATUS.state]
    assert len(server.asked) <= 30


def test_what_does_not_work_is_told(tmp_path: Path) -> None:
    with github.serve() as server:
        told = {"CI_ORCHESTRATOR_LIVE_GITHUB": f"{server.url}/acme/shop#8", "GITHUB_TOKEN": TOKEN}
        found = Target.told("github", told)
        assert found is not None
        forge = forge_of(found.connected(tmp_path))
        with pytest.raises(AssertionError, match="there is no change 8"):
            tell_status(forge, found.change)
        with pytest.raises(AssertionError, match="build 42 has no artifacts"):
            artifacts(host_of(found.connected(tmp_path)), BUILD)
        server.fault(Fault.FORBIDDEN, on="^PATCH ")
        with pytest.raises(ProviderError, match="403"):
            comment_twice(forge, CHANGE)
        assert list(server.bodies(CHANGE)) == [], "it is gone in any case"


def test_half_a_target_is_refused() -> None:
    assert Target.told("github", {"CI_ORCHESTRATOR_LIVE_GITHUB": ""}) is None
    with pytest.raises(ValueError, match=r"CI_ORCHESTRATOR_LIVE_GITHUB ends in no number"):
        Target.told("github", {"CI_ORCHESTRATOR_LIVE_GITHUB": "https://github.com/owner/name"})


def test_the_page_names_every_variable() -> None:
    page = (PROJECT / "docs" / "how-to" / "try-it-on-real-services.md").read_text("utf-8")
    for kind in HOSTS:
        assert f"`CI_ORCHESTRATOR_LIVE_{kind.upper()}`" in page
        assert f"`CI_ORCHESTRATOR_LIVE_{kind.upper()}_BUILD`" in page
        for variable in SERVERS[kind][2]:
            assert f"`{variable}`" in page
    assert STATUS.name in page
