"""`report --publish` of 100,000 results, 1,000 of them failures, at each provider's contract server.

    python benchmarks/publish.py [--tests 100000] [--failures 1000] [--jobs 20] [--only PROVIDER]

The bundles are collected from the server, merged, certified and reported; a status, results and a comment are told,
which shows the trend since an earlier build as an image that the forge keeps.
Each provider in a fresh process, the server in another. Printed are the requests as the servers counted them, without
those for the bytes of a download at the storage that an answer redirects to, which is no API and has no limit; CPU and
wall seconds, and the peak of the resident memory; below what our own meter counts, which has these requests, too. The
servers hold each request against the provider's published description, which takes time that is none of ours: wall
seconds have it. Linux (reads /proc).
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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from builds_online import SCENES, Left, Scene, make_repository

from ci_orchestrator.api.project import Project
from ci_orchestrator.api.reporting import report_files

REQUESTS, MEGABYTES, SECONDS = 60, 300.0, 30.0
STORES = ("/storage/", "/store/")
"""Where the contract servers of GitHub and GitLab have the bytes of artifacts."""


def report(folder: Path) -> dict[str, Any]:
    """In the fresh process, whose environment is that of a job: one report."""
    import os  # noqa: PLC0415 - importing is measured

    from ci_orchestrator.api.delivery import Delivery, deliver  # noqa: PLC0415

    delivered = deliver(Project.at(folder / "testplan.yaml"), [], Delivery(publish=True), os.environ)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss * 1024 / 1e6,
        "took": list(delivered.took),
        "refused": list(delivered.posted.refused),
        "tests": len(delivered.reported.report.results),
        "certified": delivered.reported.report.certificate.complete,
    }


def run(scene: Scene, folder: Path) -> dict[str, Any]:
    """What the fresh process says, and the seconds until then."""
    environ = {**scene.environ("change", folder.parent), "PYTHONPATH": ":".join(sys.path)}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--in", str(folder)], env=environ, check=True, stdout=subprocess.PIPE, text=True
    )
    wall = time.perf_counter() - start
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**said, "wall": wall, "asked": sum(not one.path.startswith(STORES) for one in scene.asked)}


def show(name: str, said: dict[str, Any], tests: int) -> bool:
    """A line of the table, and whether the targets are met."""
    print(f"{name:14} {said['asked']:>8} {said['cpu']:>7.1f} {said['wall']:>7.1f} {said['peak']:>8.0f}")
    for line in said["took"]:
        print(f"    {line}")
    for line in said["refused"]:
        print(f"    refused: {line}")
    good = not said["refused"] and said["certified"] and said["tests"] == tests
    return good and said["asked"] <= REQUESTS and said["peak"] <= MEGABYTES and said["cpu"] <= SECONDS


def main(arguments: argparse.Namespace) -> bool:
    met: list[bool] = []
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        revision = make_repository(root / "shop")
        Left.made(root / "before", failing=2)
        report_files(Project.at(root / "shop" / "testplan.yaml"), [root / "before"])
        each = arguments.tests // arguments.jobs
        left = Left.made(root / "left", jobs=arguments.jobs, tests=each, failing=arguments.failures, seconds=0.5)
        print(f"{'':14} {'requests':>8} {'CPU s':>7} {'wall s':>7} {'peak MB':>8}")
        for name in arguments.only or sorted(SCENES):
            with SCENES[name](left, revision) as scene:
                folder = shutil.copytree(root / "shop", root / name / "shop")
                met.append(show(name, run(scene, folder), each * arguments.jobs))
    word = "met" if all(met) else "MISSED"
    print(f"{word}: at most {REQUESTS} requests, {MEGABYTES:.0f} MB and {SECONDS:.0f} s of CPU at each provider")
    return all(met)


def parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=100_000)
    parser.add_argument("--failures", type=int, default=1_000)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--only", action="append", choices=sorted(SCENES))
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(words)


if __name__ == "__main__":
    given = parsed(sys.argv[1:])
    if given.folder is None:
        sys.exit(not main(given))
    print(json.dumps(report(given.folder)))
