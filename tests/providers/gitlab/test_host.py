"""GitLab's own ways as a host, beyond what `tests/contracts/test_adapters.py` asks of all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import responses
from servers import gitlab as server_of
from servers.base import BRANCH, BUILD, TOKEN, Asked, Fault, zipped
from servers.gitlab import GitlabServer

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.gitlab.api import GitlabHost
from ci_orchestrator.providers.online import Artifact, Build, Runner, RunnerState
from ci_orchestrator.providers.transfer import SIDECAR

FILES = {"manifest.json": b"{}"}
ARCHIVE = zipped(FILES)


@pytest.fixture
def server() -> Iterator[GitlabServer]:
    with server_of.serve() as service:
        yield service


def names(host: GitlabHost, build: str = "") -> list[str]:
    return [artifact.name for artifact in host.artifacts(build)]


def asked(server: GitlabServer) -> list[str]:
    return [f"{one.method} {one.path.removeprefix('/api/v4/projects/acme%2Fshop')}" for one in server.asked]


def test_an_archive_is_named_as_its_job_where_the_pipeline_names_none(server: GitlabServer) -> None:
    number = server.add_job("unit: [unit_cpu_1]", ARCHIVE)
    server.add_job("lint", None)
    expected = Artifact(
        name="unit: [unit_cpu_1]",
        key=str(number),
        build=BUILD,
        size=len(ARCHIVE),
        created=1767323045.678,
        expires=1770001445.678,
    )
    assert list(server.host().artifacts()) == [expected]


def test_what_earlier_attempts_left_is_there_too(server: GitlabServer) -> None:
    first, second = server.add_job("unit", ARCHIVE), server.add_job("unit", ARCHIVE)
    assert [(one.name, one.key) for one in server.host().artifacts()] == [("unit", str(first)), ("unit", str(second))]


def test_child_pipelines_and_theirs_belong_to_the_build(server: GitlabServer) -> None:
    server.add_child(BUILD, 50)
    server.add_child("50", 60)
    server.add_child("60", 70)
    server.add_child(BUILD, 80, project=99)
    for number in (BUILD, "50", "60", "70", "80"):
        server.add_job(f"of {number}", ARCHIVE, build=number)
    assert names(server.host()) == ["of 42", "of 50", "of 60"]


def test_pipelines_that_call_each_other_come_to_an_end(server: GitlabServer) -> None:
    server.add_child(BUILD, 50)
    server.bridges.append({**server.bridges[0], "pipeline": server.pipelines[50]})
    assert names(server.host()) == []


@pytest.mark.parametrize("build", ["0", "x", "42/../41", "4 2", "٤٢", "9" * 20, "-1"])
def test_what_is_no_number_of_a_pipeline_is_not_asked_for(server: GitlabServer, build: str) -> None:
    with pytest.raises(ProviderError, match="is no pipeline"):
        names(server.host(), build)
    assert server.asked == ()


def test_outside_of_a_build_one_must_be_named(server: GitlabServer) -> None:
    host = GitlabHost(server.place, Secret(TOKEN), context=Context())
    with pytest.raises(ProviderError, match="no pipeline is named"):
        names(host)


def test_a_job_reads_with_its_own_token_and_may_do_no_more(server: GitlabServer) -> None:
    server.add_child(BUILD, 50)
    server.add_job("unit", ARCHIVE)
    host = server.host(server.job_token())
    assert host.abilities == frozenset()
    (artifact,) = host.artifacts()
    assert b"".join(host.download(artifact)) == ARCHIVE
    before = len(server.asked)
    for refused in (lambda: host.delete(artifact), lambda: host.last_good(BRANCH), lambda: list(host.runners())):
        with pytest.raises(ProviderError, match="CI_JOB_TOKEN") as caught:
            refused()
        assert "GITLAB_TOKEN" in caught.value.fix
    assert len(server.asked) == before


def test_a_server_that_does_not_let_jobs_list_is_told_how_to(server: GitlabServer) -> None:
    server.fault(Fault.UNAUTHORIZED)
    with pytest.raises(ProviderError, match="listing artifacts of acme/shop") as caught:
        names(server.host(server.job_token()))
    assert "the role Reporter and the scope read_api" in caught.value.fix


def test_a_store_elsewhere_is_not_shown_the_token(server: GitlabServer) -> None:
    server.add_job("unit", ARCHIVE)
    server.elsewhere = True
    for token in (None, server.job_token()):
        host = server.host(token)
        (artifact,) = host.artifacts()
        assert b"".join(host.download(artifact)) == ARCHIVE
    assert [one for one in asked(server) if "/store/" in one]


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("start", [1, 17, len(ARCHIVE) - 1])
def test_a_download_goes_on_also_where_ranges_are_not_known(server: GitlabServer, ranges: bool, start: int) -> None:
    server.add_job("unit", ARCHIVE)
    server.ranges = ranges
    host = server.host()
    (artifact,) = host.artifacts()
    assert b"".join(host.download_from(artifact, start)) == ARCHIVE[start:]


def test_a_list_that_gets_shorter_between_two_pages_is_read_again(server: GitlabServer) -> None:
    for number in range(150):
        server.add_job(f"job {number:03}", ARCHIVE)
    gone = [server.jobs[149]]

    def remove(one: Asked) -> None:
        if one.one("page") == "2" and gone:
            server.jobs.remove(gone.pop())

    server.before = remove
    assert names(server.host()) == [f"job {number:03}" for number in range(149)]


def test_a_list_that_grows_between_two_pages_has_each_entry_once(server: GitlabServer) -> None:
    for number in range(150):
        server.add_job(f"job {number:03}", ARCHIVE)
    server.before = lambda one: server.add_job("later", None) and None if one.one("page") == "2" else None
    assert names(server.host()) == [f"job {number:03}" for number in range(150)]


def test_the_last_good_pipeline_is_one_of_the_projects_own(server: GitlabServer) -> None:
    server.add_build(Build(id="31", revision="1" * 40, branch=BRANCH), good=True)
    for number in range(32, 60):
        server.add_pipeline(number, ref=BRANCH, sha="2" * 40, status="success", source="external")
    url = server.pipelines[31]["web_url"]
    assert server.host().last_good(BRANCH) == Build(id="31", revision="1" * 40, branch=BRANCH, url=url)


def test_the_last_good_pipeline_takes_one_request(server: GitlabServer) -> None:
    for number in range(100, 200):
        server.add_build(Build(id=str(number), revision="1" * 40, branch=BRANCH), good=True)
    found = server.host().last_good(BRANCH)
    assert found is not None
    assert (found.id, len(server.asked)) == ("199", 1)


def test_runners_are_grouped_by_whose_they_are(server: GitlabServer) -> None:
    server.runners = (
        Runner(name="shared", state=RunnerState.BUSY, labels=("saas", "linux"), group="instance"),
        Runner(name="own", state=RunnerState.IDLE, labels=(), group="project"),
        Runner(name="ours", state=RunnerState.OFFLINE, labels=("gpu",), group="group"),
    )
    found = [(one.group, one.name, one.state.value, one.labels) for one in server.host().runners()]
    assert found == [
        ("group", "ours", "offline", ("gpu",)),
        ("instance", "shared", "busy", ("linux", "saas")),
        ("project", "own", "idle", ()),
    ]


def test_an_older_server_does_not_tell_who_is_busy(server: GitlabServer) -> None:
    server.old = True
    server.runners = (Runner(name="a", state=RunnerState.BUSY),)
    assert [one.state for one in server.host().runners()] == [RunnerState.IDLE]


def test_a_runner_that_is_removed_meanwhile_is_left_out(server: GitlabServer) -> None:
    server.runners = (Runner(name="a", state=RunnerState.IDLE), Runner(name="b", state=RunnerState.IDLE))
    server.fault(Fault.NOT_FOUND, on="/runners/1$")
    assert [one.name for one in server.host().runners()] == ["b"]


def test_it_is_the_session_that_tries_again_and_nobody_else(server: GitlabServer) -> None:
    server.fault(Fault.LIMITED, times=50)
    with pytest.raises(ProviderError, match="429") as caught:
        names(server.host())
    assert caught.value.fix
    assert server.clock.now() - FakeClock().now() >= 2
    assert sum(server.pop_fault("") is not None for _ in range(50)) == 47, "three tries"


def test_put_leaves_a_directory_for_the_pipeline(server: GitlabServer) -> None:
    made = server.root / "made"
    made.mkdir()
    (made / "a").write_text("x")
    GitlabHost(server.place, Secret(TOKEN), context=server.context, root=server.root).put("report", made, retain=60)
    staged = server.root / ".ci-orchestrator/bundles/report"
    assert sorted(path.name for path in staged.iterdir()) == ["a", SIDECAR]
    assert server.asked == ()


PLACE = Place(
    kind="gitlab", api="https://code.acme.example/git/api/v4", web="https://code.acme.example/git", repository="a/b/c"
)
JOBS = f"{PLACE.api}/projects/a%2Fb%2Fc/pipelines/42/jobs"


def elsewhere() -> GitlabHost:
    return GitlabHost(PLACE, Secret(TOKEN), context=Context(build="42"), clock=FakeClock())


@pytest.mark.parametrize("body", ['{"jobs": []}', '["a"]', "[[1]]", '"text"', "17", "null", "", "<html>log in</html>"])
@responses.activate
def test_json_that_is_no_list_of_jobs_is_an_error_of_the_provider(body: str) -> None:
    responses.get(JOBS, body=body, content_type="application/json")
    with pytest.raises(ProviderError) as caught:
        names(elsewhere())
    assert caught.value.what.startswith("listing artifacts of a/b/c at code.acme.example: ")


@pytest.mark.parametrize(
    "job",
    [
        {},
        {"id": "7", "artifacts_file": {"filename": "a.zip"}},
        {"id": 7, "artifacts_file": None},
        {"id": 7, "artifacts_file": ["a.zip"]},
        {"id": 7, "name": 3, "artifacts_file": {"filename": 0.5, "size": "x"}},
    ],
)
@responses.activate
def test_jobs_with_odd_fields_left_nothing(job: dict[str, Any]) -> None:
    responses.get(JOBS, json=[job])
    responses.get(JOBS.replace("jobs", "bridges"), json=[{"downstream_pipeline": 5}])
    assert names(elsewhere()) == []


@responses.activate
def test_a_refusal_has_the_providers_own_words_without_the_token() -> None:
    responses.get(JOBS, status=403, json={"error": "insufficient_scope", "error_description": f"not with {TOKEN}"})
    with pytest.raises(ProviderError) as caught:
        names(elsewhere())
    assert "403" in caught.value.what
    assert "insufficient_scope" in caught.value.what
    assert TOKEN not in str(caught.value)


@responses.activate
def test_a_download_that_is_sent_in_circles_ends() -> None:
    url = f"{PLACE.api}/projects/a%2Fb%2Fc/jobs/7/artifacts"
    responses.get(url, status=302, headers={"Location": url})
    with pytest.raises(ProviderError, match="redirections"):
        list(elsewhere().download(Artifact(name="a", key="7")))
