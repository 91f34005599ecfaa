"""Our command without its start: one process imports it, and forks for every call.

Each call is a process of its own, with its own arguments, directory, environment and standard streams, that ends with
its own exit code, as if it had been started; only what it would import is there already, which is most of the time
that a short command takes. That it starts cold is for tests/cli/test_main.py and test_streams.py.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile

CALL = b"!"
ANSWER = 100
"""Bytes that are more than an exit status has digits."""


def run_warm(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run` would run ``ci-orchestrator`` with captured text. Raises `TimeoutError`, and leaves it."""
    call = json.dumps({"arguments": arguments, "cwd": str(cwd), "env": dict(env)}).encode("ascii")
    line = _line()
    line.settimeout(timeout)
    with TemporaryFile() as said, TemporaryFile() as out, TemporaryFile() as err:
        said.write(call)
        said.seek(0)
        try:
            socket.send_fds(line, [CALL], [said.fileno(), out.fileno(), err.fileno()])
            status = int(line.recv(ANSWER))
        except TimeoutError:
            _line.cache_clear()  # what answers late is the answer to nobody
            raise
        told = [_text(file) for file in (out, err)]
    return subprocess.CompletedProcess(["ci-orchestrator", *arguments], os.waitstatus_to_exitcode(status), *told)


def _text(file) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


@cache
def _line() -> socket.socket:
    """To the process that forks; it ends when we do."""
    ours, theirs = socket.socketpair()
    process = subprocess.Popen([sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()])
    theirs.close()
    atexit.register(process.wait)
    atexit.register(ours.close)  # the last registered is the first called
    return ours


def _serve(line: socket.socket) -> None:
    """Fork for each call; returns in the child, whose place in the world is then as the call says."""
    while True:
        called, files, _, _ = socket.recv_fds(line, len(CALL), 3)
        if not called:
            sys.exit()
        child = os.fork()
        if not child:
            break
        for file in files:
            os.close(file)
        line.send(str(os.waitpid(child, 0)[1]).encode("ascii"))
    line.close()
    with open(files[0], "rb") as said:
        call = json.load(said)
    for number, file in enumerate(files[1:], start=1):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(call["env"])
    time.tzset()
    os.chdir(call["cwd"])
    sys.argv[1:] = call["arguments"]


def _import_all() -> None:
    """What commands import, theirs and what they load when they need it."""
    from ci_orchestrator.cli.table import COMMANDS  # noqa: PLC0415
    from ci_orchestrator.errors import MissingPartError  # noqa: PLC0415
    from ci_orchestrator.report.charts import render_trend  # noqa: PLC0415

    for command in COMMANDS:
        import_module(f"ci_orchestrator.cli.{command.name}")
    try:
        for kind in ("svg", "png"):
            render_trend((), kind=kind)
    except MissingPartError:
        pass


if __name__ == "__main__":
    sys.path.pop(0)  # as with -m, tests are not on the path
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a process with threads cannot be forked without fear
    _import_all()
    gc.freeze()  # what is imported is not looked through again in every child
    _serve(socket.socket(fileno=int(sys.argv[1])))
    try:
        runpy.run_module("ci_orchestrator", run_name="__main__")
    except SystemExit as ended:
        os._exit(ended.code)  # without taking apart, object by object, what was imported; `main` has flushed
