from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results.coverage import FileCoverage
from ci_orchestrator.results.paths import PathMap

FILES = (
    "main.go",
    "setup.py",
    "cmd/tool/main.go",
    "src/app/core.py",
    "src/app/__init__.py",
    "lib/__init__.py",
    "web/src/a.js",
    "app/src/main/java/com/example/A.java",
    "lib/src/main/java/com/example/A.java",
    "lib/src/main/java/com/example/B.java",
)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("src/app/core.py", "src/app/core.py"),
        ("./src//app/../app/core.py", "src/app/core.py"),
        ("/here/app/src/app/core.py", "src/app/core.py"),
        ("/builds/app/src/app/core.py", "src/app/core.py"),
        ("C:\\agent\\1\\s\\src\\app\\core.py", "src/app/core.py"),
        ("example.com/me/app/cmd/tool/main.go", "cmd/tool/main.go"),
        ("com/example/B.java", "lib/src/main/java/com/example/B.java"),
        ("core.py", "src/app/core.py"),
        ("../src/a.js", "web/src/a.js"),
        ("${SOURCE}/src/app/core.py", "src/app/core.py"),
    ],
)
def test_a_report_names_a_file_as_some_machine_saw_it(told, found):
    assert PathMap({}, FILES, "/here/app").find(told) == found


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("com/example/A.java", "com/example/A.java"),  # two modules have it
        ("__init__.py", "__init__.py"),
        ("gen/made.py", "gen/made.py"),
        ("/usr/include/stdio.h", ""),
        ("/usr/lib/python3/setup.py", ""),
        ("../../etc/passwd", ""),
        ("..", ""),
    ],
)
def test_nothing_is_guessed(told, kept):
    assert PathMap({}, FILES, "/here/app").find(told) == kept


def test_a_mapped_prefix_is_believed_and_the_longest_wins():
    paths = PathMap({"/builds": "src", "/builds/app/": ".", "com": "src/main/java/com"}, FILES)
    assert paths.find("/builds/app/gen/x.py") == "gen/x.py"
    assert paths.find("/builds/x.py") == "src/x.py"
    assert paths.find("com/example/A.java") == "src/main/java/com/example/A.java"
    assert paths.find("/buildsomething/x.py") == ""
    assert paths.find("core/com/example/A.java", "core") == "src/main/java/com/example/A.java"


@pytest.mark.parametrize("outside", ["..", "../other", "a/../..", "/etc", "C:/x"])
def test_a_prefix_that_leads_out_of_the_project_is_refused(outside):
    with pytest.raises(ResultsError, match="outside the project"):
        PathMap({"/builds/app": outside})


def test_what_lies_further_up_than_a_prefix_is_not_in_the_project():
    up = [FileCoverage(path, {1: 1}) for path in ("../src/app/core.py", "../main.go", "../../etc/passwd")]
    placed = PathMap({}, FILES).place(up)
    assert [one.path for one in placed.files] == ["main.go", "src/app/core.py"]
    assert placed.outside == ("../../etc/passwd",)
    assert PathMap({"..": "."}, FILES).find("../../main.py") == ""


def test_a_module_tells_two_files_of_one_name_apart():
    paths = PathMap({}, FILES)
    assert paths.find("lib/com/example/A.java", "lib") == "lib/src/main/java/com/example/A.java"
    assert paths.find("my-artifact/com/example/B.java", "my-artifact") == "lib/src/main/java/com/example/B.java"
    assert paths.find("other/com/example/A.java", "other") == "other/com/example/A.java"


def test_paths_of_a_suite_begin_where_its_tests_ran():
    paths = PathMap({}, ["src/a.js", "web/src/a.js", "lib/b.js"], home="web")
    assert paths.find("src/a.js") == "web/src/a.js"
    assert paths.find("../lib/b.js") == "lib/b.js"
    assert paths.find("made/c.js") == "web/made/c.js"
    assert PathMap({}, home="web").find("src/a.js") == "web/src/a.js"


def test_without_a_list_of_files_paths_stay_within_the_project():
    paths = PathMap({}, root="/here/app")
    assert [paths.find(one) for one in ("/here/app/a.py", "/elsewhere/a.py", "../../a.py", "C:\\x\\a.py")] == [
        "a.py",
        "elsewhere/a.py",
        "a.py",
        "x/a.py",
    ]


def lines(path: str, module: str = "") -> FileCoverage:
    return FileCoverage(path, {1: 1}, module=module)


def test_the_paths_of_a_report_prove_its_prefix_so_that_files_at_the_root_are_found():
    module = "example.com/me/app"
    told = [lines(f"{module}/{file}") for file in ("main.go", "cmd/tool/main.go", "made/main.go")]
    assert [one.path for one in PathMap({}, FILES).place(told).files] == ["cmd/tool/main.go", "made/main.go", "main.go"]


def test_a_directory_of_the_repository_is_no_prefix():
    told = [lines("pkg/__init__.py"), lines("pkg/made.py")]
    placed = PathMap({}, ["__init__.py", "pkg/__init__.py", "made.py"]).place(told)
    assert [one.path for one in placed.files] == ["pkg/__init__.py", "pkg/made.py"]


def test_parts_of_a_file_unite_and_files_of_others_are_named():
    told = [
        FileCoverage("/builds/app/src/app/core.py", {1: 0, 2: 1}),
        FileCoverage("src/app/core.py", {1: 3}),
        FileCoverage("/usr/include/stdio.h", {1: 1}),
        FileCoverage("lib/com/example/A.java", {1: 1}, module="lib"),
    ]
    placed = PathMap({}, FILES).place(told)
    assert placed.files == (
        FileCoverage("lib/src/main/java/com/example/A.java", {1: 1}),
        FileCoverage("src/app/core.py", {1: 3, 2: 1}),
    )
    assert placed.outside == ("/usr/include/stdio.h",)


PARTS = st.lists(st.sampled_from(["a", "b", "..", ".", "", "C:", "main.go", "\\", "com"]), max_size=6).map("/".join)
REPOSITORY = st.frozensets(
    st.lists(st.sampled_from(["a", "b", "main.go", "com"]), min_size=1, max_size=4).map("/".join), max_size=5
)


@settings(max_examples=80)
@example("../..", frozenset(), "..")
@given(PARTS, REPOSITORY, PARTS)
def test_no_path_leads_out_of_the_project(told, files, root):
    for paths in (PathMap({}, files, root), PathMap({"a": "b"}, files, root), PathMap({}, root=root)):
        found = paths.learned([told, "a/b", "C:/a/main.go"]).find(told)
        assert found == "" or {"", ".", ".."}.isdisjoint(found.split("/"))


@settings(max_examples=60)
@given(REPOSITORY)
def test_every_file_is_found_by_its_own_path_and_below_any_root(files):
    paths = PathMap({}, files, "/here")
    for file in sorted(files):
        assert paths.find(file) == paths.find(f"/here/{file}") == file
    placed = paths.place(lines(f"/builds/x/{file}") for file in sorted(files))
    assert [one.path for one in placed.files] == sorted(files)
