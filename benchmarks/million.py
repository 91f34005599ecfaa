"""The whole `report` on a million tests: read, merged, remembered, judged and rendered, in seconds and memory.

    python benchmarks/million.py [--cases 1000000] [--builds 1] [--micro] [--only NAME]

One JUnit file is written and handed to `report_files` with the default gate, in a fresh process for each figure:

- ``first``      nothing is remembered yet
- ``again``      earlier builds with all of the tests are in the history (`--builds` of them), so that each test is
                 looked up, and held against its past
- ``exact``      like the first, but no two tests took the same time to the microsecond: nothing can be shared

Printed are wall and CPU seconds, the peak of the resident memory of the process in all (libraries too), and the same
for each phase, by when it ended. A peak of a phase is that of the phase alone: what is held is in it, what was let go
before is not. Linux (reads /proc).
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SECONDS, MEGABYTES = 60.0, 600.0
SUITE = 1_000
FIGURES = ("first", "again", "exact")


def write_cases(path: Path, cases: int, *, exact: bool) -> None:
    """As pytest writes it: of a hundred tests one fails with a traceback, two are skipped, two print something."""
    with path.open("w", encoding="utf-8") as out:
        out.write('<?xml version="1.0" encoding="utf-8"?>\n<testsuites><testsuite name="pytest">\n')
        for number in range(cases):
            out.write(_case(number, exact=exact))
        out.write("</testsuite></testsuites>\n")


def _case(number: int, *, exact: bool) -> str:
    usual = 0.005 / (1 - number * 7_919 % 4_999 / 4_999)  # most take some milliseconds, one of a hundred half a second
    seconds = f"{usual + number / 1e6:.6f}" if exact else f"{usual:.3f}"
    package, module = divmod(number // 100, 100)
    head = (
        f'<testcase classname="tests.package_{package}.test_module_{module}.TestThat" '
        f'name="test_that_it_works[{number % 100}-value]" time="{seconds}"'
    )
    match number % 100:
        case 3:
            trace = f"def test_it():\n&gt; assert {number} == 0\nE assert {number} == 0\n\ntests/test_it.py:{number}"
            return f'{head}><failure message="assert {number} == 0">{trace}</failure></testcase>\n'
        case 7 | 57:
            return f'{head}><skipped type="pytest.skip" message="needs a GPU">conftest.py:3</skipped></testcase>\n'
        case 11 | 61:
            return f"{head}><system-out>printed by {number}\nand more\n</system-out></testcase>\n"
    return f"{head} />\n"


class Watch:
    """Prints what each phase took: a function that is watched prints when it returns, a generator for each value."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float, float, float]] = []
        self._lap()

    def call(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **named: Any) -> Any:
            result = function(*args, **named)
            self.note(name)
            return result

        return watched

    def each(self, function: Callable[..., Iterator[Path]]) -> Callable[..., Iterator[Path]]:
        def watched(*args: Any, **named: Any) -> Iterator[Path]:
            for path in function(*args, **named):
                self.note(path.name if path.parent.name not in ("charts", "badges") else path.parent.name)
                yield path

        return watched

    def note(self, name: str) -> None:
        wall, cpu = time.perf_counter() - self._wall, _cpu() - self._cpu
        if self.rows and self.rows[-1][0] == name:
            _, before, used, peak = self.rows.pop()
            self.rows.append((name, before + wall, used + cpu, max(peak, _peak())))
        else:
            self.rows.append((name, wall, cpu, _peak()))
        self._lap()

    def _lap(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        self._wall, self._cpu = time.perf_counter(), _cpu()


def report(folder: Path) -> None:
    """In the fresh process: one report, in the project `folder`."""
    watch = Watch()
    from ci_orchestrator.api import reporting  # noqa: PLC0415 - importing is a phase
    from ci_orchestrator.api.against import Against  # noqa: PLC0415
    from ci_orchestrator.api.assembly import Material  # noqa: PLC0415
    from ci_orchestrator.api.project import Project  # noqa: PLC0415

    watch.note("imports")
    reporting.gather = watch.call("read", reporting.gather)
    Material.assemble = watch.call("merge", Material.assemble)  # type: ignore[method-assign]
    reporting.recall = watch.call("recall", reporting.recall)
    reporting._remember = watch.call("record", reporting._remember)
    Material.judge = watch.call("judge", Material.judge)  # type: ignore[method-assign]
    reporting.write_outputs = watch.each(reporting.write_outputs)
    project = Project(folder, folder / "testplan.yaml")
    files = reporting.report_files(project, [folder / "junit.xml"], against=Against(gate=True)).files
    assert (files[-1].name, len(files) > 5) == ("report.html", True)
    print(json.dumps(watch.rows))


def _cpu() -> float:
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _peak() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))


def run(folder: Path) -> list[tuple[str, float, float, float]]:
    command = [sys.executable, __file__, "--in", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    rows: list[tuple[str, float, float, float]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def prepare(folder: Path, name: str, arguments: argparse.Namespace) -> None:
    """A project with the file, and with earlier builds of the same tests where they are to be remembered."""
    for build in range(arguments.builds if name == "again" else 0):
        write_cases(folder / "junit.xml", arguments.cases, exact=False)
        text = (folder / "junit.xml").read_text(encoding="utf-8")
        (folder / "junit.xml").write_text(text.replace('time="0.000"', f'time="0.00{build % 10}"'), encoding="utf-8")
        run(folder)
        shutil.rmtree(folder / ".ci-orchestrator" / "reports")
    write_cases(folder / "junit.xml", arguments.cases, exact=name == "exact")


def show(name: str, rows: list[tuple[str, float, float, float]]) -> bool:
    print(f"\n{name}\n  {'phase':14} {'wall s':>7} {'CPU s':>7} {'peak MB':>8}")
    wall, cpu, peak = sum(row[1] for row in rows), sum(row[2] for row in rows), max(row[3] for row in rows)
    for phase, *figures in [*rows, ("in all", wall, cpu, peak)]:
        print(f"  {phase:14} {figures[0]:7.2f} {figures[1]:7.2f} {figures[2]:8.1f}")
    met = wall < SECONDS and peak < MEGABYTES
    print(
        f"  {'met' if met else 'MISSED'}: {wall / SECONDS:.2f} × {SECONDS:.0f} s, "
        f"{peak / MEGABYTES:.2f} × {MEGABYTES:.0f} MB"
    )
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--builds", type=int, default=1, help="earlier builds that `again` remembers")
    parser.add_argument("--only", choices=FIGURES)
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.folder:
        report(arguments.folder)
        return 0
    met = True
    for name in FIGURES if arguments.only is None else (arguments.only,):
        with tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder), name, arguments)
            met &= show(f"{name}: {arguments.cases:,} tests", run(Path(folder)))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
