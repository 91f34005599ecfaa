"""The command tool with real commands: shell scripts and small Python runners, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tool_workers import Open, Worker, open_worker, outcomes, workspace_in

from ci_orchestrator.errors import UserError
from ci_orchestrator.plan.models import Suite
from ci_orchestrator.results.model import Cause
from ci_orchestrator.run.tools.base import Collected, Finished, Gone, Started, Unexpected, Unknown, Workspace
from ci_orchestrator.run.tools.command import CommandTool
from ci_orchestrator.run.tools.listing import to_test

# A runner that logs each of its runs. A test's name says what it does.
RUNNER = """
import json, os, pathlib, signal, sys, time
from xml.sax.saxutils import quoteattr
tests = sys.argv[1:]
results = pathlib.Path(os.environ["CI_ORCHESTRATOR_RESULTS"])
assert not list(results.iterdir())
with open("runs.jsonl", "a") as file:
    file.write(json.dumps(tests) + "\\n")
cases, code = [], 0
for test in tests:
    inner = ""
    if "kill" in test: os.kill(os.getpid(), signal.SIGKILL)
    if "quit" in test: sys.exit(4)
    if "fail" in test: inner, code = "<failure message='no'/>", 1
    if "late" in test: code = 5
    if "silent" not in test: cases.append(f"<testcase name={quoteattr(test)} time='0.25'>{inner}</testcase>")
    if "extra" in test: cases.append("<testcase name='never asked for'/>")
(results / "r.xml").write_text(f"<testsuite>{''.join(cases)}</testsuite>", encoding="utf-8")
sys.exit(code)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    space = workspace_in(tmp_path)
    (space.project / "ids").touch()
    return space


@pytest.fixture
def start(workspace: Workspace) -> Iterator[Open]:
    """Open sessions of one tool; they are ended with the test."""
    tool = CommandTool()
    opened: list[Worker] = []

    def go(run: Sequence[str], *, ids: Sequence[str] = (), listing: Sequence[str] = (), **options: object) -> Worker:
        if ids:
            (workspace.project / "ids").write_text("\n".join(ids), encoding="utf-8")
        suite = Suite(
            name="boot",
            tool="command",
            list_command=tuple(listing) or ("cat", "ids"),
            run_command=(*run, "{tests}"),
            test_timeout=options.pop("test_timeout", 30.0),
        )
        worker = open_worker(tool, suite, replace(workspace, **options))
        opened.append(worker)
        return worker

    yield go
    for worker in opened:
        worker.session.kill()


@pytest.fixture
def runner(workspace: Workspace) -> list[str]:
    (workspace.project / "runner.py").write_text(RUNNER)
    return [sys.executable, "runner.py"]


def script(workspace: Workspace, text: str) -> list[str]:
    path = workspace.project / "script.sh"
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)
    return ["./script.sh"]


def runs(workspace: Workspace) -> list[list[str]]:
    return [json.loads(line) for line in (workspace.project / "runs.jsonl").read_text().splitlines()]


# -- listing ---------------------------------------------------------------------------------------


def test_listing(start: Open) -> None:
    worker = start(["true"], ids=["b", "a::x", "$(id)"])
    assert worker.hear(Collected) == Collected(tests=("-::b", "a::x", "-::$(id)"))
    assert worker.finish() == {}
    assert worker.gone == Gone(exit_code=0, asked=True)


def test_only_some_paths_or_none(start: Open) -> None:
    assert start(["true"], ids=["a::x", "b::x"], only=frozenset({"b"})).hear(Collected) == Collected(tests=("b::x",))
    assert start(["true"], listing=["false"], only=frozenset()).hear(Collected) == Collected()


def test_workers_that_collect_together_list_once(start: Open, workspace: Workspace) -> None:
    claims = workspace.project.parent / "claims"
    workers = [start(["true"], ids=ids, claims=claims) for ids in (["a"], [], [])]
    found = [worker.hear(Collected) for worker in workers]
    assert sorted(found, key=repr) == sorted([Collected(), Collected(), Collected(tests=("-::a",))], key=repr)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("echo a; echo broken >&2; exit 3", "exit code 3\nbroken"),
        ("echo a; kill -9 $$", "killed by SIGKILL"),
        ("echo a; echo a", "repeats the test of line 1"),
    ],
)
def test_a_list_that_fails_is_an_error_of_the_collection(
    start: Open, workspace: Workspace, text: str, words: str
) -> None:
    collected = start(["true"], listing=script(workspace, text)).hear(Collected)
    assert isinstance(collected, Collected)
    assert collected.tests == ()
    [(place, why)] = collected.errors
    assert place == "./script.sh"
    assert words in why


def test_a_list_command_that_is_not_there(start: Open) -> None:
    gone = start(["true"], listing=["./absent"]).hear(Gone)
    assert isinstance(gone, Gone)
    assert "no such program" in gone.failed


def test_a_daemon_that_holds_the_pipe_does_not_hold_up_the_list(start: Open, workspace: Workspace) -> None:
    listing = script(workspace, "echo a\nsleep 300 &\n")
    assert start(["true"], listing=listing).hear(Collected) == Collected(tests=("-::a",))


def test_both_commands_are_needed(workspace: Workspace) -> None:
    with pytest.raises(UserError, match="needs both"):
        CommandTool().open(Suite(name="boot", tool="command"), workspace, print)


def test_ten_thousand_tests_are_listed_and_run_in_few_batches(start: Open, workspace: Workspace, runner: list) -> None:
    ids = [f"suite/file{number // 100}.sh::case[{number}-{'x' * 100}]" for number in range(10_000)]
    worker = start(runner, ids=ids)
    collected = worker.hear(Collected)
    assert isinstance(collected, Collected)
    assert list(collected.tests) == ids
    finished = worker.finish(*ids)
    assert list(finished) == ids
    assert outcomes(finished) == dict.fromkeys(ids, "passed")
    batches = [len(run) for run in runs(workspace)]
    assert batches[0] == 1
    assert sum(batches) == 10_000
    assert len(batches) < 10


# -- with reports ----------------------------------------------------------------------------------


def test_the_first_test_runs_alone_then_the_rest_together(start: Open, workspace: Workspace, runner: list) -> None:
    worker = start(runner, ids=["a", "b", "fail", "c"])
    finished = worker.finish("a", "b", "fail", "c")
    assert runs(workspace) == [["a"], ["b", "fail", "c"]]
    assert outcomes(finished) == {"a": "passed", "b": "passed", "fail": "failed", "c": "passed"}
    assert finished["fail"].message == "no"
    assert finished["c"].duration == 0.25
    assert finished["c"].started == finished["b"].started + 0.5
    assert finished["a"].cpu > 0
    told = [message for message in worker.said if isinstance(message, Started | Finished)]
    assert [(type(one), one.test) for one in told] == [
        (kind, to_test(test)) for test in ("a", "b", "fail", "c") for kind in (Started, Finished)
    ]
    assert not list((workspace.project.parent / "results").iterdir())


def test_what_was_learned_serves_the_next_session(start: Open, workspace: Workspace, runner: list) -> None:
    start(runner).finish("a")
    start(runner).finish("b", "c")
    assert runs(workspace) == [["a"], ["b", "c"]]


@pytest.mark.parametrize("how", ["kill", "quit"])
def test_a_test_that_ends_the_command_is_found_and_harms_no_other(
    start: Open, workspace: Workspace, runner: list, how: str
) -> None:
    worker = start(runner)
    finished = worker.finish("a", "b", how, "c")
    assert outcomes(finished) == {"a": "passed", "b": "passed"}
    assert runs(workspace) == [["a"], ["b", how, "c"], ["b"], [how]]
    assert isinstance(worker.said[-2], Started)
    assert worker.said[-2].test == to_test(how)
    gone = worker.gone
    assert isinstance(gone, Gone)
    assert (gone.asked, gone.failed) == (False, "")
    assert gone.exit_code == (-signal.SIGKILL if how == "kill" else 4)
    assert "reported no result for this test" in gone.evidence
    again = start(runner)  # the others that were in that batch are not put at risk again
    assert outcomes(again.finish("c", "d", "e")) == dict.fromkeys("cde", "passed")
    assert runs(workspace)[4:] == [["c"], ["d", "e"]]


def test_a_test_that_a_report_passes_over_is_not_proven(start: Open, runner: list) -> None:
    worker = start(runner)
    finished = worker.finish("a", "silent-extra", "b")
    assert outcomes(finished) == {"a": "passed", "b": "passed"}
    gone = worker.gone
    assert isinstance(gone, Gone)
    assert gone.exit_code == 0
    assert not gone.asked
    assert "'never asked for'" in gone.evidence
    told = [message for message in worker.said if isinstance(message, Unexpected)]
    assert [(one.result.test, one.result.outcome, one.beside) for one in told] == [
        ("-::never asked for", "passed", "-::silent-extra"),
        ("-::never asked for", "passed", "-::silent-extra"),
    ]


def test_a_batch_that_takes_longer_than_all_its_tests_may_is_divided(start: Open, workspace: Workspace) -> None:
    lines = (
        'echo "$*" >> runs',
        'for last; do :; done; test "$last" != hang || exec sleep 300',
        'echo "<testsuite><testcase name=\'$1\'/></testsuite>" > "$CI_ORCHESTRATOR_RESULTS/r.xml"',
    )
    worker = start(script(workspace, "\n".join(lines)), test_timeout=1.0)
    worker.session.run([to_test(test) for test in ("a", "b", "hang")])
    while not (isinstance(message := worker.hear(Started), Started) and message.test == to_test("hang")):
        pass
    assert (workspace.project / "runs").read_text().splitlines()[:3] == ["a", "b hang", "b"]
    worker.session.kill()  # alone, a test's own time-out is the coordinator's
    gone = worker.hear(Gone)
    assert isinstance(gone, Gone)
    assert gone.asked
    assert gone.exit_code != 0


def test_passed_is_not_believed_when_the_command_failed_without_a_failure(start: Open, runner: list) -> None:
    worker = start(runner)
    finished = worker.finish("a", "b", "late", "c")
    assert outcomes(finished) == {"a": "passed", "b": "errored", "late": "errored", "c": "errored"}
    assert "exit code 5" in finished["b"].message


def test_ambiguous_reports_are_errors(start: Open, workspace: Workspace) -> None:
    case = "<testsuite><testcase classname='x' name='a'/><testcase classname='y' name='a'/></testsuite>"
    worker = start(script(workspace, f'echo "{case}" > "$CI_ORCHESTRATOR_RESULTS/r.xml"'))
    finished = worker.finish("a")
    assert outcomes(finished) == {"a": "errored"}
    assert finished["a"].cause is Cause.INFRASTRUCTURE


HOSTILE = [
    "$(touch owned)",
    "`touch owned`",
    "; touch owned",
    "a b",
    "'",
    '"',
    "-rf",
    "--help",
    "*",
    "é😀",
    "\\",
    "{tests}",
]


@pytest.mark.parametrize("reports", [True, False])
def test_hostile_ids_reach_the_command_as_they_are(
    start: Open, workspace: Workspace, runner: list, reports: bool
) -> None:
    if not reports:
        runner = script(workspace, f'test "$#" = 1 && exec {sys.executable} log.py "$@"')
        source = "import json, sys; print(json.dumps(sys.argv[1:]), file=open('runs.jsonl', 'a'))"
        (workspace.project / "log.py").write_text(source)
    worker = start(runner, ids=HOSTILE)
    collected = worker.hear(Collected)
    assert isinstance(collected, Collected)
    assert collected.tests == tuple(map(to_test, HOSTILE))
    assert outcomes(worker.finish(*HOSTILE)) == dict.fromkeys(HOSTILE, "passed")
    assert [test for run in runs(workspace) for test in run] == HOSTILE
    assert not (workspace.project / "owned").exists()


# -- without reports -------------------------------------------------------------------------------


def test_without_reports_the_exit_code_is_the_result(start: Open, workspace: Workspace) -> None:
    command = script(workspace, 'echo "out of $*"; echo err >&2; test "$1" != bad || exit 3')
    worker = start(command)
    finished = worker.finish("a", "bad", "b")
    assert outcomes(finished) == {"a": "passed", "bad": "failed", "b": "passed"}
    assert finished["a"].stdout == "out of a\nerr\n"
    assert finished["bad"].message == "exit code 3"
    assert finished["bad"].details == "out of bad\nerr\n"
    assert finished["bad"].cause is Cause.FAILURE
    assert finished["a"].duration > 0


def test_without_reports_the_start_of_the_command_counts(start: Open, workspace: Workspace) -> None:
    [finished] = start(script(workspace, "sleep 0.3")).finish("a").values()
    assert finished.duration >= 0.3
    assert finished.started > 0


def test_memory_of_children_is_seen_while_they_run(start: Open, workspace: Workspace) -> None:
    # held for longer than there is between two looks
    code = "import time; held = bytearray(b'x') * 100_000_000; time.sleep(2)"
    finished = start(script(workspace, f'{sys.executable} -c "{code}"')).finish("a")
    assert finished["a"].peak_memory > 100_000_000


def test_without_reports_a_signal_is_a_lost_worker(start: Open, workspace: Workspace) -> None:
    worker = start(script(workspace, 'echo last words; test "$1" != bad || kill -SEGV $$'))
    finished = worker.finish("a", "bad", "b")
    assert outcomes(finished) == {"a": "passed"}
    gone = worker.gone
    assert isinstance(gone, Gone)
    assert (gone.exit_code, gone.asked, gone.failed) == (-signal.SIGSEGV, False, "")
    assert "killed by SIGSEGV" in gone.evidence
    assert "last words" in gone.evidence


def test_much_output_is_bounded(start: Open, workspace: Workspace) -> None:
    worker = start(script(workspace, "head -c 3000000 /dev/zero | tr '\\0' x"))
    finished = worker.finish("a")
    assert len(finished["a"].stdout) < 100_000
    assert "bytes cut" in finished["a"].stdout


def test_what_a_test_leaves_running_is_ended(start: Open, workspace: Workspace) -> None:
    worker = start(script(workspace, "setsid sh -c 'echo $$ > pid; exec sleep 300' &\nwhile ! test -s pid; do :; done"))
    assert outcomes(worker.finish("a")) == {"a": "passed"}
    pid = int((workspace.project / "pid").read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


# -- the session -----------------------------------------------------------------------------------


def test_kill_ends_what_runs(start: Open, workspace: Workspace) -> None:
    worker = start(script(workspace, "exec sleep 300"))
    worker.session.run(["-::a", "-::b"])
    worker.hear(Started)
    assert worker.session.pid != os.getpid()
    worker.session.kill()
    gone = worker.hear(Gone)
    assert isinstance(gone, Gone)
    assert gone.asked
    assert gone.exit_code == -signal.SIGINT
    assert not psutil.pid_exists(worker.session.pid)


def test_kill_of_an_idle_worker_and_of_one_that_lists(start: Open) -> None:
    worker = start(["true"])
    worker.hear(Collected)
    worker.session.kill()
    assert worker.hear(Gone) == Gone(exit_code=0, asked=True)
    worker = start(["true"], listing=["sleep", "300"])
    while worker.session.pid == os.getpid():
        time.sleep(0.01)
    worker.session.kill()
    gone = worker.hear(Gone)
    assert isinstance(gone, Gone)
    assert gone.asked


def test_tests_that_were_not_listed_are_unknown(start: Open) -> None:
    worker = start(["true"], ids=["a"])
    worker.hear(Collected)
    assert outcomes(worker.finish("a", "gone")) == {"a": "passed"}
    assert Unknown(tests=("-::gone",)) in worker.said


def test_a_run_command_that_is_not_there_fails_the_suite(start: Open) -> None:
    worker = start(["./absent"])
    worker.finish("a")
    gone = worker.gone
    assert isinstance(gone, Gone)
    assert "no such program" in gone.failed


def test_the_command_is_told_who_it_is(start: Open, workspace: Workspace) -> None:
    worker = start(script(workspace, 'echo "$CI_ORCHESTRATOR_WORKER $PYTEST_XDIST_WORKER $TMPDIR"'))
    stdout = worker.finish("a")["a"].stdout
    assert stdout == f"w1 gw0 {workspace.scratch / 'tmp'}\n"


def test_nothing_to_run_is_no_error(start: Open) -> None:
    worker = start(["false"])
    worker.session.flush()
    assert worker.finish() == {}
    assert worker.gone == Gone(exit_code=0, asked=True)
