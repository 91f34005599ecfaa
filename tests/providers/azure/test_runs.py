"""A report as a test run: few requests, whole results, and nothing of anybody else's touched."""

from __future__ import annotations

import gzip
import re
import threading
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from servers.azure import AzureServer, serve
from servers.base import BUILD, HEAD, TOKEN, Asked, Fault

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.azure import runs
from ci_orchestrator.providers.azure.api import AzureForge
from ci_orchestrator.providers.base import Context
from ci_orchestrator.providers.online import Annotation, NativeResults, Status, StatusState
from ci_orchestrator.results.model import Totals

STATUS = Status(name="tests", state=StatusState.FAILURE)


@pytest.fixture
def server() -> Iterator[AzureServer]:
    with serve() as started:
        yield started


def failures(count: int) -> tuple[Annotation, ...]:
    return tuple(
        Annotation(path="tests/test_a.py", line=number, title=f"unit::test_{number}", message=f"assert {number}\n  no")
        for number in range(1, count + 1)
    )


def native(*annotations: Annotation, **more: object) -> NativeResults:
    values = {"name": "shop tests", "status": STATUS, "title": "2 of 9 failed", "summary": "…", **more}
    return NativeResults(annotations=annotations, **values)  # type: ignore[arg-type]


def test_failures_are_results_and_totals_are_the_runs(server: AzureServer, tmp_path: Path) -> None:
    (tmp_path / "merged.xml").write_bytes(b"<testsuites/>")
    warning = Annotation(path="a.py", line=1, title="flaky", message="once", failure=False)
    totals = Totals(passed=4, failed=2, errored=1, skipped=1, not_proven=1)
    server.forge().publish_results(
        HEAD, native(*failures(2), warning, totals=totals, files={"merged.xml": tmp_path / "merged.xml"})
    )
    (one,) = server.runs.values()
    assert one["run"] == {
        "id": 1,
        "isAutomated": True,
        "name": "shop tests",
        "state": "Completed",
        "comment": "Published by ci-orchestrator: 2 of 9 failed",
        "build": {"id": BUILD},
    }
    assert one["summary"] == {"passed": 4, "failed": 2, "error": 1, "notExecuted": 1, "inconclusive": 1}
    assert [(each["testCaseTitle"], each["outcome"], each["stackTrace"]) for each in one["results"]] == [
        ("unit::test_1", "Failed", "tests/test_a.py:1"),
        ("unit::test_2", "Failed", "tests/test_a.py:2"),
    ]
    assert one["results"][0]["errorMessage"] == "assert 1\n  no"
    assert {name: b64decode(data) for name, data in one["files"].items()} == {"merged.xml": b"<testsuites/>"}


def test_a_thousand_failures_of_a_hundred_thousand_take_six_requests(server: AzureServer, tmp_path: Path) -> None:
    (tmp_path / "merged.xml").write_bytes(b"<testcase name='x'/>\n" * 200_000)
    forge = server.forge()
    results = native(
        *failures(1500), totals=Totals(passed=98_500, failed=1500), files={"merged.xml": tmp_path / "merged.xml"}
    )
    forge.publish_results(HEAD, results)
    assert sum(one.method != "OPTIONS" for one in server.asked) == 6
    (one,) = server.runs.values()
    assert len(one["results"]) == 1500
    (packed,) = one["files"].items()
    assert packed[0] == "merged.xml.gz"
    assert gzip.decompress(b64decode(packed[1])) == (tmp_path / "merged.xml").read_bytes()


def test_a_second_report_takes_the_place_of_the_first_and_of_no_others(server: AzureServer) -> None:
    server.runs = {
        number: {"run": {"id": number, "name": name, "comment": comment, "build": {"id": build}}}
        for number, name, comment, build in (
            (1, "shop tests", "Published by the task", BUILD),
            (2, "other tests", "Published by ci-orchestrator: ok", BUILD),
            (3, "shop tests", "Published by ci-orchestrator: ok", "41"),
        )
    }
    forge = server.forge()
    for _ in range(2):
        forge.publish_results(HEAD, native(*failures(1)))
    assert sorted(server.runs) == [1, 2, 3, 5]


@pytest.mark.parametrize(
    "at", ["POST .*/Results", "PATCH .*/Runs/2", "POST .*/Attachments", "GET .*/Runs", "DELETE .*/Runs"]
)
def test_one_that_began_later_takes_the_place_of_one_that_is_still_written(
    server: AzureServer, tmp_path: Path, at: str
) -> None:
    (tmp_path / "merged.xml").write_bytes(b"<testsuites/>")
    results = native(*failures(2), files={"merged.xml": tmp_path / "merged.xml"})

    def before(asked: Asked) -> None:
        if re.search(at, f"{asked.method} {asked.path}"):
            server.before = lambda _: None
            server.forge().publish_results(HEAD, results)

    server.forge().publish_results(HEAD, native())
    server.before = before
    server.forge().publish_results(HEAD, results)
    assert {number: set(one["files"]) for number, one in server.runs.items()} == {3: {"merged.xml"}}


def test_of_two_that_race_one_stays(server: AzureServer) -> None:
    both = threading.Barrier(2)

    def before(asked: Asked) -> None:
        if asked.method == "POST" and re.search("/Runs$", asked.path):
            both.wait(60)  # each has asked all that it asks before it makes its own

    server.before = before
    racing = [threading.Thread(target=server.forge().publish_results, args=(HEAD, native())) for _ in range(2)]
    for one in racing:
        one.start()
    for one in racing:
        one.join()
    assert list(server.runs) == [2]


def test_what_may_not_be_deleted_stays_beside_a_whole_run_and_that_is_said(server: AzureServer, tmp_path: Path) -> None:
    (tmp_path / "merged.xml").write_bytes(b"<testsuites/>")
    results = native(files={"merged.xml": tmp_path / "merged.xml"})
    server.forge().publish_results(HEAD, results)
    server.fault(Fault.FORBIDDEN, on="DELETE .*Runs")
    with pytest.raises(ProviderError, match="HTTP 403") as caught:
        server.forge().publish_results(HEAD, results)
    assert "*Delete test runs*" in caught.value.fix
    assert [set(one["files"]) for one in server.runs.values()] == [{"merged.xml"}] * 2


def test_texts_are_cut_where_the_service_would_cut_or_drop_them(server: AzureServer) -> None:
    long = Annotation(path="", line=0, title="t" * 5000, message="m" * 50_000)
    server.forge().publish_results(HEAD, native(long, title="x" * 5000))
    (one,) = server.runs.values()
    (result,) = one["results"]
    assert len(result["testCaseTitle"]) == len(result["automatedTestName"]) == runs.NAME
    assert len(result["errorMessage"]) == runs.MESSAGE
    assert "stackTrace" not in result
    assert len(one["run"]["comment"]) == 1000


def test_a_file_that_is_too_large_is_named_and_left_out(
    server: AzureServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PLAIN", 100)
    monkeypatch.setattr(runs, "LARGEST", 1000)
    (tmp_path / "large").write_bytes(bytes(range(256)) * 4 + Path(__file__).read_bytes())
    (tmp_path / "small").write_bytes(b"x" * 5000)
    files = {name: tmp_path / name for name in ("large", "small")}
    server.forge().publish_results(HEAD, native(files=files))
    (one,) = server.runs.values()
    assert list(one["files"]) == ["small.gz"]
    assert one["run"]["comment"].endswith("2 of 9 failed (too large to be attached: large)")


def test_a_file_that_cannot_be_read_is_said_before_anything_is_posted(server: AzureServer, tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="cannot be attached to the test run: No such file"):
        server.forge().publish_results(HEAD, native(files={"merged.xml": tmp_path / "merged.xml"}))
    assert not server.asked


def test_a_run_that_cannot_be_finished_is_not_left_open(server: AzureServer) -> None:
    server.fault(Fault.BAD_GATEWAY, on="POST .*Results")
    with pytest.raises(ProviderError, match=r"publishing test results of acme/shop at .*: HTTP 502"):
        server.forge().publish_results(HEAD, native(*failures(1)))
    (one,) = server.runs.values()
    assert one["run"]["state"] == "Aborted"


@pytest.mark.parametrize("elsewhere", [None, "github", "another project"])
def test_a_build_that_is_not_of_the_project_is_not_named(server: AzureServer, elsewhere: str | None) -> None:
    place = server.place()
    hosts = {
        None: None,
        "github": replace(place, kind="github"),
        "another project": replace(place, repository="other/shop"),
    }
    context = Context(build=BUILD, host=hosts[elsewhere])
    AzureForge(place, Secret(TOKEN), context=context, clock=FakeClock()).publish_results(HEAD, native())
    (one,) = server.runs.values()
    assert "build" not in one["run"]
