# ruff: noqa: PTH109, PTH117, PTH118, PTH123
# (descriptors and /proc, on the way of every test)
"""The suite's side of the pytest tool: one pytest session that is fed tests over a pipe.

This file runs in the *suite's* interpreter, where ci-orchestrator is not installed: it imports the standard library
and pytest only, supports pytest 7 and later on Python 3.8 and later (POSIX), and is handed over by its path.

Annotations are for checkers only (PEP 563), so they may use newer syntax than Python 3.8 has.

It speaks JSON lines. It reads a first line with its settings, then ``{"op": "run", "tests": [...]}``, ``{"op":
"flush"}`` and ``{"op": "stop"}`` on what was standard input; it writes ``collected``, ``start``, ``finish``,
``unknown``, ``halt`` and ``bye`` lines to what was standard output. Tests see neither pipe.

Collection is divided: workers that share a claims directory walk the same tree, but a file is imported only by the
worker that claims it first. The other keeps the file's node and collects it when it is handed one of its tests.
"""

from __future__ import annotations

import faulthandler
import hashlib
import json
import os
import resource
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

HOME = os.getcwd()
LIMIT_FAILED = 64 * 1024
LIMIT_PASSED = 8 * 1024


class Channel:
    """The two pipes, moved away from the descriptors that tests can see."""

    def __init__(self) -> None:
        self._in = os.dup(0)
        self._out = os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        self.log = os.dup(2)  # pytest captures the descriptor itself
        self._buffer = b""
        self._lines: deque[bytes] = deque()
        self.open = True

    def send(self, message: dict[str, Any]) -> None:
        data = (json.dumps(message, ensure_ascii=True, separators=(",", ":")) + "\n").encode("ascii")
        while data:
            data = data[os.write(self._out, data) :]

    def receive(self, wait: bool) -> dict[str, Any] | None:
        """The next message; None when there is none (with `wait`: none will ever come)."""
        while not self._lines and self.open:
            if not wait and not select.select([self._in], [], [], 0)[0]:
                return None
            chunk = os.read(self._in, 1 << 16)
            self.open = bool(chunk)
            *whole, self._buffer = (self._buffer + chunk).split(b"\n")
            self._lines.extend(line for line in whole if line)
        if not self._lines:
            return None
        message: dict[str, Any] = json.loads(self._lines.popleft())
        return message


class Usage:
    """CPU seconds and peak memory of one test: what this process and the children it waited for used."""

    def __init__(self) -> None:
        self._cpu = self._now()
        self._memory = _reset_peak()

    @staticmethod
    def _now() -> float:
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime

    def measure(self) -> tuple[float, int]:
        return max(0.0, self._now() - self._cpu), _peak(self._memory)


def _reset_peak() -> bool:
    """Ask Linux to forget the process's peak resident size (proc(5), clear_refs: 5), if it lets us."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        return False
    return True


def _peak(was_reset: bool) -> int:
    if was_reset:
        with open("/proc/self/status", "rb") as file:
            for line in file:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[… {len(text) - limit} characters cut …]\n{text[-half:]}"


def _one_line(text: str) -> str:
    return _cut(text.strip().split("\n", 1)[0], 500)


class Verdict:
    """What the reports of one test's phases add up to."""

    def __init__(self, item: pytest.Item) -> None:
        self.item = item
        self.reports: list[pytest.TestReport] = []
        self.usage = Usage()
        self.started = time.time()
        self._clock = time.perf_counter()

    def add(self, report: pytest.TestReport) -> None:
        if str(report.outcome) == "rerun" or (hasattr(report, "context") and not report.failed):
            return  # another plugin's intermediate try, or a subtest that says nothing of its own
        self.reports.append(report)

    def decide(self) -> tuple[str, str, pytest.TestReport | None]:
        """(outcome, cause, the report that decided)."""
        failed = [report for report in self.reports if report.failed]
        for report in failed:
            if report.when == "call":
                return "failed", "failure", report
        if failed:
            return "errored", "failure", failed[0]
        for report in self.reports:
            if report.skipped:
                return "skipped", "xfail" if hasattr(report, "wasxfail") else "", report
            if report.when == "call" and hasattr(report, "wasxfail"):
                return "passed", "xpass", report
        if {"call", "teardown"} - {report.when for report in self.reports}:
            return "not-proven", "infrastructure", None
        return "passed", "", self.reports[-1]

    def finish(self) -> dict[str, Any]:
        """The message that says how the test ended."""
        cpu, memory = self.usage.measure()
        outcome, cause, report = self.decide()
        limit = LIMIT_PASSED if outcome in ("passed", "skipped") else LIMIT_FAILED
        line: dict[str, Any] = {
            "ev": "finish",
            "outcome": outcome,
            "cause": cause,
            "started": self.started,
            "duration": time.perf_counter() - self._clock,
            "cpu": cpu,
            "peak_memory": memory,
        }
        line.update(self._place(report))
        if report is None:
            line["message"] = "pytest never called this test, or did not say how it ended"
        elif outcome != "passed" or cause == "xpass":
            line["message"], line["details"] = self._explain(report, limit)
        # teardown's report carries the captured output of all phases
        last = self.reports[-1] if self.reports else None
        if last is not None:
            line["stdout"] = _cut(last.capstdout, limit)
            log = last.caplog
            line["stderr"] = _cut(last.capstderr + ("\n--- log ---\n" + log if log else ""), limit)
        return {key: value for key, value in line.items() if value not in ("", 0)}

    def _place(self, report: pytest.TestReport | None) -> dict[str, Any]:
        crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
        if crash is not None and report is not None and report.failed:
            near = _relative(str(crash.path))
            if not os.path.isabs(near):  # a library's own line says less than the test's
                return {"file": near, "line": crash.lineno}
        path, line, _ = self.item.location
        return {"file": str(path), "line": (line or 0) + 1}

    def _explain(self, report: pytest.TestReport, limit: int) -> tuple[str, str]:
        if hasattr(report, "wasxfail"):
            return _one_line(report.wasxfail), ""
        longrepr = report.longrepr
        if isinstance(longrepr, tuple):
            return _one_line(str(longrepr[2])), ""
        crash = getattr(longrepr, "reprcrash", None)
        text = "\n".join(report.longreprtext for report in self.reports if report.failed) or report.longreprtext
        return _one_line(crash.message if crash is not None else text), _cut(text, limit)


def _relative(path: str) -> str:
    near = os.path.relpath(path, HOME)
    return path if near.startswith("..") else near


class Plugin:
    """The pytest plugin: divides collection, replaces the test loop."""

    def __init__(self, settings: dict[str, Any], channel: Channel) -> None:
        self.channel = channel
        self.claims = settings.get("claims")
        self.worker = settings["worker"].encode() + b"\n"
        self.cache = settings["cache"]
        only = settings.get("only")
        self.only = None if only is None else set(only)
        self.mine: set[str] = set()
        self.put_off: dict[str, list[pytest.Collector]] = {}
        self.open_doors = False
        self.items: dict[str, pytest.Item] = {}
        self.names: dict[pytest.Item, str] = {}
        self.modules: dict[str, str] = {}
        self.bad = 0
        self.errors: list[list[str]] = []
        self.skipped: list[list[str]] = []
        self.verdict: Verdict | None = None
        self.pid = os.getpid()

    # -- collection ------------------------------------------------------------------------------

    @pytest.hookimpl(hookwrapper=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> Iterator[None]:
        """This session is the worker: it spreads tests over no others and writes no file that others write, too."""
        for option, value in (("numprocesses", None), ("dist", "no"), ("tx", []), ("xmlpath", None)):
            if hasattr(config.option, option):
                setattr(config.option, option, value)
        # Not `-o cache_dir=…`: that is an unknown option, and so an error, where the cache plugin is switched off.
        config._inicache["cache_dir"] = self.cache
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """An argument that names a test needs its file collected here, or pytest says that there is no such test."""
        self.open_doors = any("::" in argument for argument in session.config.args)

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> pytest.CollectReport | None:
        """A file that is not ours is put off: its node is kept, its module is not imported."""
        if not isinstance(collector, pytest.File) or isinstance(collector, pytest.Package) or self.open_doors:
            return None
        path = collector.nodeid
        if (self.only is None or path in self.only) and self._claim(path):
            return None
        self.put_off.setdefault(path, []).append(collector)
        return pytest.CollectReport(collector.nodeid, "passed", None, [])

    def _claim(self, path: str) -> bool:
        if self.claims is None or path in self.mine:
            return True
        name = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()
        try:
            claim = os.open(os.path.join(self.claims, name), os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            return False
        os.write(claim, self.worker + path.encode("utf-8", "replace"))  # should we be lost: what was ours
        os.close(claim)
        self.mine.add(path)
        return True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what went wrong and what was skipped."""
        if report.failed:
            self.errors.append([report.nodeid or ".", report.longreprtext])
        elif report.skipped:
            longrepr = report.longrepr
            self.skipped.append([report.nodeid, str(longrepr[2] if isinstance(longrepr, tuple) else longrepr)])

    def _adopt(self, items: Iterable[pytest.Item]) -> list[str]:
        """Index items by id; ids that pytest gives twice are told apart by their order in the file."""
        names = []
        for item in items:
            name, copy = item.nodeid, 1
            while name in self.items:
                copy += 1
                name = f"{item.nodeid}#{copy}"
            self.items[name] = item
            module = getattr(item, "module", None)
            if module is not None:
                self.modules[module.__name__] = item.nodeid.partition("::")[0]
            self.names[item] = name
            names.append(name)
        return names

    def _collect_late(self, session: pytest.Session, path: str) -> None:
        self.open_doors = True
        items: list[pytest.Item] = []
        for collector in self.put_off.pop(path, []):
            items.extend(session.genitems(collector))
        session.config.hook.pytest_collection_modifyitems(session=session, config=session.config, items=items)
        self._adopt(items)

    # -- the loop --------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Say what was collected, then run what is asked for."""
        for option in ("collectonly", "setuponly", "setupplan"):
            if getattr(session.config.option, option, False):
                self.channel.send({"ev": "halt", "why": f"its options ({option}) say that no test is to be run"})
                return True
        found = {"tests": self._adopt(session.items), "errors": self.errors, "skipped": self.skipped}
        self.channel.send({"ev": "collected", "modules": sorted(self.modules.items()), **found})
        self._loop(session)
        return True

    def _loop(self, session: pytest.Session) -> None:
        todo: deque[pytest.Item] = deque()
        running = True
        flush = False
        while running or todo:
            need = len(todo) < 2 and not flush and running
            message = self.channel.receive(wait=need) if running else None
            if message is None:
                running = running and self.channel.open
            elif message["op"] == "run":
                flush = False
                todo.extend(self._known(session, message["tests"]))
                continue
            elif message["op"] == "flush":
                flush = True
            else:
                running = False
            if not self.channel.open:
                return  # whoever fed us is gone; what is left belongs to somebody else
            if len(todo) > 1 or (todo and (flush or not running)):
                item = todo.popleft()
                self._run(item, todo[0] if todo else None)
                flush = flush and bool(todo)
                stop = session.shouldfail or session.shouldstop
                if stop:
                    self.channel.send({"ev": "halt", "why": str(stop)})
                    return
            elif flush and running and not todo:
                flush = False

    def _known(self, session: pytest.Session, tests: list[str]) -> Iterator[pytest.Item]:
        unknown = []
        for test in tests:
            if test not in self.items:
                path = test.partition("::")[0]
                if path in self.put_off:
                    self._collect_late(session, path)
            item = self.items.get(test)
            if item is None:
                unknown.append(test)
            else:
                yield item
        if unknown:
            self.channel.send({"ev": "unknown", "tests": unknown})

    def _run(self, item: pytest.Item, successor: pytest.Item | None) -> None:
        name = self.names[item]
        self.verdict = verdict = Verdict(item)
        self.channel.send({"ev": "start", "test": name, "at": verdict.started})
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=successor)
        if os.getpid() != self.pid:
            os._exit(70)  # a test forked and its child came back into the loop: plain pytest would run the rest twice
        line = verdict.finish()
        self.bad += line["outcome"] in ("failed", "errored")
        line["test"] = name
        self.channel.send(line)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A phase of the running test has ended."""
        if self.verdict is not None:
            self.verdict.add(report)


def main() -> int:
    """Run one pytest session; returns its exit code."""
    channel = Channel()
    settings = channel.receive(wait=True)
    if settings is None:
        return 0

    def interrupt(signum: int, frame: Any) -> None:  # noqa: ANN401 - handed on as it comes
        """Say where every thread was before the interrupt unwinds the test."""
        faulthandler.dump_traceback(file=channel.log, all_threads=True)
        signal.default_int_handler(signum, frame)

    signal.signal(signal.SIGINT, interrupt)
    arguments = settings["args"]
    sys.argv = ["pytest", *arguments]
    plugin = Plugin(settings, channel)
    code = int(pytest.main(arguments, plugins=[plugin]))
    channel.send({"ev": "bye", "code": code, "bad": plugin.bad})
    return code


if __name__ == "__ci_orchestrator_worker__":
    sys.exit(main())
