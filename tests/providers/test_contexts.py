"""What each provider is told, in its own form: values stay values, whatever is in them."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ci_orchestrator.api.wire import this_ci
from ci_orchestrator.providers.azure.context import AzureCi
from ci_orchestrator.providers.base import Finding
from ci_orchestrator.providers.github.context import SUMMARY_LIMIT, GithubCi
from ci_orchestrator.providers.gitlab.context import DOTENV, GitlabCi
from ci_orchestrator.providers.jenkins.context import OUTPUTS, JenkinsCi
from ci_orchestrator.providers.local.context import LocalCi

HOSTILE = "a\nverdict=proceed\r\n$(rm) `x` ${{ y }} %0A::error::z ##vso[task.complete] '\"; ] \u2028 é 🎉 \ud800 end_"
VALUES = st.dictionaries(st.sampled_from(("verdict", "why", "samples")), st.text() | st.just(HOSTILE), min_size=1)


@pytest.mark.parametrize(
    ("environ", "name", "attempt"),
    [
        ({}, "local", None),
        ({"CI": "true"}, "local", None),
        ({"GITHUB_ACTIONS": "true", "GITHUB_RUN_ATTEMPT": "3"}, "github", 3),
        ({"GITHUB_ACTIONS": "true", "GITHUB_RUN_ATTEMPT": "many"}, "github", None),
        ({"GITHUB_ACTIONS": "true", "GITHUB_RUN_ATTEMPT": "0"}, "github", None),
        ({"GITHUB_ACTIONS": "false", "GITHUB_RUN_ATTEMPT": "3"}, "local", None),
        ({"GITLAB_CI": "true"}, "gitlab", None),
        ({"TF_BUILD": "True", "SYSTEM_JOBATTEMPT": "2"}, "azure", 2),
        ({"JENKINS_URL": "https://ci.example/"}, "jenkins", None),
    ],
)
def test_where_a_process_runs_is_told_by_the_providers_own_variables(
    tmp_path: Path, environ: dict[str, str], name: str, attempt: int | None
) -> None:
    ci = this_ci(environ, tmp_path, io.StringIO())
    assert (ci.name, ci.attempt) == (name, attempt)


def github(tmp_path: Path) -> tuple[GithubCi, Path, Path]:
    out, summary = tmp_path / "out", tmp_path / "summary"
    for path in (out, summary):
        path.unlink(missing_ok=True)
    environ = {"GITHUB_OUTPUT": str(out), "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": str(tmp_path)}
    return GithubCi.read(environ, tmp_path / "part", io.StringIO()), out, summary


def outputs_of(data: bytes) -> dict[str, str]:
    """As GitHub's runner reads the file: ``name<<end``, lines, ``end``; lines end with LF or CRLF."""
    found: dict[str, str] = {}
    lines = iter(re.split(r"\r?\n", data.decode())[:-1])
    for line in lines:
        name, _, end = line.partition("<<")
        value = []
        for inner in lines:
            if inner == end:
                break
            value.append(inner)
        else:
            raise AssertionError("the value has no end")
        found[name] = "\n".join(value)
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
def test_outputs_on_github(tmp_path: Path, values: dict[str, str]) -> None:
    ci, out, _ = github(tmp_path)
    ci.publish(values)
    told = outputs_of(out.read_bytes())
    assert told.keys() == values.keys()
    for name, value in values.items():
        written = f"{value}\n".encode("utf-8", "backslashreplace").decode()  # the runner ends lines at \r\n, too
        assert told[name] == written.replace("\r\n", "\n").removesuffix("\n")


def test_a_summary_on_github_is_appended_and_never_more_than_a_step_may_have(tmp_path: Path) -> None:
    ci, _, summary = github(tmp_path)
    ci.summarise("# one\n")
    ci.summarise("# two\n")
    assert summary.read_text() == "# one\n# two\n"
    ci.summarise("é line\n" * 300_000)
    assert SUMMARY_LIMIT - 100 < summary.stat().st_size <= SUMMARY_LIMIT
    assert summary.read_text().endswith("é line\n\n… the rest is in the report.\n")
    before = summary.read_bytes()
    ci.summarise("more\n" * 100)
    assert summary.read_bytes() == before or summary.stat().st_size <= SUMMARY_LIMIT


def test_a_step_of_github_without_files_tells_nothing(tmp_path: Path) -> None:
    ci = GithubCi.read({}, tmp_path, io.StringIO())
    ci.publish({"verdict": "hold"})
    ci.summarise("text")
    assert list(tmp_path.iterdir()) == []


def test_findings_on_github_are_annotations_at_their_place_in_the_repository(tmp_path: Path) -> None:
    ci, _, _ = github(tmp_path)
    ci.point_out(
        [
            Finding(kind="error", title="failed: a::b\n::set-env::", message="50% no", file="tests/a.py", line=3),
            Finding(kind="warning", title="flaky: c", message="once"),
        ]
    )
    assert isinstance(ci.out, io.StringIO)
    assert ci.out.getvalue().splitlines() == [
        "::error file=part/tests/a.py,line=3,title=failed%3A a%3A%3Ab%0A%3A%3Aset-env%3A%3A::50%25 no",
        "::warning title=flaky%3A c::once",
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
def test_outputs_on_gitlab_are_plain_text_one_a_line(tmp_path: Path, values: dict[str, str]) -> None:
    ci = GitlabCi(tmp_path)
    ci.publish(values)
    data = (tmp_path / DOTENV).read_bytes()
    assert len(data) < 5 * 1024
    lines = data.decode("ascii").split("\n")[:-1]
    assert [line.partition("=")[0] for line in lines] == [f"GATE_{name.upper()}" for name in sorted(values)]
    assert not any(set("$`'\"\\\r#;&|<>") & set(line) for line in lines)


def test_words_on_gitlab_stay_words(tmp_path: Path) -> None:
    GitlabCi(tmp_path).publish({"verdict": "hold", "why": "0 of 5 tests in error: at most 4.95%, below 5.00%"})
    assert (tmp_path / DOTENV).read_text() == (
        "GATE_VERDICT=hold\nGATE_WHY=0 of 5 tests in error: at most 4.95%, below 5.00%\n"
    )


def unescaped(text: str) -> str:
    """As the agent of Azure Pipelines reads data."""
    return text.replace("%0A", "\n").replace("%0D", "\r").replace("%AZP25", "%")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
def test_outputs_on_azure_are_one_command_each(tmp_path: Path, values: dict[str, str]) -> None:
    out = io.StringIO(newline="")
    AzureCi(tmp_path, out).publish(values)
    lines = out.getvalue().split("\n")[:-1]
    assert len(lines) == len(values)
    for line, (name, value) in zip(lines, sorted(values.items()), strict=True):
        head, _, data = line.partition("]")
        assert head == f"##vso[task.setvariable variable={name};isOutput=true"
        assert "\r" not in data
        assert unescaped(data) == value


def test_a_summary_on_azure_is_a_file_of_its_own(tmp_path: Path) -> None:
    out = io.StringIO()
    ci = AzureCi(tmp_path, out)
    ci.summarise("# one")
    ci.summarise("# two")
    paths = [Path(line.removeprefix("##vso[task.uploadsummary]")) for line in out.getvalue().splitlines()]
    assert [path.read_text() for path in paths] == ["# one", "# two"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
def test_outputs_on_jenkins_are_json(tmp_path: Path, values: dict[str, str]) -> None:
    JenkinsCi(tmp_path).publish(values)
    assert json.loads((tmp_path / OUTPUTS).read_bytes()) == values


def test_who_has_no_place_for_it_takes_it_in_silence(tmp_path: Path) -> None:
    GitlabCi(tmp_path).summarise("text")
    for ci in (LocalCi(), JenkinsCi(tmp_path)):
        ci.point_out([Finding(kind="error", title="t", message="m")])
    LocalCi().summarise("text")
    LocalCi().publish({"verdict": "hold"})
    assert list(tmp_path.iterdir()) == []
