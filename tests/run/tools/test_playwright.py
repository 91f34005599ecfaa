"""The playwright tool, with the real Playwright Test, and a real browser."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from parts import need
from tool_workers import NODE_MODULES, Bench, need_node_package, outcomes

from ci_orchestrator.plan.models import Suite
from ci_orchestrator.results.model import Cause
from ci_orchestrator.run.tools.base import Collected
from ci_orchestrator.run.tools.learned import Learned
from ci_orchestrator.run.tools.playwright import PlaywrightTool

CONFIG = """
module.exports = {
  testDir: 'e2e',
  expect: { timeout: 20000 },
  projects: [{ name: 'my desktop', use: { launchOptions: { executablePath: CHROMIUM, args: ['--no-sandbox'] } } },
             { name: 'phone', testMatch: /shop/, grep: /title|adds/ }],
};
"""

SHOP = """
const fs = require('fs');
const { test, expect } = require('@playwright/test');
const ran = (name) => fs.appendFileSync(__dirname + '/../ran', name + '\\n');
test.beforeAll(() => ran('hook'));
test.describe('shop', { tag: '@slow' }, () => {
  test('adds', async () => { ran('adds ' + test.info().project.name); });
  test('fails (a+b)*[x] › $', async () => { ran('fails'); expect(1).toBe(2); });
  test.fixme('later', async () => { ran('later'); });
  test('is expected to fail', async () => { test.fail(); expect(1).toBe(2); });
});
test('[odd] › title', async () => { ran('odd'); });
"""

PAGE = """
const { test, expect } = require('@playwright/test');
test('shows', async ({ page }) => {
  await page.setContent('<h1>hello</h1>');
  await expect(page.locator('h1')).toHaveText('hello');
});
test('late', async () => { test.setTimeout(300); await new Promise((done) => setTimeout(done, 30000)); });
test('dies', async () => { process.exit(3); });
"""

SHOP_TESTS = [
    f"e2e/shop.spec.js::{name}"
    for name in (
        "[my desktop] › [odd] › title",
        "[phone] › [odd] › title",
        "[my desktop] › shop › adds",
        "[phone] › shop › adds",
        "[my desktop] › shop › fails (a+b)*[x] › $",
        "[my desktop] › shop › later",
        "[my desktop] › shop › is expected to fail",
    )
]
PAGE_TESTS = [f"e2e/page.spec.js::[my desktop] › {name}" for name in ("shows", "late", "dies")]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    need_node_package("@playwright/test")
    chromium = shutil.which("chromium")
    need(chromium, "chromium is missing: apt-get install -y --no-install-recommends chromium")
    files = {
        "package.json": "{}",
        "playwright.config.js": CONFIG.replace("CHROMIUM", json.dumps(chromium)),
        "e2e/shop.spec.js": SHOP,
        "e2e/page.spec.js": PAGE,
    }
    # Chromium's socket below a worker's temporary directory has 108 bytes for its path: pytest's own would be too long.
    with tempfile.TemporaryDirectory(prefix="pw-") as root:
        bench = Bench(Path(root), PlaywrightTool(), files)
        (bench.project / "node_modules").symlink_to(NODE_MODULES)
        yield bench
        bench.close()


def test_tests_are_listed_and_none_runs_then_whole_files_run_in_all_their_projects(bench: Bench) -> None:
    worker = bench.open(paths=("e2e",))
    assert worker.collected() == Collected(tests=(*PAGE_TESTS, *SHOP_TESTS))
    assert bench.ran() == []
    finished = worker.finish(*PAGE_TESTS, *SHOP_TESTS)
    shows, late, dies = PAGE_TESTS
    assert outcomes(finished) == {
        **dict(zip(SHOP_TESTS, [*["passed"] * 4, "failed", "skipped", "skipped"], strict=True)),
        shows: "passed",  # in a browser
        late: "failed",
    }
    assert finished[late].cause is Cause.TIMEOUT  # a limit of its own
    assert finished[SHOP_TESTS[6]].cause is Cause.XFAIL
    failed = finished[SHOP_TESTS[4]]
    assert "toBe" in failed.message
    assert (failed.file, failed.line) == ("e2e/shop.spec.js", 8)
    assert {"adds my desktop", "adds phone"} <= set(bench.ran())
    assert (bench.project / "test-results" / "w1-run1").is_dir()
    assert dies not in finished  # not even alone
    assert not worker.gone.asked
    assert "worker process exited unexpectedly" in worker.gone.evidence


def test_exactly_what_is_wanted_runs_and_repetitions_are_tests_of_their_own(bench: Bench) -> None:
    wanted = [SHOP_TESTS[1], f"{SHOP_TESTS[1]} (2)", f"{SHOP_TESTS[2]} (2)"]  # the third is not had without its first
    bench.learn(name="repeated", paths=("e2e",))
    worker = bench.idle(name="repeated", args=("--repeat-each=2",))
    assert outcomes(worker.finish(*wanted)) == dict.fromkeys(wanted, "passed")
    assert {*bench.ran()} == {"adds my desktop", "hook", "odd"}
    assert {type(message).__name__ for message in worker.said} == {"Collected", "Started", "Finished", "Gone"}


def test_a_file_that_cannot_be_loaded_is_an_error_of_the_collection(bench: Bench) -> None:
    with bench.with_file("e2e/broken.spec.js", "throw new Error('at import');"):
        worker = bench.open(paths=("e2e/broken.spec.js",))
        [(path, why)] = worker.collected().errors
        worker.finish()
    assert path == "e2e/broken.spec.js"
    assert "at import" in why


@pytest.mark.parametrize(("limit", "handed"), [(2.5, ["--timeout=2500"]), (60.0, []), (None, [])])
def test_a_limit_is_handed_over_where_it_is_stricter_than_playwrights(
    bench: Bench, limit: float | None, handed: list[str]
) -> None:
    suite = Suite(name="suite", tool="playwright", test_timeout=limit)
    commands = bench.tool.commands(suite, bench.workspace, bench.workspace.env, Learned())
    call = commands.running(SHOP_TESTS[:1], bench.root / "results", bench.root / "coverage")
    assert [argument for argument in call.argv if argument.startswith("--timeout")] == handed
