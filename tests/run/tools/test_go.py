"""The go tool, with the real `go test`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tool_workers import Bench, need_go, outcomes

from ci_orchestrator.errors import UserError
from ci_orchestrator.plan.environment import Coverage
from ci_orchestrator.plan.models import Suite
from ci_orchestrator.results import formats
from ci_orchestrator.results.coverage import FileCoverage
from ci_orchestrator.results.model import Cause, Outcome
from ci_orchestrator.run.tools.base import Gone
from ci_orchestrator.run.tools.go import GoTool
from ci_orchestrator.run.tools.go_source import Module

HELP = """
package help

import "os"

// Ran writes a name into the project's file `ran`.
func Ran(name string) {
	file, _ := os.OpenFile("../ran", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	defer file.Close()
	file.WriteString(name + "\\n")
}
"""

ADD = """
package calc

func Add(a, b int) int {
	if a == 0 {
		return b
	}
	return a + b
}
"""

CALC = """
package calc

import (
	"fmt"
	"os"
	"testing"
	"time"

	"example.org/lab/help"
)

func TestAdd(t *testing.T) {
	help.Ran("TestAdd")
	for _, n := range []int{1, 2, 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			if Add(n, 1) == 3 {
				t.Errorf("three")
			}
		})
	}
}
func TestAddMore(t *testing.T) { help.Ran("TestAddMore"); t.Log("fine") }
func TestSkip(t *testing.T)    { help.Ran("TestSkip"); t.Skip("not now") }
func TestPanic(t *testing.T)   { help.Ran("TestPanic"); panic("boom") }
func TestExit(t *testing.T)    { help.Ran("TestExit"); fmt.Println("last words"); os.Exit(3) }
func TestHang(t *testing.T)    { help.Ran("TestHang"); time.Sleep(time.Minute) }
func FuzzAdd(f *testing.F)     { help.Ran("FuzzAdd"); f.Add(1); f.Fuzz(func(t *testing.T, n int) {}) }
func BenchmarkAdd(b *testing.B) { help.Ran("BenchmarkAdd") }
func ExampleAdd() {
	help.Ran("ExampleAdd")
	fmt.Println(Add(1, 2))
	// Output: 3
}
"""

OTHER = """
package other

import (
	"testing"

	"example.org/lab/help"
)

func TestAdd(t *testing.T)  { help.Ran("other.TestAdd") }
func TestMore(t *testing.T) { help.Ran("other.TestMore") }
"""

LOUD = """
package loud

import (
	"fmt"
	"os"
	"testing"
)

func init() { fmt.Println("TestInit") }
func TestMain(m *testing.M) {
	fmt.Println("TestMain")
	fmt.Println("TestTwo")
	fmt.Print("no end of line: ")
	code := m.Run()
	fmt.Println("TestAfter")
	os.Exit(code)
}
func TestOne(t *testing.T) {}
func /* odd */ TestTwo(t *testing.T) {}
"""

CALC_TESTS = ["TestAdd", "TestAddMore", "TestSkip", "TestPanic", "TestExit", "TestHang", "FuzzAdd", "ExampleAdd"]


def calc(*names: str) -> list[str]:
    return [f"example.org/lab/calc::{name}" for name in names]


def other(*names: str) -> list[str]:
    return [f"example.org/lab/other::{name}" for name in names]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    need_go()
    files = {
        "go.mod": "module example.org/lab\n\ngo 1.19\n",
        "help/help.go": HELP,
        "calc/add.go": ADD,
        "calc/calc_test.go": CALC,
        "other/other_test.go": OTHER,
        "loud/loud_test.go": LOUD,
    }
    bench = Bench(tmp_path_factory.mktemp("go"), GoTool(), files)
    yield bench
    bench.close()


def test_tests_are_listed_and_none_runs(bench: Bench) -> None:
    worker = bench.open(paths=("./...",))
    loud = ("example.org/lab/loud::TestTwo", "example.org/lab/loud::TestOne")  # and nothing else that it prints
    assert worker.collected().tests == (*calc(*CALC_TESTS), *loud, *other("TestAdd", "TestMore"))
    assert worker.finish() == {}
    assert bench.ran() == []


def test_whole_packages_run_together_and_a_panic_harms_no_other(bench: Bench) -> None:
    worker = bench.idle()
    finished = worker.finish(*calc(*CALC_TESTS[:4], "FuzzAdd", "ExampleAdd"), *other("TestAdd", "TestMore"))
    assert outcomes(finished) == {
        **dict(zip(calc(*CALC_TESTS[:4]), ["failed", "passed", "skipped", "failed"], strict=True)),
        **dict.fromkeys([*calc("FuzzAdd", "ExampleAdd"), *other("TestAdd", "TestMore")], "passed"),
    }
    assert worker.gone == Gone(exit_code=0, asked=True)
    assert bench.ran() == [*CALC_TESTS[:4], "FuzzAdd", "ExampleAdd", "other.TestAdd", "other.TestMore"]
    failed, panicked = (finished[test] for test in calc("TestAdd", "TestPanic"))
    assert (failed.message, failed.file, failed.line) == ("TestAdd/2: three", "calc/calc_test.go", 18)
    assert panicked.message.startswith("panic: boom")
    assert panicked.file == "calc/calc_test.go"
    assert finished[calc("TestSkip")[0]].message == "not now"


def test_a_name_is_run_in_its_own_package_only(bench: Bench) -> None:
    assert outcomes(bench.idle().finish(*other("TestAdd"))) == {other("TestAdd")[0]: "passed"}
    assert bench.ran() == ["other.TestAdd"]


def test_a_test_that_ends_the_program_is_found_and_not_called_failed(bench: Bench) -> None:
    worker = bench.idle()
    assert outcomes(worker.finish(*calc("TestAddMore", "TestExit"))) == {calc("TestAddMore")[0]: "passed"}
    assert not worker.gone.asked
    assert "last words" in worker.gone.evidence


def test_a_test_that_hangs_is_timed_out_by_go_itself(bench: Bench) -> None:
    worker = bench.idle(test_timeout=0.5)
    [finished] = worker.finish(*calc("TestHang")).values()
    assert (finished.outcome, finished.cause) == (Outcome.ERRORED, Cause.TIMEOUT)
    assert "goroutine" in finished.details


def test_coverage_of_each_run_is_kept_and_put_together(bench: Bench) -> None:
    worker = bench.idle(name="covered", coverage=Coverage(report="cover/all.out"))
    worker.finish(*calc("TestAddMore"), *calc("ExampleAdd"), *other("TestMore"))
    parts = sorted(path.relative_to(bench.coverage).as_posix() for path in bench.coverage.rglob("*") if path.is_file())
    assert parts == ["run1/cover.out", "run2/cover.out"]
    report = bench.project / "cover" / "all.out"
    assert report.read_text().count("mode:") == 1
    with report.open("rb") as stream:
        [covered] = [item for item in formats.read(stream, "all.out") if isinstance(item, FileCoverage)]
    assert covered.path == "example.org/lab/calc/add.go"


def test_what_does_not_compile_is_an_error_of_the_collection(bench: Bench) -> None:
    with bench.with_file("broken/broken_test.go", "package broken\n\nfunc TestX(t *testing.T) {}\n"):
        worker = bench.open(paths=("broken",))
        [(_, why)] = worker.collected().errors
        worker.finish()
    assert "undefined: testing" in why


def test_without_go_there_is_no_worker(bench: Bench) -> None:
    suite = Suite(name="suite", tool="go", env={"PATH": "/nowhere"})
    with pytest.raises(UserError, match="no `go` on the PATH"):
        GoTool().open(suite, bench.workspace, print)


def test_arguments_of_the_tests_themselves_stay_last(bench: Bench) -> None:
    worker = bench.idle(args=("-race=false", "-args", "-x"))
    [finished] = worker.finish(*other("TestMore")).values()
    assert finished.outcome is Outcome.ERRORED
    assert "-x" in finished.message + finished.details


def test_where_a_go_test_stands(tmp_path: Path) -> None:
    (tmp_path / "go/inner").mkdir(parents=True)
    (tmp_path / "go/go.mod").write_text('// here\nmodule "example.org/a"\n')
    module = Module.around(tmp_path / "go/inner", tmp_path)
    assert module == Module("example.org/a", "go/", tmp_path / "go")
    assert module.place("example.org/a/b", "    b_test.go:7: no") == ("go/b/b_test.go", 7)
    assert module.place("example.org/a", "\t/src/go/a_test.go:12 +0x1b") == ("go/a_test.go", 12)
    assert module.place("example.org/ab", "b_test.go:7: no") == ("", 0)
    assert module.place("example.org/a", "panic: no") == ("", 0)
    assert Module.around(tmp_path, tmp_path) is None


def test_functions_of_a_package_are_found_however_they_are_written(tmp_path: Path) -> None:
    text = "func TestA(\nfunc\tExampleB /**/ (\nfunc // why\n/* TestNo\n*/ FuzzÄ_c(\nx TestNo(\nfuncs TestNo(\n"
    (tmp_path / "a_test.go").write_text(text, encoding="utf-8")
    (tmp_path / "a.go").write_text("func TestNo(")
    module = Module("example.org/a", "", tmp_path)
    assert module.functions("example.org/a") == {"TestA", "ExampleB", "FuzzÄ_c"}
    assert module.functions("example.org/a/absent") is None
    assert module.functions("example.org/b") is None
