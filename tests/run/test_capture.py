from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.run.capture import bounded_text, tail_text


def test_no_file_is_no_text(tmp_path: Path) -> None:
    assert bounded_text(tmp_path / "absent") == ""
    assert tail_text(tmp_path / "absent", 10) == ""


def test_the_cut_is_marked_with_its_size(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a" * 50 + b"-" * 900 + b"z" * 50)
    assert bounded_text(path, 100) == "a" * 50 + "\n[… 900 bytes cut …]\n" + "z" * 50
    assert tail_text(path, 50) == "[… 950 bytes cut …]\n" + "z" * 50


def test_a_character_is_never_torn(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("é€😀" * 100, encoding="utf-8")
    for limit in range(1, 40):
        assert "\ufffd" not in bounded_text(path, limit)
        assert "\ufffd" not in tail_text(path, limit)


def test_what_is_not_text_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a\xff\x00b")
    assert bounded_text(path) == "a\ufffd\x00b"


@given(data=st.binary(max_size=300), limit=st.integers(1, 200))
def test_any_bytes_are_captured_within_the_limit(tmp_path_factory, data: bytes, limit: int) -> None:
    path = tmp_path_factory.mktemp("any") / "log"
    path.write_bytes(data)
    for text in (bounded_text(path, limit), tail_text(path, limit)):
        if len(data) <= limit:
            assert text == data.decode("utf-8", "replace")
        else:
            assert f"[… {len(data) - limit} bytes cut …]" in text
            assert len(text) <= limit + 60
