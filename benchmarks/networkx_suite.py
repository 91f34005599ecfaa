"""networkx's own test suite: plain pytest, pytest -n 2 (pytest-xdist) and `ci-orchestrator run`, side by side.

    python benchmarks/networkx_suite.py              # times; and: are the sets of tests and outcomes the same?
    python benchmarks/networkx_suite.py --kill 10    # a random busy worker is killed every 10 seconds instead

Each command is a whole process, planning included. The first run of ours knows no durations, the second does.
Targets: at most 1.05 × and 0.95 × the wall time of `pytest -n 2`. Needs networkx,
pytest and pytest-xdist beside this interpreter and takes some minutes; the machine should be quiet.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

OURS = Path(sys.executable).with_name("ci-orchestrator")
PLAN = """\
version: 1
suites:
  nx:
    tool: pytest
    args: [--pyargs, networkx, -p, no:cacheprovider]
    python: {python}
    retries: {{max: {retries}}}
"""
PLUGIN = """\
import json, os
outcomes = {}
def pytest_runtest_logreport(report):
    old = outcomes.get(report.nodeid)
    if report.failed:
        outcomes[report.nodeid] = "failed" if report.when == "call" or old == "failed" else "errored"
    elif report.skipped:
        outcomes[report.nodeid] = "skipped"
    elif old is None and report.when == "call":
        outcomes[report.nodeid] = "passed"
def pytest_sessionfinish():
    with open(os.environ["OUTCOMES"], "w") as file:
        json.dump(outcomes, file)
"""


def timed(command: list[str], where: Path, **env: str) -> tuple[float, float]:
    """Wall and CPU seconds of a whole command."""
    before, begin = os.times(), time.perf_counter()
    done = subprocess.run(command, cwd=where, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - begin, os.times()
    if done.returncode not in (0, 1, 3):
        sys.exit(f"{command} exited with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu


def plain(where: Path) -> tuple[tuple[float, float], dict[str, str]]:
    """Plain pytest, and the outcome of each test."""
    (where / "outcome_plugin.py").write_text(PLUGIN)
    file = where / "outcomes.json"
    figures = timed(
        [*PYTEST, "-p", "outcome_plugin"], where, OUTCOMES=str(file), PYTHONPATH=str(where), PYTHONSAFEPATH="1"
    )
    return figures, json.loads(file.read_text())


PYTEST = [sys.executable, "-m", "pytest", "--pyargs", "networkx", "-q", "-p", "no:cacheprovider"]


def project(where: Path, retries: int = 1) -> Path:
    """A fresh project with the plan."""
    where.mkdir()
    (where / "testplan.yaml").write_text(PLAN.format(python=sys.executable, retries=retries))
    return where


def ours(where: Path) -> tuple[dict[str, str], dict[str, object]]:
    """The outcomes of our last run, and its certificate."""
    run = where / ".ci-orchestrator" / "runs" / (where / ".ci-orchestrator" / "latest").read_text().strip()
    report = json.loads((run / "report" / "results.json").read_bytes())
    outcomes = {result["id"].partition("::")[2]: result["outcome"] for result in report["results"]}
    return outcomes, report["certificate"]


def compare(mine: dict[str, str], theirs: dict[str, str], certificate: dict[str, object]) -> bool:
    """Print how two sets of outcomes differ."""
    different = sorted(test for test in mine.keys() & theirs.keys() if mine[test] != theirs[test])
    print(
        f"tests: ours {len(mine)}, plain pytest {len(theirs)}; outcomes: {dict(sorted(Counter(mine.values()).items()))}"
    )
    print(f"only ours {len(mine.keys() - theirs.keys())}, only pytest {len(theirs.keys() - mine.keys())}")
    print(f"outcome differs: {len(different)} {[(test, mine[test], theirs[test]) for test in different[:5]]}")
    missing, duplicate, dead = (len(certificate.get(name, [])) for name in ("missing", "duplicate", "dead"))  # type: ignore[arg-type]
    print(
        f"certificate: planned {certificate['planned']}, missing {missing}, duplicate {duplicate}, dead letters {dead}"
    )
    return not different and mine.keys() == theirs.keys()


def race(base: Path, rounds: int) -> None:
    """Times and sets."""
    (first, theirs), rows = plain(base), []
    print(f"plain pytest: wall {first[0]:.1f} s, CPU {first[1]:.1f} s")
    for number in range(rounds):
        where = project(base / f"race{number}")
        xdist = timed([*PYTEST, "-n", "2"], base)
        one = timed([str(OURS), "run", "--workers", "2"], where)
        again = timed([str(OURS), "run", "--workers", "2"], where)
        rows.append((xdist[0], one[0], again[0]))
        print(f"pytest -n 2: wall {xdist[0]:.1f} s, CPU {xdist[1]:.1f} s")
        for name, figures, target in (("first run", one, 1.05), ("second run", again, 0.95)):
            ratio = figures[0] / xdist[0]
            print(f"{name}: wall {figures[0]:.1f} s, CPU {figures[1]:.1f} s, ratio {ratio:.3f} (target ≤ {target})")
        mine, certificate = ours(where)
        print("same sets:", compare(mine, theirs, certificate))


def kill(base: Path, every: float, retries: int, seed: int) -> None:
    """Kill a random busy worker again and again."""
    _, theirs = plain(base)
    where = project(base / "kill", retries)
    rng, kills, begin = random.Random(seed), 0, time.perf_counter()
    with subprocess.Popen([str(OURS), "run", "--workers", "2"], cwd=where, stdout=subprocess.DEVNULL) as run:
        while run.poll() is None:
            time.sleep(0.2)
            if time.perf_counter() - begin < every * (kills + 1):
                continue
            busy = [one for one in psutil.Process(run.pid).children() if "pytest_worker.py" in " ".join(one.cmdline())]
            if busy:
                victim = rng.choice(sorted(busy, key=lambda one: one.pid))
                victim.kill()
                kills += 1
        print(f"exit code {run.returncode}, {kills} kills, wall {time.perf_counter() - begin:.1f} s")
    mine, certificate = ours(where)
    print("same sets:", compare(mine, theirs, certificate))


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--kill", type=float, metavar="SECONDS")
    parser.add_argument("--retries", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as base:
        if args.kill:
            kill(Path(base), args.kill, args.retries, args.seed)
        else:
            race(Path(base), args.rounds)


if __name__ == "__main__":
    main()
