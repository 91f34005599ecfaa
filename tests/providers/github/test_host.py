"""GitHub as a host, beyond what the contract suite asks of every provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers.base import BRANCH, BUILD, REPOSITORY, RUNNERS, TOKEN, Asked, Fault, json_answer
from servers.github import GithubServer, serve
from servers.github_state import POOL

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context
from ci_orchestrator.providers.github.api import GithubHost
from ci_orchestrator.providers.http import Meter
from ci_orchestrator.providers.online import Build, Runner, RunnerState

FILES = {"manifest.json": b"{}" * 5000}


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with serve() as service:
        yield service


def names(server: GithubServer) -> list[str]:
    return [one.name for one in server.host().artifacts()]


def test_a_list_that_changes_between_its_pages_is_read_again(server: GithubServer) -> None:
    for number in range(150):
        server.add_artifact(f"dtf-{number:03}-1", {})
    removed = iter([max(server.artifacts)])  # GitHub lists the newest first: what follows moves up a place

    def shift(asked: Asked) -> None:
        if "page" in asked.query and (gone := next(removed, None)):
            del server.artifacts[gone]

    server.before = shift
    assert names(server) == [f"dtf-{number:03}-1" for number in range(149)]


def test_a_list_that_never_holds_still_is_not_believed(server: GithubServer) -> None:
    for number in range(150):
        server.add_artifact(f"dtf-{number:03}-1", {})
    server.before = lambda asked: server.add_artifact("another", {}) if "page" in asked.query else None
    with pytest.raises(ProviderError, match="changed each of the 4 times") as caught:
        names(server)
    assert "when the jobs of the build have ended" in caught.value.fix


def test_a_download_goes_on_where_storage_knows_no_ranges(server: GithubServer) -> None:
    server.add_artifact("dtf-unit-1", FILES)
    host = server.host()
    assert isinstance(host, GithubHost)
    artifact = next(host.artifacts())
    whole = b"".join(host.download(artifact))
    server._stored = lambda asked: _whole(server, asked)  # type: ignore[method-assign]
    for start in (1, 40, len(whole) - 1, len(whole)):
        assert b"".join(host.download_from(artifact, start)) == whole[start:]


def _whole(server: GithubServer, asked: Asked) -> object:
    headers = {name: value for name, value in asked.headers.items() if name != "range"}
    bare = Asked(method=asked.method, path=asked.path, query=asked.query, headers=headers, body=b"")
    return GithubServer._stored(server, bare)


def test_an_artifact_that_has_expired_says_so(server: GithubServer) -> None:
    server.add_artifact("dtf-unit-1", FILES)
    host = server.host()
    artifact = next(host.artifacts())
    server.artifacts.clear()
    with pytest.raises(ProviderError, match="410 Gone"):
        list(host.download(artifact))


def test_a_good_build_of_a_fork_is_none_of_ours(server: GithubServer) -> None:
    server.add_build(Build(id="31", revision="1" * 40, branch=BRANCH), good=True)
    server.add_build(Build(id="32", revision="2" * 40, branch=BRANCH), good=True, head="eve/shop")
    server.add_build(Build(id="33", revision="3" * 40, branch=BRANCH), good=True, event="pull_request")
    server.add_build(Build(id=BUILD, revision="4" * 40, branch=BRANCH), good=True)
    found = server.host().last_good(BRANCH)
    assert found is not None
    assert (found.id, found.url) == ("31", f"{server.url}/{REPOSITORY}/actions/runs/31")


def test_a_good_build_of_a_fork_that_is_gone_is_none_of_ours(server: GithubServer) -> None:
    build = Build(id="32", revision="2" * 40, branch=BRANCH)
    gone = {**server._run(build, "success", "push", REPOSITORY), "head_repository": None}
    server.answer = lambda asked: json_answer(  # type: ignore[method-assign]  # GitHub's own schema does not foresee it
        {"workflow_id": 1} if asked.path.endswith(BUILD) else {"total_count": 1, "workflow_runs": [gone]}
    )
    assert server.host().last_good(BRANCH) is None


def test_away_from_a_build_any_workflow_counts_and_no_artifacts_are_guessed(server: GithubServer) -> None:
    server.add_build(Build(id="31", revision="1" * 40, branch=BRANCH), good=True)
    host = GithubHost(server.place, Secret(TOKEN), context=Context(), clock=FakeClock())
    found = host.last_good(BRANCH)
    assert found is not None
    assert found.id == "31"
    with pytest.raises(ProviderError, match="no build of acme/shop is known"):
        list(host.artifacts())


def test_runners_of_the_organizations_groups(server: GithubServer) -> None:
    server.runners = RUNNERS
    server.shared = [Runner(name="big-2", state=RunnerState.IDLE, labels=("gpu-h100",))]
    found = [(one.group, one.name) for one in server.host().runners()]
    assert found == [("", "big-1"), ("", "small-1"), ("", "small-2"), (POOL, "big-2")]
    groups = [asked for asked in server.asked if asked.path.endswith("/runner-groups")]
    assert [asked.one("visible_to_repository") for asked in groups] == ["shop"]


def test_a_person_has_no_groups_of_runners(server: GithubServer) -> None:
    server.organization = False
    server.runners = RUNNERS
    assert len(list(server.host().runners())) == 3
    assert not any("/orgs/" in asked.path for asked in server.asked)


def test_runners_say_that_a_workflows_token_cannot_list_them(server: GithubServer) -> None:
    server.fault(Fault.FORBIDDEN, on="/actions/runners")
    with pytest.raises(ProviderError) as caught:
        list(server.host().runners())
    assert "`administration: read`" in caught.value.fix
    assert "the token of a workflow cannot have that" in caught.value.fix


def test_twenty_jobs_take_few_requests(server: GithubServer) -> None:
    for number in range(20):
        server.add_artifact(f"dtf-unit_{number}-1", FILES)
    meter = Meter()
    host = server.host(meter)
    for artifact in host.artifacts():
        assert len(b"".join(host.download(artifact))) == artifact.size
    asked = [one for one in server.asked if not one.path.startswith("/storage/")]
    assert len(asked) == 21
    assert meter.requests == 41
