"""What lies in the folders of a report: nothing is left out in silence, nothing is read twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mixed import JUNIT
from parts import need

from ci_orchestrator.api.project import Project
from ci_orchestrator.api.reporting import Reported, report_files
from ci_orchestrator.api.searching import Search
from ci_orchestrator.api.sources import Sources, gather
from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import UserError
from ci_orchestrator.report.report_json import load_report

GOOD = JUNIT.format(inner="")


def told_by_modes(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, run by somebody to whom the modes of files matter: root has capabilities to read everything."""
    command = [sys.executable, "-m", "ci_orchestrator", "report", *words, "--out", "out"]
    if os.geteuid() == 0:
        need(shutil.which("setpriv"), "needs setpriv, of util-linux, when it is run by root")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60)


def write(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GOOD.replace("test_total", f"test_{path.stem}"))
    return root


def found(root: Path, *named: Path, out: Path | None = None) -> Sources:
    return gather(named or (root / "results",), None, but=out, root=root)


def names(sources: Sources) -> set[str]:
    return {one.name for one in sources.results} - {"test_rounding"}


def report(root: Path, *paths: Path, out: Path) -> Reported:
    return report_files(Project.at(root / "testplan.yaml"), paths, out=out, clock=FakeClock())


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("closed", "results/closed cannot be read: Permission denied"),
        ("b.xml", "results/b.xml: cannot be read: Permission denied"),
        ("dtf-unit-1/events.ndjson", "dtf-unit-1/events.ndjson: cannot be read: Permission denied"),
    ],
)
def test_what_is_come_across_and_cannot_be_read_costs_the_proof(tmp_path, path, said):
    write(tmp_path, "results/a.xml", "results/b.xml", "results/closed/c.xml", "results/dtf-unit-1/events.ndjson")
    (tmp_path / "results/dtf-unit-1/events.ndjson").write_text("")
    closed = tmp_path / "results" / path
    closed.chmod(0)
    try:
        done = told_by_modes(tmp_path, "results")
    finally:
        closed.chmod(0o700)
    assert done.returncode == 3, done.stdout + done.stderr
    warnings = load_report((tmp_path / "out" / "results.json").read_bytes()).warnings
    assert any(said in warning for warning in warnings)


@pytest.mark.parametrize("named", ["closed", "closed/sub", "closed/sub/a.xml"])
def test_what_is_named_and_cannot_be_read_is_the_users_mistake(tmp_path, named):
    write(tmp_path, "closed/sub/a.xml", "closed/sub/events.ndjson")
    (tmp_path / "closed").chmod(0)
    try:
        done = told_by_modes(tmp_path, named)
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert done.returncode == 2
    assert f"{named}: cannot be read: Permission denied" in done.stderr


def test_links_are_followed_within_the_project_and_each_file_is_read_once(tmp_path):
    write(tmp_path, "results/a.xml", "build/b.xml", "build/deep/c.xml")
    results = tmp_path / "results"
    (results / "again.xml").symlink_to("a.xml")
    (results / "b.xml").symlink_to("../build/b.xml")
    (results / "build").symlink_to("../build")
    (results / "self").symlink_to(".")
    told = found(tmp_path)
    assert names(told) == {"test_a", "test_b", "test_c"}
    assert len(told.results) == 6
    assert told.warnings == []


def test_links_that_lead_elsewhere_are_said_and_not_followed(tmp_path):
    write(tmp_path, "shop/results/a.xml", "elsewhere/b.xml")
    results = tmp_path / "shop" / "results"
    (results / "b.xml").symlink_to(tmp_path / "elsewhere" / "b.xml")
    (results / "folder").symlink_to(tmp_path / "elsewhere")
    (results / "up").symlink_to("..")
    (results / "nowhere").symlink_to("absent")
    (results / "loop").symlink_to("loop")
    os.mkfifo(results / "pipe")
    (results / "piped.xml").symlink_to("pipe")
    told = found(tmp_path / "shop", results)
    assert names(told) == {"test_a"}
    said = "".join(told.warnings)
    assert "passed over unless they are named" in said
    assert "b.xml" in said
    search = Search(project=tmp_path / "shop")
    search.add(results)
    assert sorted(path.name for path in search.links) == ["b.xml", "folder", "loop", "nowhere", "piped.xml", "up"]
    # whoever names a link means what it leads to
    assert names(found(tmp_path / "shop", results / "folder")) == {"test_b"}


def test_a_bundle_is_found_once_whichever_way_leads_to_it(tmp_path):
    write(tmp_path, "results/.kept/dtf-unit-1/events.ndjson", "build/dtf-unit-2/events.ndjson")
    (tmp_path / "results" / "seen").symlink_to(".kept")
    (tmp_path / "results" / "build").symlink_to("../build")
    search = Search(project=tmp_path)
    search.add(tmp_path / "results")
    search.add(tmp_path / "results" / "build")
    assert [bundle.name for bundle in search.bundles] == ["dtf-unit-1", "dtf-unit-2"]


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_is_called_what_it_is(tmp_path, kind):
    path = Path(os.devnull)
    if kind == "pipe":
        os.mkfifo(path := tmp_path / "pipe")
    with pytest.raises(UserError, match=f"{path} is a {kind}, and no regular file"):
        found(tmp_path, path)
    with pytest.raises(UserError, match="does not exist"):
        found(tmp_path, tmp_path / "absent")


def test_a_report_of_ours_is_not_read_again(tmp_path):
    results = write(tmp_path / "results", "a.xml")
    first = report(tmp_path, results, out=results / "report").report
    (results / "copy.xml").write_bytes((results / "report" / "merged.xml").read_bytes())
    again = report(tmp_path, results, out=tmp_path / "out").report
    assert (again.totals, again.results) == (first.totals, first.results)
    told = [said for said in again.warnings if "passed over" in said]
    assert [said.partition(",")[0] for said in told] == ["reports of ci-orchestrator", "written by ci-orchestrator"]
    assert not any("badges" in said or ".md" in said for said in told)
    assert "copy.xml" in told[1]


def test_a_report_can_be_written_into_the_folder_of_the_results(tmp_path):
    results = write(tmp_path / "results", "a.xml")
    seen = [report(tmp_path, results, out=results).report for _ in range(2)]
    assert seen[0].results == seen[1].results
    assert seen[0].totals.tests == 2
    assert seen[1].warnings == ()


def test_results_of_ours_are_read_when_they_are_named(tmp_path):
    results = write(tmp_path / "results", "a.xml")
    done = report(tmp_path, results, out=tmp_path / "out")
    named = report(tmp_path, done.out / "merged.xml", out=tmp_path / "again").report
    assert named.totals.tests == 2
    assert named.warnings == ()


@pytest.mark.parametrize(
    ("name", "content", "code", "partial"),
    [
        ("TEST-b.xml", "<testsui", 3, False),
        ("jest.json", '{"numFailedTests":0,"numPass', 3, False),
        ("report.xml", "<!DOCTYPE html><html><body>502<br></body></html>", 3, False),
        ("cobertura.xml", "<", 3, True),
        ("cobertura.xml", '<?xml version="1.0" ?>\n<coverage line-ra', 0, True),
        ("lcov.info", "TN:", 0, True),
        ("pom.xml", "<project><name>shop</name></project>", 0, False),
        ("tsconfig.json", '{\n  "strict": true, // always\n}', 0, False),
    ],
)
def test_what_was_torn_before_it_could_be_told_is_lost_and_other_files_are_not(tmp_path, name, content, code, partial):
    results = write(tmp_path / "results", "a.xml")
    (results / name).write_text(content)
    told = found(tmp_path)
    assert bool(told.partial) is partial
    done = report(tmp_path, results, out=tmp_path / "out").report
    assert done.exit_code == code
    assert any(name in warning for warning in done.warnings)
