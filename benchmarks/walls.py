"""Random plans against every wall of every provider: each output inside all of them with each job of the lock exactly
once, or refused naming the wall.

    python benchmarks/walls.py            # 50 times as many plans as the test suite tries
    python benchmarks/walls.py --times 5

The properties are those of tests/providers; here they are tried on many more plans, none of them twice.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PROPERTIES = (
    "azure/test_pipeline.py::test_every_job_once_and_within_every_wall",
    "github/test_parts.py::test_inside_every_wall_with_each_job_once",
    "github/test_workflow.py::test_what_can_be_listed_is_inside_every_wall_with_each_job_once",
    "gitlab/test_walls.py::test_every_file_is_inside_the_walls",
    "jenkins/test_jenkinsfile.py::test_every_job_of_the_lock_once_and_in_its_place",
    "jenkins/test_jenkinsfile.py::test_however_many_jobs_within_every_wall_or_refused",
)


def main() -> int:
    parser = argparse.ArgumentParser(description="Many random plans against the providers' walls.")
    parser.add_argument("--times", type=int, default=50, help="as many times more plans than the tests")
    times = parser.parse_args().times
    env = {
        name: value for name, value in os.environ.items() if name != "CI"
    }  # which would make them the same each time
    env["CI_ORCHESTRATOR_MANY"] = str(times)
    failed = 0
    for one in PROPERTIES:
        start = time.monotonic()
        argv = [sys.executable, "-m", "pytest", "-q", "--hypothesis-show-statistics", f"tests/providers/{one}"]
        done = subprocess.run(argv, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)
        tried = next((line.strip() for line in done.stdout.splitlines() if " passing, " in line), "no statistics")
        failed += done.returncode != 0
        print(f"{'held' if done.returncode == 0 else 'BROKEN'}: {one} ({time.monotonic() - start:.0f} s)\n    {tried}")
        if done.returncode:
            print(done.stdout[-4_000:])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
