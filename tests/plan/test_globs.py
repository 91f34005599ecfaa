from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.plan.globs import matches


@pytest.mark.parametrize(
    ("glob", "path", "taken"),
    [
        ("src/**", "src/a.py", True),
        ("src/**", "src/core/deep/a.py", True),
        ("src/**", "srcs/a.py", False),
        ("**/a.py", "a.py", True),
        ("**/a.py", "x/y/a.py", True),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/core/a.py", False),
        ("src/**/test_*/?.py", "src/x/y/test_z/a.py", True),
        ("src/**/test_*/?.py", "src/test_z/ab.py", False),
        ("**", "anything/at/all", True),
        ("SRC/*", "src/a.py", False),
        ("[a-c].py", "b.py", True),
    ],
)
def test_what_a_glob_means(glob: str, path: str, taken: bool) -> None:
    assert matches(glob, path) is taken


PARTS = st.lists(st.sampled_from(["a", "b", "ab", "a.py"]), min_size=1, max_size=4)


@given(st.lists(st.sampled_from(["a", "*", "?b", "*.py", "a*"]), min_size=1, max_size=4), PARTS)
def test_without_double_stars_it_is_what_pathlib_says(glob: list[str], path: list[str]) -> None:
    same = len(glob) == len(path) and PurePosixPath("/", *path).match("/" + "/".join(glob))
    assert matches("/".join(glob), "/".join(path)) is same


@given(PARTS, PARTS, PARTS)
def test_double_stars_are_any_directories(first: list[str], between: list[str], last: list[str]) -> None:
    glob = "/".join([*first, "**", *last])
    assert matches(glob, "/".join([*first, *between, *last]))
    assert matches(glob, "/".join([*first, *last]))


def test_a_hostile_glob_takes_no_time() -> None:
    assert not matches("/".join(["**", "a*"] * 100 + ["b"]), "/".join(["aaaa"] * 300))
    assert not matches("*a" * 400 + "b", "a" * 3000)
