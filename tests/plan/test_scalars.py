from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.capabilities.units import RefusedError
from ci_orchestrator.plan.scalars import (
    check_path,
    check_placeholder,
    format_duration,
    parse_command,
    parse_duration,
    parse_priority,
)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("60s", 60),
        ("30m", 1800),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("200ms", 0.2),
        ("1.5h", 5400),
        (90, 90),
        (0.5, 0.5),
    ],
)
def test_durations_are_seconds(written: object, seconds: float) -> None:
    assert parse_duration(written) == seconds


@given(st.integers(1, 3650 * 86_400_000))
def test_durations_survive_being_written_and_read(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == milliseconds / 1000


@pytest.mark.parametrize("text", ["", "s", "30", "30 m", "30M", "1m1h", "-1s", "0s", "1e3s", "٣s", "9999d", "1s\n"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        parse_duration(text)


@pytest.mark.parametrize("value", [0, -1, True, None, float("nan"), float("inf"), 10**400, [1]])
def test_what_is_no_number_of_seconds_is_refused(value: object) -> None:
    with pytest.raises(RefusedError):
        parse_duration(value)


def test_priorities_are_words_or_numbers() -> None:
    assert [parse_priority(value) for value in ("low", "normal", "high", -100, 7)] == [-10, 0, 10, -100, 7]
    for value in ("top", 101, 1.0, True, None):
        with pytest.raises(RefusedError):
            parse_priority(value)


def test_commands_are_argument_lists_and_no_shell_is_involved() -> None:
    assert parse_command("./run.sh 'a b' \"$HOME\" {tests}") == ("./run.sh", "a b", "$HOME", "{tests}")
    assert parse_command(["grep", "|", "a b"]) == ("grep", "|", "a b")


@pytest.mark.parametrize(
    "value", ["", "   ", "''", [], [""], ["a", 1], 7, None, "a | b", "a && b", "a > b", "a 'b", ["a\0b"]]
)
def test_what_is_no_command_is_refused(value: object) -> None:
    with pytest.raises(RefusedError):
        parse_command(value)


@pytest.mark.parametrize("words", [("a",), ("a", "{tests}", "{tests}"), ("a", "x={tests}"), ("{tests}", "a")])
def test_tests_stand_in_a_command_once_as_arguments(words: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError):
        check_placeholder(words)


@pytest.mark.parametrize(
    "path", [".", "tests", "tests/", "a/b.py::test_c[x]", "./a", "a..b", ".venv", "é", "a/...", "logs/**"]
)
def test_paths_inside_the_project_are_taken(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize(
    "path", ["", "/a", "..", "../a", "a/..", "a/../b", "-x", "~", "~a", "a\0", "a\nb", "a\\..\\b", "a\n/.."]
)
def test_paths_that_lead_out_of_the_project_are_refused(path: str) -> None:
    with pytest.raises(RefusedError):
        check_path(path)
