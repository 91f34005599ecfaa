from __future__ import annotations

import shutil
import subprocess

import pytest
from coverage_reports import Told
from parts import need

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results import formats
from ci_orchestrator.results.paths import PathMap

GOOD = """\
mode: atomic
example.com/app/a.go:3.20,5.10 2 4
example.com/app/a.go:5.10,7.3 1 0
example.com/app/a.go:9.1,9.3 0 1
example.com/app/pkg/C:/b.go:1.1,1.9 1 1
"""


def test_a_line_ran_when_one_of_its_blocks_did_and_empty_blocks_are_no_lines():
    told = Told(GOOD)
    assert told.format == "go_cover"
    assert told.lines() == {
        "example.com/app/a.go": {3: 4, 4: 4, 5: 4, 6: 0, 7: 0},
        "example.com/app/pkg/C:/b.go": {1: 1},
    }
    assert told.warnings == []


def test_profiles_one_after_another_unite():
    again = GOOD.replace("7.3 1 0", "7.3 1 1")
    assert Told(GOOD + again).lines()["example.com/app/a.go"][6] == 1


def test_a_torn_line_is_said_and_left_out():
    told = Told(GOOD[:-5])
    assert list(told.files) == ["example.com/app/a.go"]
    assert told.warnings == ["a line that is no block was left out"]
    assert Told("mode: set\n").warnings == ["the file holds no source files"]


def test_blocks_as_large_as_no_source_is_are_refused_soon():
    with pytest.raises(ResultsError, match="more lines than source can have"):
        Told("mode: set\n" + "a.go:1.1,999999999.1 1 1\n" * 100)


def test_detection():
    for other in (b"mode: x\na.go:1.1,1.1 1 1\n", b"a.go:1.1,1.1 1 1\n", b"ok  \ta\t0.1s\n"):
        assert formats.detect(other) != "go_cover"


def test_what_go_really_writes_is_found_in_the_repository(tmp_path):
    need(shutil.which("go"), "Go is not here: make engines")
    (tmp_path / "go.mod").write_text("module example.com/app\n\ngo 1.18\n")
    source = "package p\n\nfunc Sign(x int) int {\n\tif x < 0 {\n\t\treturn -1\n\t}\n\treturn 1\n}\n"
    test = 'package p\n\nimport "testing"\n\nfunc TestSign(t *testing.T) { Sign(1) }\n'
    for folder in (tmp_path, tmp_path / "pkg"):
        folder.mkdir(exist_ok=True)
        (folder / "p.go").write_text(source)
        (folder / "p_test.go").write_text(test)
    go = ["go", "test", "-coverprofile=c.out", "./..."]
    subprocess.run(go, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    told = Told((tmp_path / "c.out").read_bytes())
    placed = PathMap({}, ["go.mod", "p.go", "pkg/p.go"]).place(told.parts)
    covered = {3: 1, 4: 1, 5: 0, 6: 0, 7: 1}
    assert {one.path: dict(one.lines) for one in placed.files} == {"p.go": covered, "pkg/p.go": covered}
