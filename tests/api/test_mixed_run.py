"""Three languages in one plan, with their real tools: one lock, one certificate, one report."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine_tools import clean_environment, git_repository
from projects import make_project
from tool_workers import NODE_MODULES, need_go, need_node_package

from ci_orchestrator.api.planning import plan_project
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.running import run_job, run_project
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.plan.lock import encode
from ci_orchestrator.results.model import Cause, Outcome

FILES = {
    "api/test_api.py": "def test_one(): pass\ndef test_two(): pass\n",
    "svc/go.mod": "module example.org/svc\n\ngo 1.19\n",
    "svc/add.go": "package svc\n\nfunc Add(a, b int) int { return a + b }\n",
    "svc/add_test.go": """
        package svc

        import "testing"

        func TestAdd(t *testing.T) {
            t.Run("inner", func(t *testing.T) {
                if Add(1, 2) != 4 {
                    t.Error("not four")
                }
            })
        }
        func TestLess(t *testing.T) {}
    """,
    "web/package.json": "{}",
    "web/add.js": "exports.add = (a, b) => a + b;\n",
    "web/a.test.js": """
        const { add } = require('./add');
        test('adds', () => expect(add(1, 2)).toBe(3));
        test('dies', () => { process.exit(3); });
    """,
    "web/b.test.js": "test.skip('waits', () => {});\ntest('goes', () => {});\n",
}
SUITES = {
    "api": {"tool": "pytest", "paths": ["api"]},
    "svc": {"tool": "go", "cwd": "svc", "coverage": {"report": "cover.out"}},
    "web": {"tool": "jest", "cwd": "web", "coverage": {"report": "lcov.info"}, "retries": {"max": 0}},
}
OUTCOMES = {
    "api::api/test_api.py::test_one": Outcome.PASSED,
    "api::api/test_api.py::test_two": Outcome.PASSED,
    "svc::example.org/svc::TestAdd": Outcome.FAILED,
    "svc::example.org/svc::TestLess": Outcome.PASSED,
    "web::a.test.js::adds": Outcome.PASSED,
    "web::a.test.js::dies": Outcome.NOT_PROVEN,
    "web::b.test.js::goes": Outcome.PASSED,
    "web::b.test.js::waits": Outcome.SKIPPED,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    need_go()
    need_node_package("jest")
    suites = {name: dict(suite) for name, suite in SUITES.items()}
    project = make_project(tmp_path_factory.mktemp("mixed"), FILES, suites)
    (project.root / ".gitignore").write_text("node_modules\n.ci-orchestrator\n")
    (project.root / "web" / "node_modules").symlink_to(NODE_MODULES)
    git_repository(project.root, clean_environment(tmp_path_factory.mktemp("home")))
    return project


def test_one_run_one_certificate_one_report(project: Project) -> None:
    report = run_project(project, workers=2).report
    assert {result.id: result.outcome for result in report.results} == OUTCOMES
    assert report.certificate.dead == ("web::a.test.js::dies",)
    assert (report.certificate.planned, report.certificate.reported) == (len(OUTCOMES), len(OUTCOMES) - 1)
    assert report.exit_code is ExitCode.TESTS_FAILED
    last = {result.id: result.last for result in report.results}
    failed = last["svc::example.org/svc::TestAdd"]
    assert failed is not None
    assert (failed.message, failed.file, failed.line) == ("TestAdd/inner: not four", "svc/add_test.go", 9)
    died = last["web::a.test.js::dies"]
    assert died is not None
    assert died.cause is Cause.WORKER_LOST
    assert report.coverage is not None
    covered = {file.path: (file.lines.covered, file.lines.total) for file in report.coverage.files}
    assert covered == {"svc/add.go": (1, 1), "web/add.js": (1, 1)}
    assert len(report.coverage.partial) == 1  # of the worker that died


def test_a_job_of_a_lock_runs_its_own_tests_only(project: Project, tmp_path: Path) -> None:
    lock = plan_project(project, suites=["web"]).lock
    (tmp_path / "plan.lock.json").write_bytes(encode(lock))
    done = run_job(project, tmp_path / "plan.lock.json", "web", workers=1)
    assert {result.id: result.outcome for result in done.results} == {
        test: outcome for test, outcome in OUTCOMES.items() if test.startswith("web::")
    }
