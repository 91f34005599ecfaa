"""coverage.py in three formats: what it really writes agrees with itself."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from coverage_reports import Told

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results.coverage import FileCoverage, merge_coverage
from ci_orchestrator.results.paths import PathMap

GOOD = {
    "meta": {"format": 3, "version": "7.6", "branch_coverage": True, "show_contexts": False},
    "files": {
        "src/a.py": {
            "executed_lines": [1, 2],
            "missing_lines": [3],
            "excluded_lines": [9],
            "executed_branches": [[2, -1]],
            "missing_branches": [[2, 3], ["x"]],
        },
        "src/b.py": {"executed_lines": [], "missing_lines": []},
    },
    "totals": {"covered_lines": 99},
}


def test_lines_and_branches_by_name():
    told = Told(json.dumps(GOOD, indent=1))
    assert told.format == "coveragepy_json"
    assert told.lines() == {"src/a.py": {1: 1, 2: 1, 3: 0}, "src/b.py": {}}
    assert told.branches("src/a.py") == {2: (1, 2)}
    assert told.warnings == []


def test_what_was_torn_or_is_no_file_is_said():
    text = json.dumps(GOOD)
    torn = Told(text[: text.index('"src/b.py"') + 12])
    assert list(torn.files) == ["src/a.py"]
    assert "what follows was not read" in torn.warnings[-1]
    with pytest.raises(ResultsError, match="not well-formed"):
        Told(text[: text.index("excluded")])
    wrong = Told(json.dumps({**GOOD, "files": {"a.py": 1, "b.py": {"executed_lines": None}}}))
    assert len(wrong.warnings) == 3  # each of them, and that there is none


PROGRAM = """\
import sys


def sign(x):
    if x < 0:
        return -1
    for _ in range(x):
        pass
    return 1


sign(int(sys.argv[1]))
"""


def test_xml_json_and_lcov_of_one_run_tell_the_same(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "program.py").write_text(PROGRAM)
    reports: list[list[FileCoverage]] = [[], [], []]
    for argument in ("1", "-1"):
        run = [sys.executable, "-m", "coverage"]
        steps = [["run", "--branch", "--source=pkg", "pkg/program.py", argument], ["xml"], ["json"], ["lcov"]]
        for step in steps:
            subprocess.run([*run, *step], cwd=tmp_path, check=True, capture_output=True, timeout=60)
        for report, file in zip(reports, ("coverage.xml", "coverage.json", "coverage.lcov"), strict=True):
            report.extend(Told((tmp_path / file).read_bytes()).parts)
    paths = PathMap({}, ["pkg/program.py"], str(tmp_path))
    placed = [paths.place(report).files for report in reports]
    everything = {1: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 12: 1}
    for (file,) in placed:
        assert (file.path, dict(file.lines)) == ("pkg/program.py", everything)
        assert {line: (one.covered, one.total) for line, one in file.branches.items()} == {5: (2, 2), 7: (2, 2)}
    assert len(merge_coverage(file for files in placed for file in files)) == 1
