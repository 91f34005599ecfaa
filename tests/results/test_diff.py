from __future__ import annotations

import shutil
import subprocess
from difflib import unified_diff
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import need

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results.diff import Diff, parse_diff

MODIFIED = b"""\
diff --git a/src/a.py b/src/a.py
index 1..2 100644
--- a/src/a.py
+++ b/src/a.py
@@ -1,4 +1,5 @@ def f():
 one
--- two
+++ two
+three
 four
 five
@@ -20 +21 @@
-old
+new
"""


def test_a_line_that_looks_like_a_header_is_a_line():
    assert parse_diff(MODIFIED) == Diff({"src/a.py": frozenset({2, 3, 21})})


@pytest.mark.parametrize(
    ("old", "new"), [("src/a.py", "src/a.py"), ("i/src/a.py", "w/src/a.py"), ("was/v1/src/a.py", "is/v2/src/a.py")]
)
def test_any_prefixes_or_none(old, new):
    data = MODIFIED.replace(b"a/src/a.py", old.encode()).replace(b"b/src/a.py", new.encode())
    assert set(parse_diff(data).changed) == {"src/a.py"}


def test_plain_diff_has_dates_and_no_header_of_git():
    data = b"--- old/a.c\t2020-01-01 00:00:00\n+++ new/a.c\t2021-01-01 00:00:00\n@@ -0,0 +1,2 @@\n+a\n+b\n"
    assert parse_diff(data) == Diff({"a.c": frozenset({1, 2})})
    two = data + b"Only in new: b.c\n" + data.replace(b"a.c", b"c.c")
    assert set(parse_diff(two).changed) == {"a.c", "c.c"}


def test_new_removed_and_empty_files():
    data = (
        b"diff --git a/n.py b/n.py\nnew file mode 100644\n--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+x\n"
        b"diff --git a/gone.py b/gone.py\ndeleted file mode 100644\n--- a/gone.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
        b"diff --git a/old empty b/old empty\ndeleted file mode 100644\nindex e69de29..0000000\n"
        b"diff --git a/p.png b/p.png\nindex 1..2\nBinary files a/p.png and b/p.png differ\n"
        b"diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n"
    )
    assert parse_diff(data) == Diff(
        {"n.py": frozenset({1}), "p.png": frozenset(), "run.sh": frozenset()},
        removed=frozenset({"gone.py", "old empty"}),
    )


def test_a_rename_is_known_by_both_names_and_a_copy_is_a_new_file():
    data = (
        b"diff --git a/x.py b/y.py\nsimilarity index 100%\nrename from x.py\nrename to y.py\n"
        b"diff --git a/x.py b/z.py\nsimilarity index 90%\ncopy from x.py\ncopy to z.py\n"
        b"--- a/x.py\n+++ b/z.py\n@@ -1 +1 @@\n-a\n+b\n"
    )
    assert parse_diff(data) == Diff({"y.py": frozenset(), "z.py": frozenset({1})}, {"y.py": "x.py"})


def test_names_in_quotes_and_with_spaces():
    data = (
        b'diff --git "a/\\303\\244 \\"q\\"\\\\.py" "b/\\303\\244 \\"q\\"\\\\.py"\n'
        b'--- "a/\\303\\244 \\"q\\"\\\\.py"\n+++ "b/\\303\\244 \\"q\\"\\\\.py"\n@@ -1 +1 @@\n-a\n+b\n'
        b"diff --git a/my file b/my file\n--- a/my file\t\n+++ b/my file\t\n@@ -1 +1 @@\n-a\n+b\n"
    )
    assert set(parse_diff(data).changed) == {'\N{LATIN SMALL LETTER A WITH DIAERESIS} "q"\\.py', "my file"}


def test_a_file_that_becomes_a_link_is_still_there():
    data = (
        b"diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
        b"diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+target\n"
        b"\\ No newline at end of file\n"
    )
    assert parse_diff(data) == Diff({"x": frozenset({1})})


def test_line_ends_of_windows_a_missing_last_one_and_utf_16():
    data = MODIFIED + b"\\ No newline at end of file\n"
    for spelled in (data.replace(b"\n", b"\r\n"), data.decode().encode("utf-16"), data.rstrip(b"\n")):
        assert parse_diff(spelled) == parse_diff(MODIFIED)


def test_a_mail_around_it_does_not_matter():
    assert parse_diff(b"From 1 Mon\nSubject: x\n---\n a | 2 +-\n\n" + MODIFIED + b"-- \n2.40\n") == parse_diff(MODIFIED)


@pytest.mark.parametrize("nothing", [b"", b"\n \n"])
def test_no_change_is_a_change_of_nothing(nothing):
    assert parse_diff(nothing) == Diff(empty=True)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"<html>", "not a unified diff"),
        (b"\x1b[1mdiff --git a/x b/x\x1b[m\n", "not a unified diff"),
        (MODIFIED[:-9], "in the middle of a hunk"),
        (b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n*b\n", "neither added"),
        (b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\n+b\n+c\n", "more lines than it says"),
        (b"diff --cc x\n--- a/x\n+++ b/x\n@@@ -1,1 -1,1 +1,1 @@@\n  a\n", "combined diff"),
        (MODIFIED + MODIFIED, "told twice"),
        (b"diff --git a/x b/x\n@@ -1 +1 @@\n-a\n+b\n", "without the names"),
    ],
)
def test_what_is_no_diff_is_refused(data, what):
    with pytest.raises(ResultsError, match=what):
        parse_diff(data)


LINES = st.lists(st.sampled_from(["a", "b", "", "-- x", "++ y", "@@ -1 +1 @@", "diff --git a/q b/q"]), max_size=12)


@settings(max_examples=60)
@given(LINES, LINES, st.integers(0, 3))
def test_what_is_not_told_as_changed_was_there_before(old, new, context):
    made = list(unified_diff(old, new, "a/f.py", "b/f.py", n=context, lineterm=""))
    changed = parse_diff("\n".join(made).encode()).changed.get("f.py", frozenset())
    assert changed <= set(range(1, len(new) + 1))
    kept = [line for number, line in enumerate(new, 1) if number not in changed]
    rest = iter(old)
    assert all(line in rest for line in kept)
    assert len(changed) == sum(line.startswith("+") for line in made[2:])


@settings(max_examples=60)
@given(st.integers(0, len(MODIFIED)), st.binary(max_size=12), st.integers(0, 30))
def test_damage_is_read_or_refused(at, damage, taken):
    try:
        told = parse_diff(MODIFIED[:at] + damage + MODIFIED[at + taken :])
    except ResultsError:
        return
    assert all(number > 0 for lines in told.changed.values() for number in lines)


def git(folder: Path, *words: str) -> bytes:
    name = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *name, *words], cwd=folder, check=True, capture_output=True).stdout


@pytest.mark.parametrize("option", ["-U3", "-U0", "--no-prefix", "--src-prefix=before/"])
def test_what_git_really_writes(tmp_path, option):
    need(shutil.which("git"), "git is not here")
    (tmp_path / "a ü.py").write_text("one\ntwo\nthree\n")
    (tmp_path / "moved.py").write_text("same\n" * 20)
    (tmp_path / "gone.py").write_text("")
    (tmp_path / "blob").write_bytes(b"\0\1")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    (tmp_path / "a ü.py").write_text("one\nTWO\nthree\n-- four")
    (tmp_path / "b").mkdir()
    (tmp_path / "moved.py").rename(tmp_path / "b" / "to here.py")
    (tmp_path / "gone.py").unlink()
    (tmp_path / "blob").write_bytes(b"\0\2")
    (tmp_path / "b" / "b").write_text("new\n")
    git(tmp_path, "add", ".")
    assert parse_diff(git(tmp_path, "diff", "--cached", "-M", option)) == Diff(
        {"a ü.py": frozenset({2, 4}), "b/b": frozenset({1}), "b/to here.py": frozenset(), "blob": frozenset()},
        {"b/to here.py": "moved.py"},
        frozenset({"gone.py"}),
    )
