"""Which steps run, and what they are handed: by the documented environments (`environments/*.env`)."""

from __future__ import annotations

import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from builds_online import git
from providers.azure import plans
from providers.azure.agent import expanded, matches, path_with_our_command
from providers.azure.server import goes
from providers.azure.test_environment import EXPECTED, ROOT, environment

from ci_orchestrator.providers.azure.context import read_context
from ci_orchestrator.providers.shell import TOOL

PLAN = "pipeline: {%s}\nsuites: {unit: {tool: pytest, shards: 2}}"
TOKEN, GITHUB = "eyJ0eXAi.bm90LWE.cmVhbC10b2tlbg", "ghp-n0t-r3al"


def step(job: str, title: str, options: str = "", static: bool = False) -> dict[str, Any]:
    """The one step of a job with this title."""
    made = plans.static(PLAN % options, {"unit": 2}) if static else plans.dynamic(PLAN % options)
    [found] = [one for one in plans.jobs(made)[job]["steps"] if one.get("displayName") == title]
    return found


def titles(job: str, options: str = "", static: bool = False) -> list[str]:
    made = plans.static(PLAN % options, {"unit": 2}) if static else plans.dynamic(PLAN % options)
    return [one.get("displayName", "Checkout") for one in plans.jobs(made)[job]["steps"]]


@pytest.mark.parametrize("name", sorted(EXPECTED))
@pytest.mark.parametrize("job", ["Succeeded", "Failed"])
def test_the_task_shows_the_results_exactly_where_the_report_makes_no_test_run(name: str, job: str) -> None:
    shows = step("report", "Show the test results")
    context = read_context(environment(name), ROOT)
    told = context.forge is not None and context.forge.kind == "azure" and not context.fork
    assert goes(shows, job, environment(name)) == (not told)
    assert goes(step("report", "Show the test results", "publish: false"), job, environment(name))


@pytest.mark.parametrize(
    ("attempt", "job", "fetched"),
    [("1", "Succeeded", False), ("2", "Failed", False)] + [(attempt, "Succeeded", True) for attempt in ("2", "10")],
)
def test_only_a_later_attempt_fetches_what_came_before(attempt: str, job: str, fetched: bool) -> None:
    earlier = step("unit", "Fetch the bundles of earlier attempts")
    assert goes(earlier, job, {"SYSTEM_JOBATTEMPT": attempt}) == fetched
    assert earlier["continueOnError"] is True


@pytest.mark.parametrize(
    ("artifact", "fetched"),
    [
        ("dtf-unit_1-1", True),
        ("dtf-unit_1-12", True),
        ("dtf-unit_1of10-1", False),
        ("dtf-unit_10-1", False),
        ("dtf-a_unit_1-1", False),
        ("dtf-gate_unit_1-1", False),
    ],
)
def test_a_job_fetches_its_own_bundles_only(artifact: str, fetched: bool) -> None:
    pattern = step("unit", "Fetch the bundles of earlier attempts")["inputs"]["itemPattern"]
    pattern = expanded(pattern, {"CI_ORCHESTRATOR_JOB": "unit_1"})
    assert matches(pattern, f"{artifact}/events.ndjson") == fetched


MEMORY = "memory: branch:test-history"


@pytest.mark.parametrize("static", [False, True])
def test_the_history_is_fetched_from_the_memory_before_any_command_of_the_plan(static: bool) -> None:
    setup = f"{MEMORY}}}\ndefaults: {{setup: {{run: [pip install -r requirements.txt]}}"
    assert titles("plan", setup, static) == [
        "Checkout",
        "Install ci-orchestrator",
        "Fetch the history",
        "Set up",
        "Plan",
        "Keep the lock",
        "Name the lock",
    ]
    assert "Take the history" not in titles("report", MEMORY, static)
    assert step("report", "Report", MEMORY)["bash"].endswith(" --publish --memory branch:test-history\n")


def test_without_a_memory_the_cache_has_it_where_somebody_looks() -> None:
    cached = ["Fetch the history", "Take the history"]
    for static in (False, True):
        assert titles("report", "", static)[2:4] == cached
        assert titles("report", "", static)[-1] == "Put the history back"
    assert [one for one in titles("plan") if "history" in one] == cached
    assert [one for one in titles("plan", "", static=True) if "history" in one] == []


@pytest.mark.parametrize(
    ("options", "job", "wanted"),
    [
        ("", "plan", ""),
        ("", "unit", ""),
        ("", "report", "[online]"),
        ("publish: false", "report", ""),
        ("memory: 's3://a/b'", "plan", "[s3]"),
        ("memory: 's3://a/b'", "unit", ""),
        ("memory: 's3://a/b', publish: false", "report", "[s3]"),
    ],
)
def test_extras_are_installed_where_they_are_needed(options: str, job: str, wanted: str) -> None:
    assert f":-ci-orchestrator{wanted}==1.2.3" in step(job, "Install ci-orchestrator", options)["bash"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("", ["SYSTEM_ACCESSTOKEN"]),
        ("publish: false", []),
        ("publish: false, memory: .history, secrets: [KEY]", ["KEY"]),
        (f"publish: false, {MEMORY}", ["SYSTEM_ACCESSTOKEN"]),
    ],
)
def test_the_report_has_the_jobs_token_where_it_uses_it(options: str, names: list[str]) -> None:
    assert list(step("report", "Report", options).get("env", {})) == names


BASIC = b64encode(f"x-access-token:{GITHUB}".encode()).decode()


@pytest.mark.parametrize(
    ("name", "secrets", "shown"),
    [
        ("push", {}, f"AUTHORIZATION: bearer {TOKEN}"),
        ("visualstudio", {}, f"AUTHORIZATION: bearer {TOKEN}"),
        ("fork", {}, ""),
        ("github-push", {"GITHUB_TOKEN": GITHUB}, f"AUTHORIZATION: basic {BASIC}"),
        ("github-enterprise", {"GITHUB_TOKEN": GITHUB}, f"AUTHORIZATION: basic {BASIC}"),
        ("github-push", {}, ""),
        ("other-git", {"GITHUB_TOKEN": GITHUB}, ""),
    ],
)
@pytest.mark.parametrize("at", [("plan", "Fetch the history"), ("report", "Report")])
def test_git_shows_a_token_to_the_repository_it_is_for_and_to_no_other(
    tmp_path: Path, name: str, secrets: dict[str, str], shown: str, at: tuple[str, str]
) -> None:
    environ = environment(name)
    address = environ["BUILD_REPOSITORY_URI"]
    tool = tmp_path / TOOL
    tool.parent.mkdir(parents=True)
    ask = "git config --get-urlmatch http.extraheader"
    tool.write_text(f"#!/bin/sh\n{ask} '{address}'\n{ask} 'https://elsewhere.example/a' && echo leaked\nexit 0\n")
    tool.chmod(0o755)
    assert shell(step(*at, f"{MEMORY}, secrets: [GITHUB_TOKEN]"), environ, secrets, tmp_path).strip() == shown


def shell(one: dict[str, Any], environ: dict[str, str], secrets: dict[str, str], place: Path) -> str:
    """What a step prints. Its secrets are those of the environment and of the pipeline."""
    known = {"SYSTEM_ACCESSTOKEN": environ["SYSTEM_ACCESSTOKEN"], **secrets}
    given = {name: expanded(value, known) for name, value in one["env"].items()}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", one["bash"]],
        cwd=place,
        env={"PATH": "/usr/bin:/bin", "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1", **environ, **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@contextmanager
def door() -> Iterator[tuple[str, list[str]]]:
    """The address of a server that lets nobody in, and what it was shown."""
    shown: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers.get("Authorization", ""))
            self.send_error(403)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/contoso/_git/shop", shown
        finally:
            server.shutdown()
            thread.join()


def test_the_memorys_git_shows_it_over_the_wire_and_a_refusal_harms_nobody(tmp_path: Path) -> None:
    with door() as (address, shown):
        git(tmp_path, "init", "-q")
        git(tmp_path, "remote", "add", "origin", address)
        (tmp_path / "testplan.yaml").write_text(PLAN % MEMORY)
        environ = {**environment("push"), "BUILD_REPOSITORY_URI": address}
        environ["PATH"] = path_with_our_command(tmp_path / "bin")
        (tmp_path / TOOL).parent.mkdir(parents=True)
        (tmp_path / TOOL).symlink_to(tmp_path / "bin" / "ci-orchestrator")
        said = shell(step("plan", "Fetch the history", MEMORY), environ, {}, tmp_path)
    assert set(shown) == {f"bearer {TOKEN}"}
    assert "no builds remembered" in said
