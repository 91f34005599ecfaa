from __future__ import annotations

import pytest
from coverage_reports import Told

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results.coverage import merge_coverage


def report(*classes: str, sources: tuple[str, ...] = ("/builds/app",)) -> str:
    named = "".join(f"<source>\n  {one}\n</source>" for one in sources)
    return (
        '<?xml version="1.0" ?><!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">'
        f'<coverage line-rate="0.5"><sources>{named}</sources><packages><package name="p"><classes>'
        f"{''.join(classes)}</classes></package></packages></coverage>"
    )


def lines(*told: str) -> str:
    return f"<lines>{''.join(told)}</lines>"


def line(number: object, hits: object, more: str = "") -> str:
    return f'<line number="{number}" hits="{hits}" {more}/>'


def one_class(file: str, *inner: str) -> str:
    return f'<class name="c" filename="{file}">{"".join(inner)}</class>'


@pytest.mark.parametrize(
    ("sources", "file", "path"),
    [
        (("/builds/app",), "src/a.py", "/builds/app/src/a.py"),
        (("/builds/app", "/builds/lib"), "src/a.py", "src/a.py"),
        (("${PLACEHOLDER}",), "src\\a.ts", "src\\a.ts"),
        (("D:\\",), "D:\\Build\\a.cs", "D:\\Build\\a.cs"),
        (("D:\\",), "/src/a.cs", "/src/a.cs"),
        ((), "src/a.py", "src/a.py"),
    ],
)
def test_a_file_lies_in_the_one_source_that_there_is(sources, file, path):
    assert list(Told(report(one_class(file, lines(line(1, 1))), sources=sources)).files) == [path]


def test_several_classes_of_one_file_unite():
    told = Told(
        report(
            one_class("a.cs", lines(line(1, 0), line(2, 3))),
            one_class("a.cs", lines(line(1, 2), line(9, 0))),
            sources=(),
        )
    )
    assert told.format == "cobertura"
    assert len(told.parts) == 2
    assert told.lines() == {"a.cs": {1: 2, 2: 3, 9: 0}}


def test_lines_of_methods_count_only_where_the_class_has_none():
    method = f'<methods><method name="m">{lines(line(5, 7))}</method></methods>'
    both = Told(report(one_class("a.ts", method, lines(line(6, 1))), sources=()))
    assert both.lines() == {"a.ts": {6: 1}}
    alone = Told(report(one_class("a.cpp", method, "<lines/>"), sources=()))
    assert alone.lines() == {"a.cpp": {5: 7}}


def test_branches_are_counted_and_a_mark_without_a_count_is_none():
    told = Told(
        report(
            one_class(
                "a.py",
                lines(
                    line(1, 1, 'branch="true" condition-coverage="50% (1/2)"'),
                    line(2, 1, 'branch="true"'),
                    line(3, 1, 'branch="true" condition-coverage="100% ( 3 / 2 )"'),
                ),
            ),
            sources=(),
        )
    )
    assert told.branches("a.py") == {1: (1, 2)}


def missing(*where: str) -> str:
    covered = 2 - len(where)
    more = f' missing-branches="{",".join(where)}"' if where else ""
    return f'branch="true" condition-coverage="{covered * 50}% ({covered}/2)"{more}'


def test_shards_of_coverage_py_that_miss_different_branches_have_taken_both():
    shards = [Told(report(one_class("a.py", lines(line(1, 1, missing(one)))), sources=())) for one in ("3", "exit")]
    united = merge_coverage(part for told in shards for part in told.parts)
    assert united[0].branches[1].covered == 2
    same = merge_coverage(part for told in (shards[0], shards[0]) for part in told.parts)
    assert same[0].branches[1].covered == 1


def jumps(*taken: str) -> str:
    told = "".join(f'<condition number="{number}" type="jump" coverage="100%"/>' for number in taken)
    rest = '<condition number="9" type="jump" coverage="50%"/>'
    counted = f'condition-coverage="x ({2 * len(taken) + 1}/6)"'
    return f'<line number="1" hits="1" branch="true" {counted}><conditions>{told}{rest}</conditions></line>'


def test_jumps_that_went_both_ways_are_known_by_number():
    shards = [Told(report(one_class("a.cs", lines(jumps(one))), sources=())) for one in ("1", "2")]
    united = merge_coverage(part for told in shards for part in told.parts)
    assert (united[0].branches[1].covered, united[0].branches[1].total) == (4, 6)


def test_what_is_no_number_and_what_has_no_file_is_left_out_and_said():
    told = Told(report(one_class("a.py", lines(line("x", 1), line(2, "1e+03"))), one_class(""), sources=()))
    assert told.lines() == {"a.py": {2: 1000}}
    assert len(told.warnings) == 2


def test_hits_below_none_are_none_and_lines_without_source_are_no_lines():
    told = Told(report(one_class("a.c", lines(line(1, -5), line(0, 1), line(16707566, 1))), sources=()))
    assert told.lines() == {"a.c": {1: 0}}


def test_a_torn_report_tells_whole_classes_only():
    whole = report(one_class("a.py", lines(line(1, 1))), one_class("b.py", lines(line(1, 1), line(2, 0))), sources=())
    told = Told(whole[: whole.index('number="2"')])
    assert list(told.files) == ["a.py"]
    assert told.warnings == ["the file ends too early: what follows was not read"]
    with pytest.raises(ResultsError, match="too early"):
        Told(whole[: whole.index('number="1"')])


def test_a_report_without_classes_says_so_and_other_reports_are_not_taken_for_it():
    assert Told(report()).warnings == ["the file holds no source files"]
    with pytest.raises(ResultsError, match="not a result file"):
        Told('<coverage profilerVersion="1.5.8"><module moduleId="1"/></coverage>')
    with pytest.raises(ResultsError, match="another format"):
        Told("<report><line/></report>", "cobertura")


def test_a_declared_entity_is_refused():
    with pytest.raises(ResultsError, match="entity"):
        Told('<!DOCTYPE coverage [<!ENTITY a "b">]><coverage line-rate="1"><sources/></coverage>')
