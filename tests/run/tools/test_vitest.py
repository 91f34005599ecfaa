"""The vitest tool, with the real vitest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tool_workers import NODE_MODULES, Bench, need_node_package, outcomes

from ci_orchestrator.plan.environment import Coverage
from ci_orchestrator.results import formats
from ci_orchestrator.results.coverage import FileCoverage
from ci_orchestrator.results.model import Cause, Outcome
from ci_orchestrator.run.tools.base import Collected, Gone
from ci_orchestrator.run.tools.vitest import VitestTool

HELP = """
import fs from 'node:fs';
export const ran = (name) => fs.appendFileSync(import.meta.dirname + '/ran', name + '\\n');
export const add = (a, b) => { if (a === 0) { return b; } return a + b; };
"""

SUMS = """
import { beforeAll, describe, expect, test } from 'vitest';
import { ran, add } from '../help.mjs';
beforeAll(() => ran('hook'));
describe('sums', () => {
  test('adds', () => { ran('adds'); expect(add(1, 2)).toBe(3); });
  test('fails (a+b)*[x] › $', () => { ran('fails'); expect(add(1, 2)).toBe(4); });
  test.skip('skips', () => ran('skips'));
  test.each([0, 1])('each of %i', (n) => { ran(`each ${n}`); });
});
test('adds', () => ran('top'));
"""

DEATHS = """
import { test } from 'vitest';
import { ran } from '../help.mjs';
test('adds', () => ran('adds'));
test('dies', () => { ran('dies'); process.kill(process.pid, 'SIGKILL'); });
test('late', async () => { ran('late'); await new Promise((done) => setTimeout(done, 30000)); });
"""

HOOK = """
import { beforeAll, test } from 'vitest';
beforeAll(() => { throw new Error('no database'); });
test('one', () => {});
test('two', () => {});
"""

SUMS_TESTS = [
    f"t/sums.test.mjs::{name}"
    for name in (
        "sums › adds",
        "sums › fails (a+b)*[x] › $",
        "sums › skips",
        "sums › each of 0",
        "sums › each of 1",
        "adds",
    )
]
DEATHS_TESTS = [f"t/deaths.test.mjs::{name}" for name in ("adds", "dies", "late")]
HOOK_TESTS = [f"t/hook.test.mjs::{name}" for name in ("one", "two")]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    need_node_package("vitest")
    files = {
        "package.json": "{}",
        "vitest.config.mjs": "export default { test: { coverage: { thresholds: { lines: 100 } } } };",
        "help.mjs": HELP,
        "t/sums.test.mjs": SUMS,
        "t/deaths.test.mjs": DEATHS,
        "t/hook.test.mjs": HOOK,
        "t2/ignored.test.mjs": "throw new Error('not asked for');",
    }
    bench = Bench(tmp_path_factory.mktemp("vitest"), VitestTool(), files)
    (bench.project / "node_modules").symlink_to(NODE_MODULES)
    yield bench
    bench.close()


def test_tests_are_listed_and_none_runs_then_whole_files_run(bench: Bench) -> None:
    worker = bench.open(paths=("t",))
    assert worker.collected() == Collected(tests=(*DEATHS_TESTS, *HOOK_TESTS, *SUMS_TESTS))
    assert bench.ran() == []
    finished = worker.finish(*HOOK_TESTS, *SUMS_TESTS)
    assert outcomes(finished) == {
        **dict.fromkeys(SUMS_TESTS, "passed"),
        SUMS_TESTS[1]: "failed",
        SUMS_TESTS[2]: "skipped",
        **dict.fromkeys(HOOK_TESTS, "errored"),
    }
    assert worker.gone == Gone(exit_code=0, asked=True)
    assert bench.ran() == ["hook", "adds", "fails", "each 0", "each 1", "top"]
    failed = finished[SUMS_TESTS[1]]
    assert "expected 3 to be 4" in failed.message
    assert (failed.file, failed.line) == ("t/sums.test.mjs", 7)
    assert "no database" in finished[HOOK_TESTS[1]].message


def test_exactly_what_is_wanted_runs(bench: Bench) -> None:
    assert outcomes(bench.idle().finish(SUMS_TESTS[1], SUMS_TESTS[5])) == {
        SUMS_TESTS[1]: "failed",
        SUMS_TESTS[5]: "passed",
    }
    assert bench.ran() == ["hook", "fails", "top"]


def test_a_test_whose_worker_dies_is_found_and_neither_it_nor_another_is_called_passed(bench: Bench) -> None:
    worker = bench.idle()
    assert outcomes(worker.finish(*DEATHS_TESTS[:2])) == {DEATHS_TESTS[0]: "passed"}
    assert not worker.gone.asked
    assert "reported no result for this test" in worker.gone.evidence


def test_a_short_time_out_is_vitests_own(bench: Bench) -> None:
    late = bench.idle(test_timeout=0.4).finish(DEATHS_TESTS[2])[DEATHS_TESTS[2]]
    assert (late.outcome, late.cause) == (Outcome.FAILED, Cause.TIMEOUT)
    assert "timed out" in late.message


def test_coverage_is_kept_and_thresholds_say_nothing_of_a_test(bench: Bench) -> None:
    worker = bench.idle(name="covered", coverage=Coverage(report="lcov.info"))
    assert outcomes(worker.finish(DEATHS_TESTS[0])) == {DEATHS_TESTS[0]: "passed"}
    assert [path.name for path in sorted(bench.coverage.rglob("lcov.info"))] == ["lcov.info"]
    with (bench.project / "lcov.info").open("rb") as stream:
        covered = {item.path for item in formats.read(stream, "lcov.info") if isinstance(item, FileCoverage)}
    assert covered == {"help.mjs"}


def test_a_file_that_cannot_be_loaded_is_an_error_of_the_collection(bench: Bench) -> None:
    worker = bench.open(paths=("t2/ignored.test.mjs",))
    [(path, why)] = worker.collected().errors
    assert path == "t2/ignored.test.mjs"
    assert "not asked for" in why
    worker.finish()
