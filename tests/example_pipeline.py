"""What every provider's engine runs: 12 jobs, 3 runner classes, needs, a canary, one failure, one flaky test.

    unit (4 jobs, cpu) ─┬─▶ api (2, cpu, a secret)
                        ├─▶ web (2, browser)
                        └─▶ kernels-50 (2, gpu) ─▶ gate ─▶ kernels-100 (2, gpu) ─▶ gate

`unit` has the flaky test: it fails first and passes on its retry. `kernels-50` has the failing test, 1 of its 6: the
gate holds, `kernels-100` is withheld, and the report is not green. With ``healthy=True`` nothing fails for good: a file
beside the repository says so, so that the source stays what it was.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from textwrap import dedent

import yaml

SECRETS = {"EXAMPLE_TOKEN": "s3cret$HOME"}
"""What the provider has to supply, under these names."""
GREETING = "it's $HOME, 100% `fine`"
"""An environment variable that no shell and no provider may expand; a test asks for exactly this."""
JOBS = 12
TESTS = {"unit": 17, "api": 4, "web": 4, "kernels": 12}
"""Suite → its number of tests."""
PINS = {"api": 2, "kernels-100": 2, "kernels-50": 2, "unit": 4, "web": 2}
"""Stage → its number of jobs."""
FLAKY = "unit::tests/unit/test_flaky.py::test_second_time"
FAILING = "kernels::tests/gpu/test_kernels.py::test_kernel[5]"

PLAN = """
version: 1
name: example

defaults:
  args: [-p, "no:cacheprovider"]
  timeout: 10m
  retries: {max: 1, when: [worker-lost, infrastructure, failure]}
  env: {GREETING: "it's $HOME, 100% `fine`"}
  setup:
    run: [git --version]
    cache: {paths: [.cache/example], key: [requirements.txt]}

pipeline:
  trigger: {push: [main, "release/*"], pull-request: true, schedule: "0 3 * * *", manual: true}

runners:
  cpu:
    labels:
      github: [ubuntu-latest]
      gitlab: [linux]
      jenkins: linux && x64
      azure: {pool: linux, demands: [Agent.OS -equals Linux]}
    provides: {cpu: 4, memory: 16GiB}
    price: 0.008
  gpu:
    labels: {github: [self-hosted, gpu], gitlab: [linux, gpu], jenkins: gpu, azure: {pool: gpu}}
    provides: {cpu: 16, memory: 128GiB, gpu: {vendor: nvidia, memory: 80GiB, count: 1}}
    price: 0.07
  browser:
    labels: {github: [self-hosted, browser], gitlab: [browser], jenkins: browser, azure: {pool: browser}}
    provides: {cpu: 4, memory: 16GiB, browser: {engine: chromium}}
    price: 0.01

gates:
  canary:
    error-rate: {healthy: "<30%", unhealthy: ">40%", confidence: 80%, min-samples: 6}
    secrets: [EXAMPLE_TOKEN]
    on-hold: [[echo, "held, as it's told"]]
    on-rollback: [[echo, "rolled back"]]

suites:
  unit:
    tool: pytest
    paths: [tests/unit]
    shards: 4
  api:
    tool: pytest
    paths: [tests/api]
    needs: [unit]
    shards: 2
    secrets: [EXAMPLE_TOKEN]
  web:
    tool: pytest
    paths: [tests/web]
    needs: [unit]
    requires: {browser.engine: chromium}
    shards: 2
  kernels:
    tool: pytest
    paths: [tests/gpu]
    needs: [unit]
    requires: {gpu.vendor: nvidia}
    shards: 4
    stages: [50, 100]
    gate: canary
"""

MONOREPO = """
name: shop
pipeline:
  mode: sequential
  concurrency: queue
  fail-fast: true
  trigger: {push: [main, "release/*"], pull-request: false, manual: false}
gates:
  quality: {final: true, coverage: {min: 80%}}
suites:
  go:
    tool: command
    list: go list ./...
    run: go test {tests}
    setup:
      checkout: {depth: 0, submodules: true, lfs: true}
      toolchain: {go: "1.24", java: "21"}
    timeout: 100m
    artifacts: {retain: 200d}
  web:
    tool: command
    list: [npm, run, --silent, list]
    run: [npm, test, --, "{tests}"]
    cwd: web
    shards: 3
    needs: [go]
    setup:
      toolchain: {node: "22", python: "3.10"}
      run: [npm ci]
      cache: {paths: [~/.npm, web/node_modules], key: [web/package-lock.json]}
    container: node:22
    services:
      db: {image: "postgres:16", env: {POSTGRES_PASSWORD: test}, ports: ["5432"]}
      cache: {image: "redis:7", ports: ["6379:6379"]}
    coverage: {report: coverage.xml}
    env: {NODE_ENV: test}
    secrets: [NPM_TOKEN]
"""
"""Every field that the example leaves out."""

FILES = {
    "requirements.txt": "pytest\n",
    "tests/unit/test_unit.py": """
        import os
        import pytest

        @pytest.mark.parametrize("number", range(15))
        def test_unit(number):
            assert number >= 0

        def test_greeting():
            assert os.environ["GREETING"] == "it's $HOME, 100% `fine`"
    """,
    "tests/unit/test_flaky.py": """
        from pathlib import Path

        def test_second_time():
            mark = Path(__file__).with_name(".was-here")
            if not mark.exists():
                mark.touch()
                raise AssertionError("the first time")
            mark.unlink()
    """,
    "tests/api/test_api.py": """
        import os
        import pytest

        @pytest.mark.parametrize("number", range(4))
        def test_api(number):
            assert os.environ["EXAMPLE_TOKEN"]
    """,
    "tests/web/test_web.py": """
        import pytest

        @pytest.mark.parametrize("page", ["home", "cart", "search", "help"])
        def test_web(page):
            assert page
    """,
    "tests/gpu/test_kernels.py": """
        from pathlib import Path
        import pytest

        @pytest.mark.parametrize("number", range(12))
        def test_kernel(number):
            assert number != 5 or Path("MENDED").exists()
    """,
}


def monorepo(**changes: object) -> str:
    """`MONOREPO` with other values: ``web__shards=300``; None takes the field away."""
    plan = yaml.safe_load(MONOREPO)
    for path, value in changes.items():
        *above, last = path.split("__")
        place = plan
        for step in above:
            place = (place["suites"] if step in plan["suites"] else place)[step]
        place[last.replace("_", "-")] = value
        if value is None:
            del place[last.replace("_", "-")]
    text: str = yaml.safe_dump(plan, sort_keys=False)
    return text


def write_example(root: Path, *, python: str | os.PathLike[str] | None = sys.executable, healthy: bool = False) -> Path:
    """Write the plan and its tests into `root`; returns the plan's path.

    `python`: the interpreter of the suites, which must have pytest; None leaves it to the PATH.
    """
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip().replace("MENDED", str(root.parent / "mended")), encoding="utf-8")
    if healthy:
        (root.parent / "mended").touch()
    plan = PLAN.lstrip()
    if python is not None:
        plan = plan.replace("defaults:\n", f"defaults:\n  python: {str(python)!r}\n", 1)
    (root / "testplan.yaml").write_text(plan, encoding="utf-8")
    return root / "testplan.yaml"
