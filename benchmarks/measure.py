"""One way to measure: each case in a fresh process, rounds interleaved, CPU seconds, wall seconds, peak memory.

A case names a function of the benchmark's own script. In the fresh process it is called with `args`: it prepares
(imports, inputs), which is not measured, and returns a callable without arguments: that call is what is measured.

    from measure import Case, Target, judge, measure, table

    def ours(size: int):
        data = make(size)                # prepared, not measured
        return lambda: parse(data)       # measured; a JSON-able return value comes back as Figure.said

    cases = [Case("ours", ours, (1000,)), Case("peer", peer, (1000,)), Case("cli", ["prog", "--help"])]
    figures = measure(cases, rounds=5)
    table("parse 1,000", figures, against="peer")
    sys.exit(not judge(figures, [Target("ours", "peer", cpu=0.5, memory=0.25)]))

A case may also be a command (an argument list): then the whole process and the children it waited for are measured.
Figures are the least CPU and wall of the rounds (noise only adds) and the most memory. Linux (reads /proc).
"""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class Case:
    """What to measure: a function of the calling script (see the module) with JSON-able `args`, or a command."""

    name: str
    run: Callable[..., Callable[[], Any]] | Sequence[str]
    args: tuple[Any, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None


@dataclass(frozen=True)
class Figure:
    """What was measured. Seconds and MB (10^6 bytes).

    `cpu` is user + system, children included. `peak_mb` is the largest resident size of the process (for a command: of
    any one process of it); `extra_mb` is that less what was resident before the measured call (for a command: same).
    `said` is what the measured call returned (for a command: its exit code), in the last round.
    """

    name: str
    cpu: float
    wall: float
    peak_mb: float
    extra_mb: float
    said: Any = None


@dataclass(frozen=True)
class Target:
    """`name` takes at most `cpu` × the CPU time and `memory` × the extra memory of `against`."""

    name: str
    against: str
    cpu: float | None = None
    memory: float | None = None


def measure(cases: Sequence[Case], rounds: int = 3) -> dict[str, Figure]:
    """Run every case once a round, in turn; the figures by name, in the order of `cases`."""
    taken: dict[str, list[Figure]] = {case.name: [] for case in cases}
    for turn in range(rounds):
        for case in cases:
            _progress(f"round {turn + 1}/{rounds}: {case.name}")
            taken[case.name].append(_call(case) if callable(case.run) else _command(case, case.run))
    _progress("")
    return {name: _best(figures) for name, figures in taken.items()}


def table(title: str, figures: Mapping[str, Figure], against: str) -> None:
    """Print the figures, and their ratios to those of `against`."""
    base = figures[against]
    width = max(map(len, figures))
    print(f"\n{title}\n  {'':{width}}  {'CPU s':>9} {'×':>6}  {'wall s':>9}  {'peak MB':>8}  {'extra MB':>8} {'×':>6}")
    for name, figure in figures.items():
        cpu, memory = figure.cpu / base.cpu, figure.extra_mb / max(base.extra_mb, 1e-9)
        print(
            f"  {name:{width}}  {figure.cpu:9.3f} {cpu:6.2f}  {figure.wall:9.3f}  "
            f"{figure.peak_mb:8.1f}  {figure.extra_mb:8.1f} {memory:6.2f}"
        )


def judge(figures: Mapping[str, Figure], targets: Sequence[Target]) -> bool:
    """Print each target with what was measured; true when all are met."""
    verdicts = []
    for target in targets:
        mine, base = figures[target.name], figures[target.against]
        pairs = (("CPU", target.cpu, mine.cpu, base.cpu), ("memory", target.memory, mine.extra_mb, base.extra_mb))
        for what, limit, value, of in pairs:
            if limit is not None:
                ratio = value / max(of, 1e-9)
                verdicts.append(ratio <= limit)
                word = "met" if verdicts[-1] else "MISSED"
                print(
                    f"  {word}: {target.name} takes {ratio:.2f} × the {what} of {target.against} (target ≤ {limit:g})"
                )
    return all(verdicts)


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def _best(figures: Sequence[Figure]) -> Figure:
    return Figure(
        name=figures[0].name,
        cpu=min(figure.cpu for figure in figures),
        wall=min(figure.wall for figure in figures),
        peak_mb=max(figure.peak_mb for figure in figures),
        extra_mb=max(figure.extra_mb for figure in figures),
        said=figures[-1].said,
    )


def _environment(case: Case) -> dict[str, str]:
    return {**os.environ, "PYTHONHASHSEED": "0", **case.env}


def _call(case: Case) -> Figure:
    code = case.run.__code__
    argv = [sys.executable, __file__, code.co_filename, code.co_name, json.dumps(case.args)]
    done = subprocess.run(argv, env=_environment(case), cwd=case.cwd, stdout=subprocess.PIPE, text=True, check=True)
    return Figure(name=case.name, **json.loads(done.stdout.splitlines()[-1]))


def _command(case: Case, argv: Sequence[str]) -> Figure:
    start = time.perf_counter()
    with subprocess.Popen(argv, env=_environment(case), cwd=case.cwd, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss * 1024 / 1e6
    return Figure(case.name, usage.ru_utime + usage.ru_stime, wall, peak, peak, said=process.returncode)


def _child(script: str, function: str, args: str) -> None:
    """In the fresh process: prepare, measure, print one line of JSON."""
    run = getattr(_load(script), function)(*json.loads(args))
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the preparation
    before, start, cpu = _status("VmRSS"), time.perf_counter(), _cpu()
    said = run()
    cpu, wall = _cpu() - cpu, time.perf_counter() - start
    peak = _status("VmHWM")
    print(json.dumps({"cpu": cpu, "wall": wall, "peak_mb": peak, "extra_mb": peak - before, "said": said}, default=str))


def _load(script: str) -> ModuleType:
    """The script as a module, under a name that hides nothing of the standard library."""
    spec = spec_from_file_location(f"benchmark_{Path(script).stem}", script)
    if spec is None or spec.loader is None:
        raise ImportError(script)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _cpu() -> float:
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _status(key: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(key))


if __name__ == "__main__":
    _child(*sys.argv[1:])
