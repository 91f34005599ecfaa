"""The YAML of a plan: what of it is read, and how the rest is refused."""

from __future__ import annotations

import pytest

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.document import MAX_BYTES, read_document

UNIT = "suites:\n  unit: {tool: pytest}\n"
BROKEN = "mend the line, or the one above it: indentation, a missing colon or quotation mark"

# text, line, column, what is said, how to mend it
REFUSED: dict[str, tuple[str | bytes, int, int, str, str]] = {
    "empty file": ("", 1, 1, "the plan is empty", "write `version: 1` and `suites:`"),
    "only a comment": ("# soon\n", 1, 1, "the plan is empty", "write `version: 1` and `suites:`"),
    "not UTF-8": (b"name: caf\xe9\n", 1, 10, "the byte 0xe9 is not UTF-8", "save the file as UTF-8"),
    "control character": (
        "name: a\x07\n",
        1,
        8,
        "the character '\\x07' is not allowed in YAML",
        "remove it, or write it as an escape in double quotes",
    ),
    "tab": (
        "suites:\n\tunit: {}\n",
        2,
        1,
        "this is not YAML: while scanning for the next token found character that cannot start any token",
        "indent with spaces, not tabs",
    ),
    "two colons": (
        "name: a: b\n",
        1,
        8,
        "this is not YAML: mapping values are not allowed in this context",
        BROKEN,
    ),
    "open bracket": (
        "suites: [\n",
        2,
        1,
        "this is not YAML: while parsing a flow node did not find expected node content",
        BROKEN,
    ),
    "duplicate key": (
        UNIT + "  unit: {tool: pytest}\n",
        3,
        3,
        "the key 'unit' is written twice, first at testplan.yaml:2:3",
        "keep one of them",
    ),
    "tag": (
        "name: !!python/name:os.system x\n",
        1,
        7,
        "the tag 'tag:yaml.org,2002:python/name:os.system' is not allowed",
        "remove it",
    ),
    "anchor": ("name: &a x\n", 1, 7, "the anchor 'a' is not allowed", "remove it; see `defaults`"),
    "second document": (
        UNIT + "---\n" + UNIT,
        3,
        1,
        "a second document begins",
        "keep one plan in a file; remove the line `---`",
    ),
    "directive": (
        "%YAML 1.1\n---\n" + UNIT,
        1,
        1,
        "a YAML directive is not allowed",
        "remove the line that begins with %",
    ),
    "key is a number": ("1: x\n", 1, 1, "the key '1' is not text", "write it in quotation marks"),
    "key is a list": ("? [a]\n: b\n", 1, 3, "a key is a list or a mapping", "write a text as key"),
    "depth bomb": ("[" * 100_000, 1, 33, "nested deeper than 32 levels", "no plan needs that: flatten it"),
    "number bomb": (
        "priority: " + "9" * 5000,
        1,
        11,
        "the number '" + "9" * 58 + "… is too long",
        "write it in quotation marks if it is text",
    ),
}


@pytest.mark.parametrize(("text", "line", "column", "what", "fix"), REFUSED.values(), ids=REFUSED)
def test_what_a_plan_has_no_use_for_is_refused(text: str | bytes, line: int, column: int, what: str, fix: str) -> None:
    with pytest.raises(PlanError) as caught:
        read_document(text, "testplan.yaml")
    assert str(caught.value) == f"testplan.yaml:{line}:{column}: {what}\n  fix: {fix}"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("1:30", "1:30"),
        ("2001-01-01", "2001-01-01"),
        ("1_000", "1_000"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-3", -3),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("<<", "<<"),
        ("'1'", "1"),
        ('"\\u00e9"', "é"),
    ],
)
def test_scalars_follow_the_core_schema(written: str, read: object) -> None:
    value = read_document(f"a: {written}\n", "f").value
    assert isinstance(value, dict)
    assert value["a"] == read
    assert type(value["a"]) is type(read)


def test_a_byte_order_mark_and_crlf_are_taken() -> None:
    assert read_document(b"\xef\xbb\xbfa: 1\r\nb: [x]\r\n", "f").value == {"a": 1, "b": ["x"]}


def test_places_are_those_of_an_editor() -> None:
    document = read_document("a:\n  é: [x, {b: y}]\n", "f")
    assert str(document.place(("a", "é", 1, "b"), key=True)) == "f:2:11"
    assert str(document.place(("a", "é", 1, "b"))) == "f:2:14"
    assert str(document.place(("a", "é", 1, "missing"), key=True)) == "f:2:10"
    assert str(document.place(("nowhere",))) == "f:1:1"


@pytest.mark.parametrize("bomb", ["[", "{", "- ", "? ", "{a: ", "!", "&a ", "*a ", "- a: "])
def test_a_bomb_costs_a_message(bomb: str) -> None:
    with pytest.raises(PlanError):
        read_document(bomb * 200_000, "f")


def test_aliases_cannot_be_a_bomb() -> None:
    text = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    with pytest.raises(PlanError) as caught:
        read_document(text, "f")
    assert len(caught.value.problems) == 6


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(PlanError, match=f"the file has {MAX_BYTES + 1} bytes; a plan has at most {MAX_BYTES}"):
        read_document(b"#" * (MAX_BYTES + 1), "f")
    with pytest.raises(PlanError, match="the plan is empty"):
        read_document(b"#" * MAX_BYTES, "f")
