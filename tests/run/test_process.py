"""Real processes, and that none of them outlives its worker."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import psutil
import pytest

from ci_orchestrator.errors import UserError
from ci_orchestrator.run.process import UNKNOWN_EXIT, Process, describe_exit, signal_name, start
from ci_orchestrator.run.tree import MARK

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and sessions are POSIX")
_numbers = count()
Start = Callable[..., Process]

# Every program writes the pids that must be gone into `pids`, one file each, and ends by itself after a minute.
PRELUDE = """
import os, pathlib, signal, subprocess, sys, time
def here(name):
    pathlib.Path("pids", name).write_text(str(os.getpid()))
def sleep():
    end = time.monotonic() + 60
    while time.monotonic() < end:
        time.sleep(0.1)
def deaf():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Start]:
    """Start a Python program in `tmp_path`; what is left at the end is killed by the pids that it wrote."""
    (tmp_path / "pids").mkdir()
    started: list[Process] = []

    def go(source: str, **options: object) -> Process:
        marker = f"test-{os.getpid()}-{next(_numbers)}"
        argv = [sys.executable, "-c", PRELUDE + source]
        settings: dict = {"cwd": tmp_path, "env": dict(os.environ), "log": tmp_path / "log", "marker": marker}
        process = start(argv, **{**settings, **options})
        started.append(process)
        return process

    yield go
    for process in started:
        process.end((0, 0))
    for pid in pids(tmp_path).values():
        with suppress(psutil.Error):
            psutil.Process(pid).kill()


def pids(directory: Path) -> dict[str, int]:
    files = sorted((directory / "pids").iterdir())
    return {file.name: int(text) for file in files if (text := file.read_text())}


def wait_for(directory: Path, *names: str) -> dict[str, int]:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = pids(directory)
        if found.keys() >= set(names):
            return found
        time.sleep(0.01)
    raise AssertionError(f"{names} never started: {(directory / 'log').read_text()}")


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def test_exit_code_output_and_usage(run: Start, tmp_path: Path) -> None:
    process = run("print('out', flush=True); print('err', file=sys.stderr); sum(range(10**6)); sys.exit(3)")
    assert process.wait() == 3
    assert process.poll() == 3
    assert (tmp_path / "log").read_text() == "out\nerr\n"
    assert process.usage.cpu > 0


def test_peak_memory_is_the_programs_and_not_ours(run: Start) -> None:
    process = run("pass")
    process.wait()
    assert process.usage.peak_memory == 0
    size = psutil.Process().memory_info().rss + 200_000_000
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > size:
        pytest.skip("this process was once larger than its child can be told apart from")
    process = run(f"bytearray(b'x') * {size}")
    process.wait()
    assert process.usage.peak_memory > size


def test_log_is_appended_to(run: Start, tmp_path: Path) -> None:
    for word in ("one", "two"):
        assert run(f"print({word!r})").wait() == 0
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


def test_pipes(run: Start, tmp_path: Path) -> None:
    process = run("sys.stderr.write('x'); print(sys.stdin.read()[::-1])", stdin=True, stdout="pipe")
    process.stdin.write(b"abc")
    process.stdin.close()
    assert process.stdout.read() == b"cba\n"
    assert process.wait() == 0
    process.stdout.close()
    assert (tmp_path / "log").read_text() == "x"


def test_without_pipes_there_are_none(run: Start) -> None:
    process = run("sys.exit(len(sys.stdin.read()))")
    with pytest.raises(ValueError, match="without this pipe"):
        process.stdin.close()
    with pytest.raises(ValueError, match="without this pipe"):
        process.stdout.close()
    assert process.wait() == 0  # its standard input is empty, never ours


def test_environment_is_exactly_what_is_given(run: Start, tmp_path: Path) -> None:
    run("print(sorted(os.environ))", env={"A": "1"}).wait()
    names = (tmp_path / "log").read_text()
    assert MARK in names
    assert "'A'" in names
    assert "PATH" not in names


def test_marks_nest_so_that_an_outer_run_finds_an_inner_one(run: Start, tmp_path: Path) -> None:
    run(f"print(os.environ[{MARK!r}])", env={MARK: "outer"}, marker="inner").wait()
    assert (tmp_path / "log").read_text() == "outer:inner\n"


def test_no_descriptor_of_ours_is_inherited(run: Start, tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        process = run(f"os.fstat({file.fileno()})")
        assert process.wait() == 1
    assert "Bad file descriptor" in (tmp_path / "log").read_text()


def test_wait_gives_up(run: Start) -> None:
    process = run("sleep()")
    assert process.wait(0.05) is None
    assert process.poll() is None


def test_a_wait_in_one_thread_sees_the_end_in_another(run: Start) -> None:
    process = run("sleep()")
    codes: list[int] = []
    waiter = threading.Thread(target=lambda: codes.append(process.wait()))
    waiter.start()
    assert process.end((0, 0)) == ()
    waiter.join()
    assert codes == [-signal.SIGKILL]


def test_an_exit_code_that_somebody_else_took_is_not_success(run: Start) -> None:
    process = run("pass")
    os.waitpid(process.pid, 0)
    assert process.wait() == UNKNOWN_EXIT


# -- ending ----------------------------------------------------------------------------------------


def test_interrupt_comes_first(run: Start, tmp_path: Path) -> None:
    process = run("try:\n here('a'); sleep()\nexcept KeyboardInterrupt:\n sys.exit(7)")
    wait_for(tmp_path, "a")
    assert process.end((20, 0)) == ()
    assert process.wait() == 7


def test_terminate_comes_second(run: Start, tmp_path: Path) -> None:
    process = run("signal.signal(signal.SIGINT, signal.SIG_IGN); here('a'); sleep()")
    wait_for(tmp_path, "a")
    assert process.end((0.05, 20)) == ()
    assert process.wait() == -signal.SIGTERM


def test_kill_comes_last(run: Start, tmp_path: Path) -> None:
    process = run("deaf(); here('a'); sleep()")
    wait_for(tmp_path, "a")
    assert process.end((0.05, 0.05)) == ()
    assert process.wait() == -signal.SIGKILL


def test_stopped_processes_are_woken_to_obey(run: Start, tmp_path: Path) -> None:
    process = run("try:\n here('a'); sleep()\nexcept KeyboardInterrupt:\n sys.exit(7)")
    wait_for(tmp_path, "a")
    os.kill(process.pid, signal.SIGSTOP)
    assert process.end((20, 0)) == ()
    assert process.wait() == 7


HIDING = {
    "child": "if os.fork() == 0: deaf(); here('b'); sleep()",
    "other session": "if os.fork() == 0: os.setsid(); deaf(); here('b'); sleep()",
    "daemon": """
if os.fork() == 0:
    os.setsid()
    between = os.getpid()
    if os.fork() == 0:
        deaf()
        while os.getppid() == between: time.sleep(0.001)  # else a look might see the one between, too
        here('b'); sleep()
    os._exit(0)
""",
    "daemon in its parent's session, without environment": """
if os.fork() == 0:
    if os.fork() == 0:
        os.execve(sys.executable, [sys.executable, "-c", PRELUDE + "deaf(); here('b'); sleep()"], {})
    os._exit(0)
""",
    "other session, without environment": """
subprocess.Popen([sys.executable, "-c", PRELUDE + "deaf(); here('b'); sleep()"], env={}, start_new_session=True)
""",
    "stopped": "if os.fork() == 0: os.setsid(); here('b'); os.kill(os.getpid(), signal.SIGSTOP); sleep()",
}


@pytest.mark.parametrize("how", sorted(HIDING))
def test_descendants_that_hide_are_ended_too(run: Start, tmp_path: Path, how: str) -> None:
    process = run(f"PRELUDE = {PRELUDE!r}\n{HIDING[how]}\nhere('a'); sleep()")
    found = wait_for(tmp_path, "a", "b")
    assert process.end((0.1, 0.1)) == ()
    assert not [name for name, pid in found.items() if alive(pid)]


def test_the_whole_tree_is_given_time_to_obey(run: Start, tmp_path: Path) -> None:
    process = run("""
if os.fork() == 0:
    os.setsid()
    def bye(*_):
        time.sleep(0.2)
        pathlib.Path("bye").touch()
        os._exit(0)
    signal.signal(signal.SIGINT, bye)
    here('b'); sleep()
here('a'); sleep()
""")
    wait_for(tmp_path, "a", "b")
    assert process.end((20, 0)) == ()
    assert (tmp_path / "bye").exists()


def test_killed_while_it_forks(run: Start, tmp_path: Path) -> None:
    process = run("""
deaf()
here('a')
for number in range(300):
    if os.fork() == 0:
        os.setsid()
        here(str(number))
        sleep()
    time.sleep(0.002)
sleep()
""")
    wait_for(tmp_path, "a", "20")
    assert process.end((0, 0)) == ()
    assert not [pid for pid in pids(tmp_path).values() if alive(pid)]


def test_a_fork_storm_is_stilled(run: Start, tmp_path: Path) -> None:
    """Every process forks again and again: two to the seventh in the end, were it let."""
    process = run("""
deaf()
here('a')
for _ in range(7):
    time.sleep(0.02)
    if os.fork() == 0:
        os.setsid()
        here(str(os.getpid()))
sleep()
""")
    wait_for(tmp_path, "a")
    time.sleep(0.06)
    assert process.end((0, 0)) == ()
    assert not [pid for pid in pids(tmp_path).values() if alive(pid)]


def test_a_process_that_hops_from_fork_to_fork_is_caught(run: Start, tmp_path: Path) -> None:
    source = """
if os.fork() == 0:
    os.setsid()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        time.sleep(0.001)
        if os.fork():
            os._exit(0)
        os.setsid()
    here("escaped")
here('a'); sleep()
"""
    process = run(source, marker="hopper")
    wait_for(tmp_path, "a")
    time.sleep(0.1)
    assert process.end((0, 0)) == ()
    marked = [one for one in psutil.process_iter() if _mark(one).endswith("hopper")]
    assert marked == []


def _mark(process: psutil.Process) -> str:
    try:
        return process.environ().get(MARK, "") if process.status() != psutil.STATUS_ZOMBIE else ""
    except (psutil.Error, OSError):
        return ""


def test_ending_is_idempotent_and_may_be_asked_by_many(run: Start, tmp_path: Path) -> None:
    process = run("deaf(); here('a'); sleep()")
    wait_for(tmp_path, "a")
    ends = [threading.Thread(target=process.end, args=((0.1, 0.1),)) for _ in range(4)]
    for thread in ends:
        thread.start()
    for thread in ends:
        thread.join()
    assert process.poll() == -signal.SIGKILL
    assert process.end() == ()


def test_a_second_request_may_hurry_the_first(run: Start, tmp_path: Path) -> None:
    process = run("deaf(); here('a'); sleep()")
    wait_for(tmp_path, "a")
    patient = threading.Thread(target=process.end, args=((3600, 3600),))
    patient.start()
    process.end((0, 0))
    patient.join(30)
    assert not patient.is_alive()
    assert process.poll() == -signal.SIGKILL


def test_others_are_left_alone(run: Start, tmp_path: Path) -> None:
    other = run("here('other'); sleep()")
    process = run("here('a'); sleep()")
    wait_for(tmp_path, "a", "other")
    process.end((0, 0))
    assert process.poll() == -signal.SIGKILL
    assert other.poll() is None


def test_a_mark_that_only_contains_ours_is_another(run: Start, tmp_path: Path) -> None:
    other = run("here('other'); sleep()", marker="worker-11")
    process = run("here('a'); sleep()", marker="worker-1")
    wait_for(tmp_path, "a", "other")
    process.end((0, 0))
    assert other.poll() is None


def test_we_never_end_ourselves_even_under_our_own_mark(run: Start, tmp_path: Path) -> None:
    """An orchestrator inside an orchestrator: the inner one ends a worker with the outer mark on itself."""
    inner = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from ci_orchestrator.run.process import start
process = start(["sleep", "60"], cwd=Path("."), env=dict(os.environ), log=Path("inner.log"), marker="same")
process.end((0, 0))
print(process.poll())
"""
    outer = run(inner, marker="same")
    assert outer.wait() == 0
    assert (tmp_path / "log").read_text() == "-9\n"


# -- sweeping --------------------------------------------------------------------------------------


def test_sweep_reports_what_was_left_and_ends_it(run: Start, tmp_path: Path) -> None:
    process = run(HIDING["daemon"])
    assert process.wait() == 0
    found = wait_for(tmp_path, "b")
    left = process.sweep()
    assert [one.pid for one in left] == [found["b"]]
    assert "python" in left[0].command
    assert not alive(found["b"])
    assert process.sweep() == ()


def test_sweep_may_ask_first(run: Start, tmp_path: Path) -> None:
    process = run("""
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path("bye").touch(), os._exit(0)))
    here('b'); sleep()
""")
    wait_for(tmp_path, "b")
    assert process.wait() == 0
    assert len(process.sweep(grace=20)) == 1
    assert (tmp_path / "bye").exists()


def test_sweep_of_a_clean_program_finds_nothing(run: Start) -> None:
    process = run("pass")
    assert process.wait() == 0
    assert process.sweep() == ()


# -- starting --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["no-such-program-anywhere"], "no such program"),
        (["./absent"], "no such program"),
        (["./data"], "not executable"),
        (["./no-interpreter"], "#!/bin/sh"),
        (["./data\0"], "null"),
        ([], "an empty command"),
        ([sys.executable, "x" * (1 << 22)], "fewer or shorter arguments"),
    ],
)
def test_what_cannot_be_started_is_the_users_to_mend(tmp_path: Path, argv: list[str], words: str) -> None:
    (tmp_path / "data").write_text("x")
    (tmp_path / "no-interpreter").write_bytes(b"\x00\x01\x02")
    (tmp_path / "no-interpreter").chmod(0o755)
    with pytest.raises(UserError) as caught:
        start(argv, cwd=tmp_path, env=dict(os.environ), log=tmp_path / "log", marker="m")
    assert words in str(caught.value)
    assert "fix:" in str(caught.value)


def test_a_missing_directory_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"directory .* does not exist"):
        start(["true"], cwd=tmp_path / "absent", env={}, log=tmp_path / "log", marker="m")


def test_a_program_is_found_from_the_working_directory(run: Start, tmp_path: Path) -> None:
    program = tmp_path / "sub" / "hello.sh"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    process = start(["./hello.sh"], cwd=program.parent, env={}, log=tmp_path / "log", marker="m")
    assert process.wait() == 0
    assert (tmp_path / "log").read_text() == "hello\n"


def test_arguments_pass_unchanged(tmp_path: Path) -> None:
    hostile = ["$(touch owned)", "`id`", "a b", "'", '"', "*", "-rf", "; true", "\n", "é\U0001f600"]
    argv = [sys.executable, "-c", "import sys; print(ascii(sys.argv[1:]))", *hostile]
    process = start(argv, cwd=tmp_path, env={"PYTHONUTF8": "1"}, log=tmp_path / "log", marker="m")
    assert process.wait() == 0
    assert (tmp_path / "log").read_text().strip() == ascii(hostile)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("code", "words", "name"),
    [
        (0, "exit code 0", ""),
        (3, "exit code 3", ""),
        (-9, "killed by SIGKILL", "SIGKILL"),
        (-11, "killed by SIGSEGV", "SIGSEGV"),
        (-77, "killed by signal 77", "signal 77"),
        (137, "exit code 137 (128 + SIGKILL)", ""),
        (255, "exit code 255", ""),
    ],
)
def test_exit_codes_in_words(code: int, words: str, name: str) -> None:
    assert describe_exit(code) == words
    assert signal_name(code) == name
