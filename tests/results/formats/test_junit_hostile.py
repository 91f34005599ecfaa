"""Files that are broken, lie, or are meant to hurt: a clear error, or the readable part and a warning."""

from __future__ import annotations

import io
import tracemalloc

import pytest

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case, ReadWarning
from ci_orchestrator.results.formats.text import NAME_LIMIT, TEXT_LIMIT
from ci_orchestrator.results.formats.xmlfeed import TAG_LIMIT
from ci_orchestrator.results.model import Outcome

GOOD = '<testsuite name="s"><testcase classname="c" name="n" time="1"/></testsuite>'


def read(data: bytes | str, name: str | None = None) -> tuple[list[Case], list[str]]:
    stream = io.BytesIO(data if isinstance(data, bytes) else data.encode())
    found = list(formats.read(stream, "r.xml", name=name))
    return [x for x in found if isinstance(x, Case)], [x.what for x in found if isinstance(x, ReadWarning)]


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "b">',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY a PUBLIC "x" "http://127.0.0.1:1/">',
        '<!ENTITY % a SYSTEM "http://127.0.0.1:1/"> %a;',
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">',
    ],
)
def test_declared_entities_are_refused_before_anything_is_told(declared):
    with pytest.raises(ResultsError, match="declares the entity") as caught:
        read(f"<!DOCTYPE testsuite [{declared}]>{GOOD}")
    assert caught.value.fix


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE testsuite>",
        '<!DOCTYPE testsuite SYSTEM "http://127.0.0.1:1/j.dtd">',
        "<!DOCTYPE r [<!ELEMENT r ANY>]>",
    ],
)
def test_a_doctype_without_entities_is_fine_and_nothing_is_fetched(doctype):
    found, warned = read(f'<?xml version="1.0"?><!-- c -->{doctype}{GOOD}')
    assert (len(found), warned) == (1, [])


def test_an_undeclared_entity_is_never_passed_over_in_silence():
    found, warned = read(GOOD.replace("</testsuite>", "&nbsp;<testcase name='m'/></testsuite>"))
    assert len(found) == 1
    assert "undefined entity" in warned[0]
    found, warned = read(
        '<!DOCTYPE t SYSTEM "x">'
        + GOOD.replace("/></testsuite>", "><failure>a&nbsp;b</failure></testcase></testsuite>")
    )
    assert found[0].outcome is Outcome.FAILED
    assert "&nbsp;" in warned[0]


@pytest.mark.parametrize("data", [b"", b"  \n", b"\0\0"])
def test_an_empty_file(data):
    with pytest.raises(ResultsError, match=r"r\.xml: the file is empty"):
        read(data)


@pytest.mark.parametrize("data", [b"hello", b"{}", b"<html><body/></html>", b"\x89PNG\r\n", b"<" * 5000])
def test_other_files(data):
    with pytest.raises(ResultsError, match="known format"):
        read(data)
    with pytest.raises(ResultsError):
        read(data, "junit")


def test_no_tests_at_all_is_said():
    assert read("<testsuites/>") == ([], ["the file holds no test cases"])


def test_a_truncated_file_tells_its_readable_part():
    failed = '<testcase name="b"><failure message="m">t</failure></testcase>'
    whole = f'<testsuite name="s"><testcase name="a"/>{failed}<testcase name="c">'
    found, warned = read(whole)
    assert [(case.name, case.outcome) for case in found] == [("a", "passed"), ("b", "failed"), ("c", "not-proven")]
    assert "too early" in warned[0]
    assert read(whole + '<failure message="m"/>')[0][-1].outcome is Outcome.FAILED
    assert read(whole + "<skipped/>")[0][-1].outcome is Outcome.NOT_PROVEN
    with pytest.raises(ResultsError, match="too early"):
        read('<testsuite name="s"><testcase nam')


def test_mismatched_tags_and_trailing_garbage():
    found, warned = read(GOOD.replace("</testsuite>", "</oops>"))
    assert (len(found), "not well-formed" in warned[0]) == (1, True)
    found, warned = read(GOOD + "\n\0\0garbage <x>")
    assert (len(found), len(warned)) == (1, 2)
    found, warned = read(GOOD + GOOD)
    assert (len(found), "follows the end" in warned[0]) == (1, True)


def test_terminal_escapes_and_other_forbidden_characters_become_visible():
    body = b"\x1b[31mred\x1b[0m &#27;[1m &#x0; &#xFFFE; \xef\xbf\xbf &#9;&#10;"
    found, warned = read(b'<testsuite><testcase name="a"><failure>' + body + b"</failure></testcase></testsuite>")
    assert found[0].details == "␛[31mred␛[0m ␛[1m ␀ \ufffd \ufffd \t\n"
    assert all("XML forbids" in what for what in warned)


@pytest.mark.parametrize("split", range(1, 12))
def test_a_reference_or_a_character_cut_by_a_piece_is_whole_again(split):
    head = '<testsuite><testcase name="a"/><system-out>'
    pad = "x" * (65_536 - len(head) - split)
    tail = "&#x1B;é€𝄞&#8364;</system-out></testsuite>"
    found = list(formats.read(io.BytesIO((head + pad + tail).encode()), "r.xml"))
    assert found[-1].stdout.endswith("x␛é€𝄞€")


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", "utf-16"),
        ("utf-16", "utf-8"),
        ("utf-32", "utf-32"),
        ("utf-8", "utf-16"),
        ("latin-1", "ISO-8859-1"),
        ("cp1252", "windows-1252"),
        ("cp1252", "Windows-1252"),
        ("shift_jis", "Shift_JIS"),
        ("gb18030", "GB18030"),
        ("utf-8", "klingon"),
        ("utf-8", "rot13"),
        ("utf-8", "unicode_escape"),
    ],
)
def test_encodings_declared_and_real(encoding, declared):
    name = "テ" if encoding in ("shift_jis", "gb18030") else "é"
    xml = f'<?xml version="1.0" encoding="{declared}"?>\n<testsuite><testcase name="{name}"/></testsuite>'
    found, warned = read(xml.encode(encoding))
    assert [case.name for case in found] == [name]
    lied = encoding == "utf-8" and declared != "utf-8"
    assert bool(warned) is lied


def test_declared_utf8_that_is_not():
    found, warned = read(
        b'<?xml version="1.0" encoding="UTF-8"?>'
        b'<testsuite><testcase name="caf\xe9"/><testcase name="\xc3\xa9"/></testsuite>'
    )
    assert [case.name for case in found] == ["caf\ufffd", "é"]
    replaced = "the name of a test holds characters that were replaced"
    assert warned == ["bytes that are not UTF-8 were replaced", replaced]


def kinds(inner: bytes, attributes: bytes = b"") -> list[tuple[str, bool]]:
    """What is said of a suite, and whether that is harmless."""
    text = b'<testsuite name="s"' + attributes + b">" + inner + b"</testsuite>"
    items = formats.read(io.BytesIO(text), "r.xml")
    return [(item.what, item.harmless) for item in items if isinstance(item, ReadWarning)]


@pytest.mark.parametrize("time", [b"NaN", b"inf", b"1.5s", b"-0.001", b"-1"])
def test_a_time_that_is_none_harms_nothing(time):
    ((what, harmless),) = kinds(b'<testcase name="a" classname="b" time="' + time + b'"/>')
    assert (what, harmless) == ("a time is not a number of seconds: taken as 0", True)


@pytest.mark.parametrize("stray", [b"\x01", b"\xff", b"&#27;"])
def test_a_stray_character_harms_only_names(stray):
    assert [
        harmless for _, harmless in kinds(b'<testcase name="a"><system-out>' + stray + b"</system-out></testcase>")
    ] == [True]
    for where in (b'name="%s"', b'name="a" classname="%s"', b'name="a" file="%s"'):
        named = kinds(b"<testcase " + where % stray + b"/>")
        assert ("the name of a test holds characters that were replaced", False) in named


@pytest.mark.parametrize(
    ("attributes", "inner", "warned"),
    [
        (b' failures="1"', b'<testcase name="a"/>', True),
        (b' errors="1"', b'<testcase name="a"/><testcase name="b"><skipped/></testcase>', True),
        (b' failures="1" errors="1"', b'<testcase name="a"><failure/></testcase>', True),
        (b' failures="1"', b'<testcase name="a"><error/></testcase>', False),
        (b' failures="1"', b'<testcase name="a" status="failed"/>', False),
        (b' failures="1"', b'<testcase name="a"><rerunFailure/></testcase>', False),
        (b' errors="1"', b'<error message="no server"/>', False),
        (b' failures="1"', b'<testsuite failures="1"><testcase name="a"><failure/></testcase></testsuite>', False),
        (b"", b'<testsuite failures="1"/><testcase name="a"><failure/></testcase>', True),
        (b' failures="some" errors="-1"', b'<testcase name="a"/>', False),
    ],
)
def test_failures_that_are_counted_and_not_shown(attributes, inner, warned):
    said = ("a suite counts more failures and errors than its tests show", False)
    assert [one for one in kinds(inner, attributes) if "counts more" in one[0]] == [said] * warned


def test_white_space_and_a_mark_before_the_declaration():
    assert len(read(b"\xef\xbb\xbf\n\n <?xml version='1.0'?>" + GOOD.encode())[0]) == 1


@pytest.mark.parametrize("tag", ["testsuite", "testcase", "failure", "x", "system-out", "rerunFailure"])
def test_nesting_a_hundred_thousand_deep(tag):
    depth = 100_000
    found, _ = read(f'<testsuite name="s"><testcase name="n"/>{f"<{tag}>" * depth}{f"</{tag}>" * depth}</testsuite>')
    assert found[0].name == "n"
    assert all(len(case.suites) <= 32 for case in found)


def test_texts_are_cut_at_documented_limits_and_names_stay_apart():
    long = "x" * (NAME_LIMIT + 500)
    output = "a" * TEXT_LIMIT + "b" * TEXT_LIMIT
    found, _ = read(
        f'<testsuite><testcase name="{long}1"><failure message="{long}">{output}</failure>'
        f'<system-out>{output}</system-out></testcase><testcase name="{long}2"/></testsuite>'
    )
    one, two = found
    assert one.name != two.name
    assert all(len(case.name) < NAME_LIMIT + 100 for case in found)
    assert one.message == "x" * NAME_LIMIT + "… [500 more characters cut]"
    for text in (one.details, one.stdout):
        assert text.startswith("a" * 1000)
        assert text.endswith("b" * 1000)
        assert f"[{TEXT_LIMIT} characters cut]" in text
        assert len(text) < TEXT_LIMIT + 100


def test_an_endless_tag_is_refused():
    with pytest.raises(ResultsError, match="one tag is longer"):
        read(b'<testsuite><testcase name="' + b"x" * (TAG_LIMIT + 200_000))


@pytest.mark.parametrize("size", [70_000, 1_000_000, TAG_LIMIT - 1000])
def test_a_long_tag_is_read_and_so_is_what_follows_it(size):
    tail = b'"/><testcase name="b"/></testsuite>'
    found, warned = read(b'<testsuite><testcase name="a" file="' + b"x" * size + tail)
    assert [one.name for one in found] == ["a", "b"]
    assert not warned


def test_a_long_output_costs_little_memory():
    class Endless:
        def __init__(self) -> None:
            self.pieces = iter([b'<testsuite><testcase name="n"><system-out>', *[b"y" * 65_536] * 800])

        def read(self, size: int, /) -> bytes:
            return next(self.pieces, b"")

    tracemalloc.start()
    found = list(formats.read(Endless(), "r.xml"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found[-1].outcome is Outcome.NOT_PROVEN
    assert peak < 5_000_000


def test_the_same_warning_a_thousand_times_is_counted():
    _, warned = read("<testsuite>" + '<testcase classname="c" name="n" time="x"/>' * 1000 + "</testsuite>")
    assert len(warned) == 4
    assert "997 more times" in warned[-1]
