"""The jest tool, with the real jest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tool_workers import NODE_MODULES, Bench, need_node_package, outcomes

from ci_orchestrator.errors import UserError
from ci_orchestrator.plan.environment import Coverage
from ci_orchestrator.plan.models import Suite
from ci_orchestrator.results import formats
from ci_orchestrator.results.coverage import FileCoverage
from ci_orchestrator.results.model import Cause, Outcome
from ci_orchestrator.run.tools.base import Collected, Gone
from ci_orchestrator.run.tools.jest import JestTool

HELP = """
const fs = require('fs');
exports.ran = (name) => fs.appendFileSync(__dirname + '/ran', name + '\\n');
exports.add = (a, b) => { if (a === 0) { return b; } return a + b; };
"""

SUMS = """
const { ran, add } = require('../help');
beforeAll(() => ran('hook'));
describe('sums', () => {
  test('adds', () => { ran('adds'); expect(add(1, 2)).toBe(3); });
  test('fails (a+b)*[x] › $', () => { ran('fails'); expect(add(1, 2)).toBe(4); });
  test.skip('skips', () => ran('skips'));
  test.todo('later');
  test.each([0, 1])('each of %i', (n) => { ran(`each ${n}`); });
  test('adds', () => ran('adds again'));
});
test('sums  adds', () => ran('twin'));
test('line\\nbreak', () => ran('break'));
"""

OTHER = """
const { ran } = require('../help');
test('adds', () => ran('other adds'));
test('exits', () => { ran('exits'); process.exit(3); });
test('dies', () => { ran('dies'); process.kill(process.pid, 'SIGKILL'); });
test('late', async () => { ran('late'); await new Promise((done) => setTimeout(done, 30000).unref()); });
"""

SUMS_TESTS = [
    "t/sums.test.js::sums › adds",
    "t/sums.test.js::sums › fails (a+b)*[x] › $",
    "t/sums.test.js::sums › skips",
    "t/sums.test.js::sums › later",
    "t/sums.test.js::sums › each of 0",
    "t/sums.test.js::sums › each of 1",
    "t/sums.test.js::sums › adds (2)",
    "t/sums.test.js::sums adds",
    "t/sums.test.js::line break",
]
OTHER_TESTS = [f"t/other.test.js::{name}" for name in ("adds", "exits", "dies", "late")]
BROKEN = "throw new Error('at import');"
COVERAGE = Coverage(report="coverage/lcov.info")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    need_node_package("jest")
    files = {
        "package.json": '{"jest": {"coverageThreshold": {"global": {"lines": 100}}}}',
        "help.js": HELP,
        "t/sums.test.js": SUMS,
        "t/other.test.js": OTHER,
        "u/ignored.test.js": "test('ignored', () => {});",
    }
    bench = Bench(tmp_path_factory.mktemp("jest"), JestTool(), files)
    (bench.project / "node_modules").symlink_to(NODE_MODULES)
    yield bench
    bench.close()


def test_tests_are_listed_and_none_runs_then_whole_files_run(bench: Bench) -> None:
    worker = bench.open(paths=("t",), coverage=COVERAGE)
    assert worker.collected() == Collected(tests=(*OTHER_TESTS, *SUMS_TESTS))
    assert bench.ran() == []
    finished = worker.finish(*SUMS_TESTS)
    assert outcomes(finished) == {
        **dict.fromkeys(SUMS_TESTS, "passed"),
        SUMS_TESTS[1]: "failed",
        SUMS_TESTS[2]: "skipped",
        SUMS_TESTS[3]: "skipped",
    }
    assert worker.gone == Gone(exit_code=0, asked=True)
    assert bench.ran() == ["hook", "adds", "fails", "each 0", "each 1", "adds again", "twin", "break"]
    failed = finished[SUMS_TESTS[1]]
    assert "toBe" in failed.message
    assert (failed.file, failed.line) == ("t/sums.test.js", 6)
    assert "Expected: 4" in failed.details


def test_exactly_what_is_wanted_runs(bench: Bench) -> None:
    assert list(bench.idle().finish(SUMS_TESTS[1], SUMS_TESTS[8])) == [SUMS_TESTS[1], SUMS_TESTS[8]]
    assert bench.ran() == ["hook", "fails", "break"]


def test_what_bears_the_same_name_is_passed_over_and_coverage_is_kept(bench: Bench) -> None:
    bench.learn(name="covered", paths=("t",), coverage=COVERAGE)
    worker = bench.idle(name="covered", coverage=COVERAGE)
    assert outcomes(worker.finish(SUMS_TESTS[6])) == {SUMS_TESTS[6]: "passed"}  # whatever the thresholds say
    assert bench.ran() == ["hook", "adds", "adds again", "twin"]
    assert [type(message).__name__ for message in worker.said] == ["Collected", "Started", "Finished", "Gone"]
    assert (bench.coverage / "run1" / "lcov.info").is_file()
    with (bench.project / COVERAGE.report).open("rb") as stream:
        covered = {item.path for item in formats.read(stream, "lcov.info") if isinstance(item, FileCoverage)}
    assert covered == {"help.js"}


@pytest.mark.parametrize(("together", "name", "code"), [(OTHER_TESTS[:1], "exits", 3), ([], "dies", -9)])
def test_a_test_that_ends_jest_is_found_and_not_called_failed(
    bench: Bench, together: list[str], name: str, code: int
) -> None:
    worker = bench.idle()
    assert outcomes(worker.finish(*together, f"t/other.test.js::{name}")) == dict.fromkeys(together, "passed")
    assert (worker.gone.asked, worker.gone.exit_code) == (False, code)
    assert "reported no result for this test" in worker.gone.evidence


def test_a_short_time_out_is_jests_own(bench: Bench) -> None:
    late = bench.idle(test_timeout=0.4).finish(OTHER_TESTS[3])[OTHER_TESTS[3]]
    assert (late.outcome, late.cause) == (Outcome.FAILED, Cause.TIMEOUT)


def test_a_file_that_cannot_be_loaded_is_an_error_of_the_collection(bench: Bench) -> None:
    bench.write("broken/broken.test.js", BROKEN)
    worker = bench.open(paths=("broken",))
    [(path, why)] = worker.collected().errors
    assert path == "broken/broken.test.js"
    assert "at import" in why
    worker.finish()


def test_a_file_that_broke_since_is_an_error_of_its_tests(bench: Bench) -> None:
    bench.write("broken/broken.test.js", BROKEN)
    worker = bench.idle()
    finished = worker.finish("broken/broken.test.js::one", "broken/broken.test.js::two")
    assert [str(one.outcome) for one in finished.values()] == ["errored", "errored"]
    assert "at import" in finished["broken/broken.test.js::one"].details
    assert worker.gone.asked


def test_where_there_are_no_tests_none_are_found(bench: Bench) -> None:
    (bench.project / "empty").mkdir()
    worker = bench.open(paths=("empty",))
    assert worker.collected() == Collected()
    worker.finish()


def test_without_jest_there_is_no_worker(bench: Bench) -> None:
    project = bench.root / "elsewhere"
    project.mkdir()
    tool, suite = JestTool(), Suite(name="suite", tool="jest", env={"PATH": "/nowhere"})
    with pytest.raises(UserError, match="no `node` on the PATH"):
        tool.open(suite, bench.workspace, print)
