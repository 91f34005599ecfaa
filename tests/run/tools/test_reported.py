from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

from ci_orchestrator.results.model import Cause, Outcome
from ci_orchestrator.run.tools.listing import to_test
from ci_orchestrator.run.tools.reported import Reported, read_reports


def write(directory: Path, *cases: tuple[str, str, str], name: str = "report.xml") -> None:
    body = "".join(
        f'<testcase classname={quoteattr(classname)} name={quoteattr(case)} time="0.5">{inner}</testcase>'
        for classname, case, inner in cases
    )
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(f"<testsuite>{body}</testsuite>", encoding="utf-8")


def read(directory: Path, *listed: str) -> Reported:
    return read_reports(directory, [to_test(one) for one in listed], started=100.0)


def outcomes(told: Reported) -> dict[str, Outcome]:
    return {test: finished.outcome for test, finished in told.results.items()}


def test_a_case_is_matched_by_name_or_by_class_and_name(tmp_path: Path) -> None:
    write(tmp_path, ("C", "a", ""), ("D", "b", '<failure message="no"/>'))
    told = read(tmp_path, "a", "D::b")
    assert outcomes(told) == {"-::a": Outcome.PASSED, "D::b": Outcome.FAILED}
    assert told.results["D::b"].message == "no"
    assert told.files == 1
    assert told.notes() == ""


def test_tests_of_a_report_follow_one_another(tmp_path: Path) -> None:
    write(tmp_path, ("", "a", ""), ("", "b", ""))
    told = read(tmp_path, "b", "a")
    assert [(one.test, one.started, one.duration) for one in told.results.values()] == [
        ("-::a", 100.0, 0.5),
        ("-::b", 100.5, 0.5),
    ]


def test_reports_in_several_files_and_folders_beside_other_files(tmp_path: Path) -> None:
    write(tmp_path, ("", "a", ""), name="deep/er/one.xml")
    write(tmp_path, ("", "b", ""), name="no-suffix")
    (tmp_path / "log.txt").write_text("hello")
    (tmp_path / "empty.xml").write_text("")
    told = read(tmp_path, "a", "b")
    assert outcomes(told) == {"-::a": Outcome.PASSED, "-::b": Outcome.PASSED}
    assert told.files == 2


def test_one_case_that_could_be_two_tests_proves_neither(tmp_path: Path) -> None:
    write(tmp_path, ("C", "a", ""), ("C", "b", ""))
    told = read(tmp_path, "a", "C::a", "b")
    assert outcomes(told) == {"-::b": Outcome.PASSED, "-::a": Outcome.ERRORED, "C::a": Outcome.ERRORED}
    assert told.results["-::a"].cause is Cause.INFRASTRUCTURE
    assert "could be any of ['C::a', 'a']" in told.results["-::a"].message


def test_two_cases_of_one_test_prove_nothing(tmp_path: Path) -> None:
    write(tmp_path, ("C", "a", ""), ("D", "a", ""))
    told = read(tmp_path, "a")
    assert outcomes(told) == {"-::a": Outcome.ERRORED}
    assert "2 cases of the report are this test" in told.results["-::a"].message


def test_cases_of_no_test_are_told(tmp_path: Path) -> None:
    write(tmp_path, ("C", "a", ""), ("C", "z", ""))
    told = read(tmp_path, "a", "b")
    assert outcomes(told) == {"-::a": Outcome.PASSED}
    assert [(one.test, one.outcome) for one in told.unexpected] == [("C::z", Outcome.PASSED)]
    assert "'C::z'" in told.notes()


def test_a_torn_report_gives_what_it_holds_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text('<testsuite><testcase name="a"/><testcase name="b"')
    told = read(tmp_path, "a", "b")
    assert outcomes(told) == {"-::a": Outcome.PASSED}
    assert told.problems


def test_hostile_names(tmp_path: Path) -> None:
    names = ["$(id) `x`", "'\"<&>", " padded ", "é😀", "-rf", "a::b::c"]
    write(tmp_path, *(("", name, "") for name in names))
    assert set(outcomes(read(tmp_path, *names)).values()) == {Outcome.PASSED}


def test_links_are_not_followed_and_nothing_is_nothing(tmp_path: Path) -> None:
    write(tmp_path, ("", "a", ""))
    (tmp_path / "results").mkdir()
    (tmp_path / "results/link.xml").symlink_to(tmp_path / "report.xml")
    assert read(tmp_path / "results", "a") == Reported()
    assert read(tmp_path / "absent", "a") == Reported()
