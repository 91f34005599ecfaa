"""Nothing that we write holds a secret, wherever tests and tools write it."""

from __future__ import annotations

import sys

import pytest
from projects import make_project, run_cli

SECRET, TOKEN = 's3cr3t<&>"value', "ghp_0123456789abcdef"
CHATTY = """
    import os, sys
    import pytest

    SECRET, TOKEN = os.environ["DATABASE_URL"], os.environ["GITHUB_TOKEN"]

    def test_prints():
        print(SECRET, TOKEN)
        print(SECRET, file=sys.stderr)

    def test_fails():
        print(TOKEN)
        assert SECRET == "something else", SECRET

    def test_skips():
        pytest.skip(f"no database at {SECRET}")

    def test_dies():
        os.write(2, SECRET.encode())
        os.kill(os.getpid(), 9)
"""
WRITES_REPORTS = """
    import os, pathlib, sys
    secret = os.environ["DATABASE_URL"]
    from xml.sax.saxutils import escape
    case = f"<testsuite><testcase name='{sys.argv[1]}'><failure>{escape(secret)}</failure></testcase></testsuite>"
    pathlib.Path(os.environ["CI_ORCHESTRATOR_RESULTS"], "r.xml").write_text(case)
    pathlib.Path("leak.txt").write_text(secret)
    print(secret)
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    suites = {
        "unit": {"tool": "pytest", "paths": ["tests"], "secrets": ["DATABASE_URL"], "retries": {"max": 0}},
        "own": {
            "tool": "command",
            "list": [sys.executable, "-c", "print('one')"],
            "run": [sys.executable, "own.py", "{tests}"],
            "secrets": ["DATABASE_URL"],
            "artifacts": {"paths": {"leak": "leak.txt"}},
        },
    }
    root = tmp_path_factory.mktemp("secrets")
    project = make_project(root, {"tests/test_chatty.py": CHATTY, "own.py": WRITES_REPORTS}, suites)
    env = {"DATABASE_URL": SECRET, "GITHUB_TOKEN": TOKEN}
    return project, run_cli(project, "run", **env), run_cli(project, "report", "--out", "page", **env)


def test_neither_files_nor_output_hold_a_secret(ran):
    project, *commands = ran
    written = [*(project.root / ".ci-orchestrator").rglob("*"), *(project.root / "page").rglob("*")]
    files = [path for path in written if path.is_file()]
    assert len(files) > 10
    traces = [secret.encode() for secret in (SECRET, TOKEN, "s3cr3t")]
    assert [path for path in files if any(trace in path.read_bytes() for trace in traces)] == []
    for done in commands:
        assert done.returncode in (1, 3), done.stderr
        assert "s3cr3t" not in done.stdout + done.stderr
        assert TOKEN not in done.stdout + done.stderr


def test_the_rest_of_what_was_written_is_there(ran):
    project, *_ = ran
    told = (project.root / "page" / "results.json").read_text()
    assert "***" in told
    assert "no database at ***" in told


def test_a_file_with_a_secret_in_it_is_not_kept_and_that_is_said(ran):
    _, done, _ = ran
    assert "leak.txt was not kept: a secret stands in it" in done.stdout + done.stderr


def test_what_cannot_be_collected_tells_no_secret_either(tmp_path):
    project = make_project(
        tmp_path,
        {"tests/test_broken.py": "import os\nraise RuntimeError(os.environ['DATABASE_URL'])\n"},
        {"unit": {"tool": "pytest", "paths": ["tests"], "secrets": ["DATABASE_URL"]}},
    )
    done = run_cli(project, "plan", DATABASE_URL=SECRET)
    assert done.returncode == 2
    assert "RuntimeError" in done.stdout + done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr
