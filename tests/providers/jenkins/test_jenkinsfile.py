"""What a Jenkinsfile has, and what is refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jenkins_engine import LARGEST_METHOD
from parts import examples
from providers.github import git_server
from providers.jenkins import plans

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.providers.base import command_in
from ci_orchestrator.providers.jenkins import document
from ci_orchestrator.providers.jenkins.limits import LIMITS
from ci_orchestrator.providers.jenkins.render import RENDERER
from ci_orchestrator.translate.phases import schedule
from ci_orchestrator.translate.pipelines import dynamic_pipeline, pins_of, static_pipeline

SUITES = {"s": {"tool": "pytest"}}


def functions(text: str) -> dict[str, str]:
    """The functions that return nothing, and what is in them."""
    return dict(re.findall(r"^void (\w+)\(.*?\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL))


def test_the_walls_are_these() -> None:
    assert {name: wall.value for name, wall in LIMITS.walls.items()} == {
        "matrix": 5_000,
        "jobs": 5_000,
        "bytes": 250 * 65_535,
        "constant": 65_535,
        "method": LARGEST_METHOD,
        "list": 250,
        "map": 125,
        "functions": 200,
    }


@pytest.mark.parametrize(
    ("plan", "what"),
    [
        ("suites: {s: {tool: pytest, services: {db: {image: x}}}}", "suite s: Jenkins cannot start `services`"),
        ("runners: {a: {labels: {gitlab: [x]}}}\nsuites: {s: {tool: pytest}}", "`labels: jenkins` is missing"),
        (
            "suites: {s: {tool: pytest, shards: 5001}}",
            "5,001 jobs whose bundles one build stashes, and Jenkins takes 5,000",
        ),
        (
            json.dumps({"suites": {"s": {"tool": "pytest", "secrets": [f"S{n}" for n in range(251)]}}}),
            "suite s: `secrets` cannot be one list: 251 elements of one list literal, and Jenkins takes 250",
        ),
        (
            json.dumps({"pipeline": {"secrets": [f"S{n}" for n in range(251)]}, "suites": {"s": {"tool": "pytest"}}}),
            "pipeline: `secrets` cannot be one list: 251 elements of one list literal, and Jenkins takes 250",
        ),
        (
            json.dumps({"suites": {"s": {"tool": "pytest", "setup": {"run": [["x"] * 33_000]}}}}),
            "suite s: a command or a value is too long: 66,049 bytes of one text constant in modified UTF-8",
        ),
        (
            json.dumps({"suites": {f"s{n}": {"tool": "pytest", "env": {"N": str(n)}} for n in range(201)}}),
            "201 functions of one Jenkinsfile, and Jenkins takes 200",
        ),
    ],
)
def test_what_cannot_be_said_is_refused(plan: str, what: str) -> None:
    with pytest.raises(PlanError, match=re.escape(what)) as refused:
        plans.rendered(plans.dynamic(plan))
    assert refused.value.fix


def test_long_setups_become_several_steps() -> None:
    run = [["echo", "x" * 9_000, str(number)] for number in range(20)]
    text = plans.rendered(plans.dynamic(json.dumps({"suites": {"s": {"tool": "pytest", "setup": {"run": run}}}})))
    scripts = re.findall(r"label: 'set up', script: '''(.*?)'''", text, re.DOTALL)
    assert len(scripts) == 2 * 3  # of the plan job, and of the suite's
    assert [line.split()[-1] for script in scripts[3:] for line in script.splitlines() if line.strip()] == [
        str(number) for number in range(20)
    ]
    assert max(map(len, scripts)) < LIMITS["constant"]


def test_stages_that_run_alike_share_a_function_and_gates_their_commands() -> None:
    text = plans.rendered(plans.dynamic(plans.EXAMPLE))
    stages = {stage["id"]: stage for level in plans.data(text, "LEVELS_JSON") for stage in level}
    assert stages["kernels_50"]["run"] == stages["kernels_100"]["run"] == "run_kernels_50"
    assert stages["kernels_100"]["needs"] == ["unit", "gate_kernels_50"]
    assert stages["kernels_100"]["on_hold"] == "on_hold_kernels_50"
    called = {stage[key] for stage in stages.values() for key in ("run", "on_hold", "on_rollback") if key in stage}
    assert called == set(re.findall(r"^void ((?:run|on)_\w+)\(", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("concurrency", "said"), [("cancel-older", "abortPrevious: true"), ("queue", ""), ("none", None)]
)
def test_concurrency(concurrency: str, said: str | None) -> None:
    text = plans.rendered(plans.dynamic(f"pipeline: {{concurrency: {concurrency}}}\nsuites: {{s: {{tool: pytest}}}}"))
    found = re.search(r"disableConcurrentBuilds\((.*)\)", text)
    assert (found[1] if found else None) == said


def test_secrets_of_the_report_are_bound_around_nothing_else() -> None:
    text = plans.rendered(plans.dynamic(plans.REMEMBERING))
    assert [*re.findall(r"^void (\w+)|( withSecrets) \{", text, re.MULTILINE)].count(("", " withSecrets")) == 2
    inside = re.findall(r" withSecrets \{\n(.*?)\n +\}\n", text, re.DOTALL)
    assert [re.findall(r"ci-orchestrator (\w+)", block) for block in inside] == [["history"], ["report"]]
    assert text.count("'GITHUB_TOKEN'") == 1


@pytest.mark.parametrize(
    ("memory", "extras"),
    [("branch:history", "online"), ("/mnt/kept", "online"), ("s3://bucket/shop", "online,s3"), ("", "online")],
)
def test_what_reports_has_the_extras_and_what_plans_those_of_the_memory(memory: str, extras: str) -> None:
    text = plans.rendered(plans.dynamic(json.dumps({"pipeline": {"memory": memory or None}, "suites": SUITES})))
    assert re.findall(r"ci-orchestrator(?:\[(.*)\])?==", text) == ["", extras]
    installed = {name: re.findall(r"prepared\((\w+)\)", body) for name, body in functions(text).items()}
    plan = "INSTALL_MORE" if "s3" in extras else "INSTALL"
    assert {name: found for name, found in installed.items() if found} == {
        "makePlan": [plan],
        "run_s": ["INSTALL"],
        "report": ["INSTALL_MORE"],
    }


def test_nothing_more_is_installed_where_nobody_is_told() -> None:
    text = plans.rendered(plans.dynamic(json.dumps({"pipeline": {"publish": False}, "suites": SUITES})))
    assert "INSTALL_MORE" not in text
    assert "--publish" not in text


@pytest.mark.parametrize(("memory", "steps"), [("", {"static": ["report"], "dynamic": ["makePlan"]}), ("kept", {})])
def test_the_history_comes_from_the_last_build_or_from_the_memory(memory: str, steps: dict[str, list[str]]) -> None:
    plan = json.dumps({"pipeline": {"memory": memory or None}, "suites": SUITES})
    for shape, text in {
        "static": plans.rendered(plans.static(plan, {"s": 1})),
        "dynamic": plans.rendered(plans.dynamic(plan)),
    }.items():
        bodies = functions(text).items()
        assert [name for name, body in bodies if "copyArtifacts" in body] == steps.get(shape, [])
        assert [name for name, body in bodies if "ci-orchestrator history" in body] == ["makePlan"] * bool(memory)
        assert ("plan.lock.json, .ci-orchestrator/history.sqlite'," in text) is not bool(memory), "archived"
        assert ("Copy Artifact" in text) is not bool(memory)


def login(tmp_path: Path, remote: str, **environ: str) -> dict[str, str]:
    """The environment that git has after the lines of a rendered step, on an agent whose own helper answers anybody."""
    steps = re.findall(r"script: '''\n +(case .*? esac\n)", plans.rendered(plans.dynamic(plans.REMEMBERING)), re.DOTALL)
    assert len(steps) == 2  # of the plan job, and of the report
    (tmp_path / ".gitconfig").write_text('[credential]\n  helper = "!echo username=agent; echo password=own; :"\n')
    told = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_TERMINAL_PROMPT": "0", **environ}
    script = steps[0].replace("\\'", "'") + "env -0"
    done = subprocess.run(
        ["sh", "-ec", script],
        env={**told, "CI_ORCHESTRATOR_REMOTE": remote},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in done.stdout.split("\0")[:-1])


def answered(environ: dict[str, str], protocol: str, host: str) -> list[str]:
    """The name and the password that git finds for a server."""
    asked = f"protocol={protocol}\nhost={host}\n\n"
    done = subprocess.run(
        ["git", "credential", "fill"], input=asked, env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-2:]


OURS = ["username=x-access-token", "password=t0k'en $HOME"]
AGENTS = ["username=agent", "password=own"]


def test_git_shows_the_forge_the_token_and_nobody_else(tmp_path: Path) -> None:
    """There the agent's own helpers, which may write down what they are told, are not asked."""
    environ = login(tmp_path, "https://git.example:8443/shop/web.git", GITHUB_TOKEN="t0k'en $HOME")
    assert answered(environ, "https", "git.example:8443") == OURS
    for protocol, host in (
        ("http", "git.example:8443"),
        ("https", "git.example"),
        ("https", "git.example:8443.eve.example"),
        ("https", "eve.example"),
        ("https", "api.git.example:8443"),
    ):
        assert answered(environ, protocol, host) == AGENTS


@pytest.mark.parametrize(
    ("remote", "token"),
    [
        ("http://git.example/shop/web", "t"),
        ("git@git.example:shop/web", "t"),
        ("", "t"),
        ("https://git.example/a/b", ""),
    ],
)
def test_no_login_where_the_way_is_not_encrypted_or_there_is_no_token(tmp_path: Path, remote: str, token: str) -> None:
    assert not [name for name in login(tmp_path, remote, GITHUB_TOKEN=token) if name.startswith("GIT_CONFIG")]


def test_what_a_workspace_says_instead_of_the_remote_gets_no_token(tmp_path: Path) -> None:
    """The server takes the token, if git shows it."""
    bare, left = tmp_path / "served/web.git", tmp_path / "left"
    for path in (["--bare", str(bare)], [str(left)]):
        subprocess.run(["git", "init", "--quiet", *path], check=True)
    environ = login(tmp_path, "https://git.example/web.git", GITHUB_TOKEN="t0ken")
    (tmp_path / ".gitconfig").unlink()
    with git_server.serving(bare.parent, "t0ken") as server:
        for name, value in {f"url.{server}/.insteadOf": "https://git.example/", "credential.helper": ""}.items():
            subprocess.run(["git", "-C", str(left), "config", name, value], check=True)
        command = ["git", "-C", str(left), "ls-remote", "https://git.example/web.git"]
        asked = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert asked.returncode
        assert f"could not read Username for '{server}'" in asked.stderr
        # The same helper for any host, as it must not be:
        anybody = {
            name: value.replace("credential.https://git.example.", "credential.") for name, value in environ.items()
        }
        subprocess.run(command, env=anybody, check=True)


def test_where_the_plan_names_the_forge_its_host_is_shown_the_token() -> None:
    text = plans.rendered(plans.dynamic(plans.REMEMBERING))
    assert 'String remote = "${scm.userRemoteConfigs' in text
    forge = "github=https://github.example.com/shop/web"
    named = plans.rendered(plans.dynamic(plans.REMEMBERING.replace("memory:", f'forge: "{forge}", memory:')))
    assert "String remote = 'https://github.example.com/shop/web'" in named
    assert "scm.userRemoteConfigs" not in named


def test_the_head_renders_it_again() -> None:
    text = plans.rendered(plans.static(plans.EXAMPLE, plans.EXAMPLE_PINS))
    assert command_in(text) == ("static", plans.EXAMPLE_PINS)


def test_what_comes_from_the_workspace_is_only_ids() -> None:
    """Credentials, labels and commands stand in the Jenkinsfile, which a fork's build takes from the trusted branch."""
    emitted = json.loads(RENDERER.emit(plans.static(plans.EXAMPLE, plans.EXAMPLE_PINS)))
    assert list(emitted) == ["unit", "api", "kernels_50", "web", "kernels_100"]
    assert emitted["api"] == {"api_1of2": "api (1/2)", "api_2of2": "api (2/2)"}
    assert "[a-z][a-z0-9_]{0,59}" in document.document(plans.dynamic(plans.EXAMPLE), "Jenkinsfile")


@settings(max_examples=examples(15))
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.booleans(), st.booleans())
def test_every_job_of_the_lock_once_and_in_its_place(counts: list[int], sequential: bool, chained: bool) -> None:
    plan = load_plan(json.dumps(_plan(counts, sequential, chained)))
    found = {f"s{n}": [f"t.py::t{number}" for number in range(count)] for n, count in enumerate(counts)}
    lock = schedule(plan, found, durations={}, tool_version="1").lock
    expected = sorted(job.id for job in lock.jobs)
    text = plans.rendered(static_pipeline(plan, pins_of(lock), LIMITS, plan_file="p.yaml", tool="1"))
    planned = dynamic_pipeline(plan, LIMITS, plan_file="p.yaml", tool="1", lock=lock)
    assert sorted(job for cells in plans.data(text, "JOBS_JSON").values() for job in cells) == expected
    assert sorted(job for cells in json.loads(RENDERER.emit(planned)).values() for job in cells) == expected
    done: set[str] = set()
    for level in plans.data(text, "LEVELS_JSON"):
        assert all(set(stage["needs"]) <= done for stage in level)
        assert not sequential or len(level) == 1
        done |= {stage["id"] for stage in level}
    assert done == set(found)


@settings(max_examples=examples(10))
@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=7))
def test_however_many_jobs_within_every_wall_or_refused(counts: list[int]) -> None:
    pins = {f"s{n}": count for n, count in enumerate(counts)}
    plan = json.dumps(_plan([1] * len(counts), sequential=False, chained=False))
    if sum(counts) > LIMITS["jobs"]:
        with pytest.raises(PlanError, match=f"{sum(counts):,} jobs whose bundles .* and Jenkins takes 5,000"):
            plans.static(plan, pins)
        return
    text = plans.rendered(plans.static(plan, pins))
    assert {stage: len(cells) for stage, cells in plans.data(text, "JOBS_JSON").items()} == pins
    constants = re.findall(r"'''(.*?)'''", text, re.DOTALL)
    assert max(len(constant.encode()) for constant in constants) <= LIMITS["constant"]
    assert len(text.encode()) <= LIMITS["bytes"]


def _plan(counts: list[int], sequential: bool, chained: bool) -> dict[str, object]:
    suites = {
        f"s{n}": {"tool": "pytest", "shards": count, "needs": [f"s{n - 1}"] if chained and n else []}
        for n, count in enumerate(counts)
    }
    return {"pipeline": {"mode": "sequential" if sequential else "max-parallel"}, "suites": suites}
