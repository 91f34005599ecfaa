from __future__ import annotations

from ci_orchestrator.providers.github.annotations import Annotation, annotate


def test_a_message_is_one_command_whatever_it_holds() -> None:
    hostile = Annotation("error", "a,b: 100%", "x\r\n::error::y %0A", "tests/a,b:c.py", 7)
    assert annotate([hostile]) == [
        "::error file=tests/a%2Cb%3Ac.py,line=7,title=a%2Cb%3A 100%25::x%0D%0A::error::y %250A"
    ]


def test_without_a_place_it_is_about_the_whole() -> None:
    assert annotate([Annotation("notice", "one", "", line=3)]) == ["::notice title=one::one"]


def test_ten_of_a_kind_the_last_says_how_many_are_left() -> None:
    errors = [Annotation("error", f"e{number}", "m") for number in range(12)]
    warnings = [Annotation("warning", f"w{number}", "m") for number in range(10)]
    lines = annotate([*errors, *warnings])
    assert [line.startswith("::error") for line in lines] == [True] * 10 + [False] * 10
    assert lines[9] == "::error title=… and 3 more::They are in the summary and in the report."
    assert lines[19] == "::warning title=w9::m"


def test_long_ones_are_cut() -> None:
    (line,) = annotate([Annotation("error", "t" * 999, "m" * 9_999)])
    assert len(line) < 4_400
