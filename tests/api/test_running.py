from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import psutil
import pytest
from projects import CLI, make_project, run_cli, separate_interpreter

from ci_orchestrator.api.planning import plan_project
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.running import resume_project, run_job, run_project
from ci_orchestrator.errors import DiscoveryError, ExitCode, LockError, PlanError, UserError
from ci_orchestrator.plan.lock import encode
from ci_orchestrator.results import events
from ci_orchestrator.results.model import Cause, Outcome
from ci_orchestrator.results.report import Report
from ci_orchestrator.run.bundle import damaged, find_bundles, read_events, read_manifest

EVERY_OUTCOME = """
    import sys
    import pytest

    def test_passes():
        print("to stdout")
        print("to stderr", file=sys.stderr)

    def test_fails():
        assert 1 == 2, "one is not two"

    @pytest.fixture
    def broken():
        raise RuntimeError("no database")

    def test_errors(broken):
        pass

    @pytest.fixture
    def breaks_later():
        yield
        raise RuntimeError("cannot clean up")

    def test_errors_in_teardown(breaks_later):
        pass

    @pytest.mark.skip(reason="not today")
    def test_skips():
        pass

    @pytest.mark.xfail(reason="known bug")
    def test_xfails():
        assert 0

    @pytest.mark.xfail
    def test_xpasses():
        pass

    @pytest.mark.xfail(strict=True)
    def test_xpasses_strictly():
        pass

    @pytest.mark.parametrize("value", ["a b", "[x]", "::", "/", "née", "日本", "'\\"", "$(true)"])
    def test_values(value):
        pass
"""


def outcomes(report: Report) -> dict[str, str]:
    return {result.id.partition("::")[2]: result.outcome.value for result in report.results}


def happened(root: Path) -> list[events.Event]:
    return [event for bundle in find_bundles(root) for event in read_events(bundle) if isinstance(event, events.Event)]


def test_every_outcome_is_told_as_pytest_means_it(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"tests/test_all.py": EVERY_OUTCOME})

    reported = run_project(project, workers=2)

    got = {name.partition("::")[2]: outcome for name, outcome in outcomes(reported.report).items()}
    values = {name: outcome for name, outcome in got.items() if name.startswith("test_values")}
    assert {name: outcome for name, outcome in got.items() if name not in values} == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_errors": "errored",
        "test_errors_in_teardown": "errored",
        "test_skips": "skipped",
        "test_xfails": "skipped",
        "test_xpasses": "passed",
        "test_xpasses_strictly": "failed",
    }
    assert len(values) == 8
    assert set(values.values()) == {"passed"}
    by_name = {result.name: result.last for result in reported.report.results}
    assert by_name["test_passes"].stdout == "to stdout\n"
    assert by_name["test_passes"].stderr == "to stderr\n"
    assert by_name["test_fails"].message == "AssertionError: one is not two"
    assert (by_name["test_fails"].file, by_name["test_fails"].line) == ("tests/test_all.py", 10)
    assert by_name["test_skips"].message.endswith("not today")
    assert by_name["test_xfails"].cause is Cause.XFAIL
    assert by_name["test_xpasses"].cause is Cause.XPASS
    assert all(attempt.peak_memory > 1_000_000 for attempt in by_name.values())
    assert reported.report.certificate.complete
    assert reported.report.exit_code is ExitCode.TESTS_FAILED


def test_ids_are_exactly_those_of_pytest(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"tests/test_all.py": EVERY_OUTCOME, "tests/sub/test_b.py": "def test_b(): pass"})
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    theirs = {line for line in listed.splitlines() if "::" in line}

    planned = plan_project(project, workers=2)

    assert {test for job in planned.lock.jobs for test in job.tests} == theirs


def test_measures_cpu_and_memory_of_each_test(tmp_path: Path) -> None:
    code = """
        import time
        def test_hungry():
            block = bytearray(150_000_000)
            begin = time.process_time()
            while time.process_time() - begin < 0.2:
                pass
        def test_modest():
            pass
    """
    report = run_project(make_project(tmp_path, {"tests/test_m.py": code}), workers=1).report
    hungry, modest = (result.last for result in report.results)
    assert hungry.cpu >= 0.2
    assert hungry.peak_memory > 150_000_000
    assert modest.cpu < 0.2
    assert modest.peak_memory < 150_000_000


def test_the_suite_runs_in_its_own_interpreter_without_ours(tmp_path: Path) -> None:
    python = separate_interpreter(tmp_path / "env")
    code = """
        import importlib.util, sys
        def test_where():
            assert importlib.util.find_spec("ci_orchestrator") is None
            assert importlib.util.find_spec("pydantic") is None
            print(sys.executable)
    """
    suites = {"unit": {"tool": "pytest", "paths": ["tests"], "python": "env/bin/python"}}
    project = make_project(tmp_path, {"tests/test_env.py": code}, suites)

    report = run_project(project, workers=1).report

    assert outcomes(report) == {"tests/test_env.py::test_where": "passed"}
    assert report.results[0].last.stdout == f"{python}\n"


def test_workers_have_their_own_places_and_identity(tmp_path: Path) -> None:
    code = """
        import os, tempfile, pathlib, time
        def test_{n}():
            time.sleep(0.3)
            place = pathlib.Path(tempfile.gettempdir())
            print(os.environ["PYTEST_XDIST_WORKER"], place, os.environ["COVERAGE_FILE"])
            assert os.environ["PYTEST_XDIST_WORKER_COUNT"] == "2"
            pathlib.Path(os.environ["COVERAGE_FILE"]).write_text("data")
    """
    files = {f"tests/test_{n}.py": code.replace("{n}", str(n)) for n in range(4)}
    project = make_project(tmp_path, files)

    reported = run_project(project, workers=2)

    told = {tuple(result.last.stdout.split()) for result in reported.report.results}
    assert {one[0] for one in told} == {"gw0", "gw1"}
    assert len({one[1] for one in told}) == 2
    assert not any(Path(place).exists() for _, place, _ in told), "scratch space is removed"
    assert len(list(reported.out.parent.glob("dtf-unit-1/coverage/w*/.coverage"))) == 2


def test_a_modules_tests_stay_in_order_within_a_worker(tmp_path: Path) -> None:
    code = "import pytest\n@pytest.mark.parametrize('n', range(20))\ndef test_it(n): pass\n"
    project = make_project(tmp_path, {f"tests/test_{letter}.py": code for letter in "abcdef"})

    reported = run_project(project, workers=2)

    order = defaultdict(list)
    for event in happened(reported.out.parent):
        if isinstance(event, events.TestStarted):
            path, _, name = event.test.partition("::")[2].partition("::")
            order[event.worker, path].append(int(name[8:-1]))
    assert all(numbers == sorted(numbers) for numbers in order.values())


@pytest.mark.parametrize(
    ("death", "how"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("ctypes.string_at(0)", "SIGSEGV"),
        ("os._exit(7)", "7"),
    ],
)
def test_a_lost_worker_costs_only_that_attempt(tmp_path: Path, death: str, how: str) -> None:
    code = f"""
        import ctypes, faulthandler, os, pathlib, signal
        def test_before(): pass
        def test_dies_once():
            flag = pathlib.Path("died")
            if not flag.exists():
                flag.touch()
                faulthandler.disable()
                {death}
        def test_after(): pass
    """
    project = make_project(tmp_path, {"tests/test_d.py": code})

    reported = run_project(project, workers=1)

    assert set(outcomes(reported.report).values()) == {"passed"}
    dead = next(result for result in reported.report.results if result.name == "test_dies_once")
    assert [attempt.cause for attempt in dead.attempts] == [Cause.WORKER_LOST, Cause.NONE]
    assert how in dead.attempts[0].message
    assert not dead.flaky
    assert reported.report.exit_code is ExitCode.OK
    others = [result for result in reported.report.results if result is not dead]
    assert all(len(result.attempts) == 1 for result in others)


def test_a_test_that_loses_its_worker_twice_is_a_dead_letter(tmp_path: Path) -> None:
    code = """
        import os, sys
        def test_kills():
            sys.stderr.write("about to die")
            os.kill(os.getpid(), 9)
        def test_fine(): pass
    """
    project = make_project(tmp_path, {"tests/test_k.py": code})

    report = run_project(project, workers=2).report

    killer = next(result for result in report.results if result.name == "test_kills")
    assert killer.outcome is Outcome.NOT_PROVEN
    assert len(killer.attempts) == 2
    assert "dead letter" in killer.reason
    assert report.certificate.dead == report.certificate.missing == (killer.id,)
    assert not report.certificate.complete
    assert report.totals.passed == 1
    assert report.exit_code is ExitCode.NOT_PROVEN


def test_retries_for_failures_make_a_pass_flaky_never_plain(tmp_path: Path) -> None:
    code = """
        import pathlib
        def test_second_time_lucky():
            flag = pathlib.Path("tried")
            first = not flag.exists()
            flag.touch()
            assert not first
    """
    suites = {"unit": {"tool": "pytest", "paths": ["tests"], "retries": {"max": 2, "when": ["failure"]}}}
    report = run_project(make_project(tmp_path, {"tests/test_f.py": code}, suites), workers=1).report
    (result,) = report.results
    assert (result.outcome, result.flaky, len(result.attempts)) == (Outcome.PASSED, True, 2)
    assert report.totals.flaky == 1


def test_a_test_timeout_ends_the_whole_tree_and_is_a_failure(tmp_path: Path) -> None:
    code = """
        import pathlib, subprocess, sys, time
        def test_hangs():
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
            pathlib.Path("pid").write_text(str(child.pid))
            time.sleep(600)
        def test_fine(): pass
    """
    suites = {"unit": {"tool": "pytest", "paths": ["tests"], "test-timeout": "1s"}}
    project = make_project(tmp_path, {"tests/test_t.py": code}, suites)

    report = run_project(project, workers=1).report

    assert outcomes(report) == {"tests/test_t.py::test_hangs": "failed", "tests/test_t.py::test_fine": "passed"}
    hung = report.results[1].last
    assert hung.cause is Cause.TIMEOUT
    assert "timed out after" in hung.message
    assert "test_hangs" in hung.details, "where it was when it was stopped"
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


def test_a_job_timeout_leaves_the_rest_not_proven(tmp_path: Path) -> None:
    code = "import time, pytest\n@pytest.mark.parametrize('n', range(50))\ndef test_slow(n): time.sleep(0.2)\n"
    suites = {"unit": {"tool": "pytest", "paths": ["tests"], "timeout": "2s"}}
    report = run_project(make_project(tmp_path, {"tests/test_s.py": code}, suites), workers=1).report
    totals = report.totals
    assert totals.passed > 0
    assert totals.not_proven > 0
    assert totals.passed + totals.failed + totals.not_proven == 50
    assert report.exit_code in (ExitCode.TESTS_FAILED, ExitCode.NOT_PROVEN)
    assert any("timed out" in result.reason for result in report.results)


def test_dependents_of_a_failure_are_skipped_with_the_reason(tmp_path: Path) -> None:
    files = {
        "a/test_a.py": "def test_ok(): pass\ndef test_bad(): assert 0",
        "b/test_b.py": "def test_b(): pass",
        "c/test_c.py": "def test_c(): pass",
        "d/test_d.py": "def test_d(): pass",
    }
    suites = {
        "a": {"tool": "pytest", "paths": ["a"]},
        "b": {"tool": "pytest", "paths": ["b"], "needs": ["a"]},
        "c": {"tool": "pytest", "paths": ["c"], "needs": ["b"]},
        "d": {"tool": "pytest", "paths": ["d"], "needs": ["a::a/test_a.py::test_ok"]},
    }
    report = run_project(make_project(tmp_path, files, suites), workers=2).report
    assert {result.name: (result.outcome.value, result.reason) for result in report.results} == {
        "test_ok": ("passed", ""),
        "test_bad": ("failed", ""),
        "test_b": ("skipped", "needs:a"),
        "test_c": ("skipped", "needs:b"),
        "test_d": ("passed", ""),
    }
    assert report.certificate.withheld == (("b::b/test_b.py::test_b", "needs:a"), ("c::c/test_c.py::test_c", "needs:b"))
    assert report.certificate.complete
    assert report.exit_code is ExitCode.TESTS_FAILED


def test_modules_skipped_at_collection_are_listed_not_unexpected(tmp_path: Path) -> None:
    files = {
        "tests/test_a.py": "def test_a(): pass",
        "tests/test_b.py": "import pytest\npytest.importorskip('no_such_module')\ndef test_b(): pass",
    }
    report = run_project(make_project(tmp_path, files), workers=2).report
    assert outcomes(report) == {"tests/test_a.py::test_a": "passed"}
    ((path, reason),) = report.certificate.skipped_at_collection
    assert path == "unit::tests/test_b.py"
    assert "no_such_module" in reason
    assert report.exit_code is ExitCode.OK


def test_an_error_in_collection_names_the_file(tmp_path: Path) -> None:
    files = {"tests/test_a.py": "def test_a(): pass", "tests/test_b.py": "import no_such_module"}
    with pytest.raises(DiscoveryError, match=r"(?s)tests/test_b\.py.*no_such_module") as caught:
        run_project(make_project(tmp_path, files), workers=2)
    assert caught.value.where.file == "tests/test_b.py"


def test_no_tests_is_an_error_unless_allowed(tmp_path: Path) -> None:
    suites = {"unit": {"tool": "pytest", "paths": ["tests"]}}
    project = make_project(tmp_path, {"tests/conftest.py": ""}, suites)
    with pytest.raises(DiscoveryError, match="no tests"):
        plan_project(project)
    suites["unit"]["allow-empty"] = True
    assert plan_project(make_project(tmp_path, {}, suites)).lock.jobs == ()


def test_a_path_that_is_not_there_is_the_users_mistake(tmp_path: Path) -> None:
    suites = {"unit": {"tool": "pytest", "paths": ["absent"]}}
    with pytest.raises(DiscoveryError, match="absent"):
        plan_project(make_project(tmp_path, {}, suites))


def test_artifacts_and_junit_are_in_a_sealed_bundle(tmp_path: Path) -> None:
    code = "import pathlib\ndef test_a(): pathlib.Path('out.log').write_text('hello')"
    suites = {"unit": {"tool": "pytest", "paths": ["tests"], "artifacts": {"paths": {"logs": "*.log"}}}}
    reported = run_project(make_project(tmp_path, {"tests/test_a.py": code}, suites), workers=1)
    (bundle,) = find_bundles(reported.out.parent)
    assert (bundle / "artifacts" / "logs" / "out.log").read_text() == "hello"
    assert b'name="test_a"' in (bundle / "results" / "junit.xml").read_bytes()
    manifest = read_manifest(bundle)
    assert damaged(bundle, manifest) == ()
    (bundle / "artifacts" / "logs" / "out.log").write_text("jello")
    assert damaged(bundle, manifest) == ("artifacts/logs/out.log: differs from its digest",)


SHARDED = {f"tests/test_{letter}.py": "def test_1(): pass\ndef test_2(): pass\n" for letter in "abcd"}


def sharded(root: Path) -> Project:
    return make_project(root, SHARDED, {"unit": {"tool": "pytest", "paths": ["tests"], "shards": 3}})


def lock_of(project: Project) -> Path:
    path = project.root / "plan.lock.json"
    path.write_bytes(encode(plan_project(project, workers=1).lock))
    return path


def test_jobs_of_a_lock_run_apart_and_certify_together(tmp_path: Path) -> None:
    project = sharded(tmp_path)
    lock = lock_of(project)
    for number in (1, 2, 3):
        done = run_job(project, lock, f"unit_{number}of3", workers=1, out=tmp_path / "bundles")
        assert done.exit_code is ExitCode.OK
    done = run_cli(project, "report", "bundles", "--lock", "plan.lock.json", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["complete"], report["totals"]["tests"]) == (0, True, 8)


def test_a_missing_job_is_not_proven(tmp_path: Path) -> None:
    project = sharded(tmp_path)
    lock = lock_of(project)
    run_job(project, lock, "unit_1of3", workers=1, out=tmp_path / "bundles")
    done = run_cli(project, "report", "bundles", "--lock", "plan.lock.json", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == ExitCode.NOT_PROVEN
    assert report["totals"]["not_proven"] == len(report["missing"]) > 0
    again = run_cli(project, "report", "bundles", "--json")
    assert again.returncode == 0, "without a lock there is nothing to prove"
    assert json.loads(again.stdout)["certified"] is False


def test_a_lock_is_refused_when_the_plan_moved(tmp_path: Path) -> None:
    project = sharded(tmp_path)
    lock = lock_of(project)
    text = project.plan_file.read_text()
    project.plan_file.write_text(text + "\n# a comment changes nothing\n")
    run_job(project, lock, "unit_1of3", workers=1)
    project.plan_file.write_text(text.replace("shards: 3", "shards: 2"))
    with pytest.raises(LockError, match=r"suites\.unit\.shards\.count: 3 → 2"):
        run_job(project, lock, "unit_2of3", workers=1)


def test_a_lock_is_refused_when_the_tests_moved(tmp_path: Path) -> None:
    project = sharded(tmp_path)
    lock = lock_of(project)
    for letter in "abcd":
        (tmp_path / f"tests/test_{letter}.py").write_text("def test_1(): pass\ndef test_3(): pass\n")
    with pytest.raises(LockError) as caught:
        run_job(project, lock, "unit_1of3", workers=1)
    assert "gone: unit::tests/test_" in str(caught.value)
    assert "new: unit::tests/test_" in str(caught.value)
    with pytest.raises(LockError):
        run_project(project, lock_file=lock, workers=1)


def test_a_module_that_skips_on_the_runner_is_skipped_not_refused(tmp_path: Path) -> None:
    code = "import os, pytest\nif os.environ.get('NO_GPU'): pytest.skip('no gpu here', allow_module_level=True)\n"
    project = make_project(
        tmp_path, {"tests/test_g.py": code + "def test_gpu(): pass", "tests/test_h.py": "def test_h(): pass"}
    )
    lock = lock_of(project)
    done = run_cli(project, "run", "--lock", str(lock), "--job", "unit", "--json", NO_GPU="1")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcomes"]["skipped"] == 1
    report = json.loads(run_cli(project, "report", ".ci-orchestrator/bundles", "--lock", str(lock), "--json").stdout)
    assert report["complete"]


def test_an_unknown_job_is_told_with_those_there_are(tmp_path: Path) -> None:
    project = sharded(tmp_path)
    with pytest.raises(LockError, match="unit_1of3, unit_2of3, unit_3of3"):
        run_job(project, lock_of(project), "unit", workers=1)


SLOW = "import time, pytest\n@pytest.mark.parametrize('n', range(24))\ndef test_slow(n): time.sleep(0.25)\n"


def start_slow(project: Project) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*CLI, "run", "--workers", "2"], cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for_results(project: Project, count: int) -> None:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        logs = list(project.root.glob(".ci-orchestrator/runs/*/dtf-*/events.ndjson"))
        if logs and logs[0].read_text().count('"test.finished"') >= count:
            return
        time.sleep(0.05)
    raise AssertionError("the run did not begin")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_cleanly_and_the_run_can_be_resumed(tmp_path: Path, sent: signal.Signals) -> None:
    project = make_project(tmp_path, {"tests/test_s.py": SLOW})
    with start_slow(project) as run:
        wait_for_results(project, 4)
        run.send_signal(sent)
        told, _ = run.communicate(timeout=60)
    assert run.returncode == ExitCode.INTERRUPTED, told
    root = project.latest_run()
    partial = json.loads((root / "report" / "results.json").read_bytes())
    assert partial["interrupted"]
    finished = [
        event.test for event in happened(root) if isinstance(event, events.TestFinished) and event.outcome == "passed"
    ]
    assert len(finished) >= 4

    report = resume_project(project, workers=2).report

    assert report.totals.passed == 24
    assert report.certificate.complete
    assert report.exit_code is ExitCode.OK
    passed = [
        event.test for event in happened(root) if isinstance(event, events.TestFinished) and event.outcome == "passed"
    ]
    assert sorted(passed) == sorted(set(passed)), "what had a result did not run again"
    assert set(finished) <= set(passed)


def test_a_killed_orchestrator_is_resumed_without_loss_or_double(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"tests/test_s.py": SLOW})
    with start_slow(project) as run:
        wait_for_results(project, 4)
        workers = psutil.Process(run.pid).children()
        run.kill()
    root = project.latest_run()
    log = next(root.glob("dtf-*/events.ndjson"))
    with log.open("ab") as file:
        file.write(b'{"v":1,"seq":9999,"ts":1,"job":"un')  # what a kill can leave

    report = resume_project(project, workers=2).report

    assert report.totals.passed == 24
    assert report.certificate.complete
    assert not any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers)
    passed = [
        event.test for event in happened(root) if isinstance(event, events.TestFinished) and event.outcome == "passed"
    ]
    assert sorted(passed) == sorted(set(passed))


def test_dead_letters_stay_dead_until_asked_for(tmp_path: Path) -> None:
    code = "import os, pathlib\ndef test_dies():\n    if not pathlib.Path('cured').exists(): os._exit(1)\n"
    project = make_project(tmp_path, {"tests/test_d.py": code})
    assert run_project(project, workers=1).report.exit_code is ExitCode.NOT_PROVEN
    (tmp_path / "cured").touch()
    assert resume_project(project, workers=1).report.exit_code is ExitCode.NOT_PROVEN
    assert resume_project(project, workers=1, retry_dead=True).report.exit_code is ExitCode.OK


def test_nothing_to_resume_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing was run here yet"):
        resume_project(make_project(tmp_path, {}))


def test_xdist_and_junit_options_of_the_suite_do_not_get_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xdist")
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    files = {
        "pytest.ini": "[pytest]\naddopts = -n 2 --junitxml=theirs.xml\n",
        "tests/test_a.py": "def test_a(): pass\ndef test_b(): pass",
    }
    report = run_project(make_project(tmp_path, files), workers=2).report
    assert set(outcomes(report).values()) == {"passed"}
    assert not (tmp_path / "theirs.xml").exists()


def test_maxfail_of_the_suite_stops_it_and_the_rest_is_not_proven(tmp_path: Path) -> None:
    files = {"tests/test_a.py": "def test_a(): assert 0\n" + "".join(f"def test_b{n}(): pass\n" for n in range(6))}
    suites = {"unit": {"tool": "pytest", "paths": ["tests"], "args": ["--maxfail=1"]}}
    report = run_project(make_project(tmp_path, files, suites), workers=1).report
    assert report.totals.failed == 1
    assert report.totals.not_proven == 6
    assert all(
        "stopping after 1 failures" in result.reason for result in report.results if result.outcome == "not-proven"
    )


def test_a_forked_child_that_comes_back_does_not_run_the_suite_twice(tmp_path: Path) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this system")
    code = "import os\ndef test_forks():\n    os.fork()\ndef test_after(): pass\n"
    report = run_project(make_project(tmp_path, {"tests/test_f.py": code}), workers=1).report
    assert report.totals.passed == 2
    assert report.totals.runs == 2


def test_the_history_makes_the_second_plan_know(tmp_path: Path) -> None:
    code = "import time\ndef test_long(): time.sleep(0.5)\ndef test_short(): pass\n"
    project = make_project(tmp_path, {"tests/test_h.py": code})
    before = plan_project(project).schedule.estimates["unit"]
    run_project(project, workers=1)
    after = plan_project(project).schedule.estimates["unit"]
    assert [source.value for source in before.source] == ["default", "default"]
    assert [source.value for source in after.source] == ["test", "test"]
    assert after.milliseconds[0] >= 500 > after.milliseconds[1]


def test_a_collector_that_is_killed_is_replaced_and_nothing_is_lost(tmp_path: Path) -> None:
    dies = """
        import os, pathlib, signal
        flag = pathlib.Path("died")
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        def test_after_all(): pass
    """
    files = {f"tests/test_{letter}.py": f"def test_{letter}(): pass" for letter in "abcd"} | {"tests/test_x.py": dies}
    report = run_project(make_project(tmp_path, files), workers=2).report
    assert report.totals.passed == 5
    assert report.certificate.complete


def test_a_module_that_kills_every_collector_is_told(tmp_path: Path) -> None:
    files = {"tests/test_x.py": "import os\nos._exit(9)\n"}
    with pytest.raises(DiscoveryError, match=r"exit code 9\) while it imported tests/test_x\.py"):
        run_project(make_project(tmp_path, files), workers=2)


def test_two_files_that_are_one_module_are_refused_whoever_collects_them(tmp_path: Path) -> None:
    files = {f"tests/{folder}/test_same.py": "def test_it(): pass" for folder in ("a", "b")}
    files |= {f"tests/test_{n}.py": "def test_n(): pass" for n in range(4)}
    project = make_project(tmp_path, files)
    for workers in (1, 2, 2, 2):
        with pytest.raises(DiscoveryError, match="import file mismatch"):
            plan_project(project, workers=workers)


@pytest.mark.parametrize("option", ["--setup-only", "--setup-plan", "--collect-only"])
def test_options_that_run_nothing_are_refused(tmp_path: Path, option: str) -> None:
    suites = {"unit": {"tool": "pytest", "paths": ["tests"], "args": [option]}}
    with pytest.raises(DiscoveryError, match="no test is to be run"):
        run_project(make_project(tmp_path, {"tests/test_a.py": "def test_a(): assert 0"}, suites), workers=1)


def test_a_test_that_was_never_called_is_not_proven(tmp_path: Path) -> None:
    files = {
        "conftest.py": """
            import pytest

            @pytest.hookimpl(tryfirst=True)
            def pytest_runtest_protocol(item, nextitem):
                return True
        """,
        "tests/test_a.py": "def test_a(): assert 0",
    }
    report = run_project(make_project(tmp_path, files), workers=1).report
    assert report.totals.not_proven == 1
    assert report.exit_code is ExitCode.NOT_PROVEN


def test_what_pytest_thinks_of_its_session_is_told(tmp_path: Path) -> None:
    files = {
        "conftest.py": "def pytest_sessionfinish(session): session.exitstatus = 7",
        "tests/test_a.py": "def test_a(): pass",
    }
    report = run_project(make_project(tmp_path, files), workers=1).report
    assert any("exit code 7 although its tests passed" in warning for warning in report.warnings)


def test_a_run_that_ended_before_it_had_planned_is_not_resumed_as_the_one_before(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"tests/test_a.py": "def test_a(): pass"})
    assert run_project(project, workers=1).report.exit_code is ExitCode.OK
    (tmp_path / "tests/test_a.py").write_text("import time, os\nos.kill(os.getppid(), 9)\ntime.sleep(60)\n")
    assert run_cli(project, "run", "--workers", "1").returncode == -signal.SIGKILL
    (tmp_path / "tests/test_a.py").write_text("def test_a(): assert 0")
    with pytest.raises(UserError, match="before it had planned"):
        resume_project(project)
    assert run_project(project, workers=1).report.exit_code is ExitCode.TESTS_FAILED
    assert resume_project(project, workers=1).report.exit_code is ExitCode.TESTS_FAILED


def test_requirements_that_nothing_is_known_to_meet_are_refused(tmp_path: Path) -> None:
    suites = {"unit": {"tool": "pytest", "paths": ["tests"], "requires": {"gpu.vendor": "nvidia"}}}
    with pytest.raises(PlanError, match=r"nothing says that this machine has gpu\.vendor"):
        plan_project(make_project(tmp_path, {"tests/test_a.py": "def test_a(): pass"}, suites))


def test_a_place_that_cannot_be_written_is_the_users_matter(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"tests/test_a.py": "def test_a(): pass"})
    (project.state / "runs").write_text("a file where a folder should be")
    done = run_cli(project, "run", "--workers", "1")
    assert done.returncode == ExitCode.USER_ERROR
    assert "cannot be written" in done.stderr
