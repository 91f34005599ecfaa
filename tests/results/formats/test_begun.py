"""Files that may be results which were lost, and those that are plainly something else."""

from __future__ import annotations

import pytest
from seeds import SEEDS

from ci_orchestrator.results.formats import detect
from ci_orchestrator.results.formats.begun import about, doubt, may_be_coverage

POM = '<?xml version="1.0"?>\n<project xmlns="http://maven.apache.org/POM/4.0.0"><a/></project>\n'
LOST = {
    "TEST-a.xml": [
        '<?xml version="1.0"',
        '<?xml version="1.0"?>',
        "<testsui",
        "<coverage line-ra",
        " \n",
        "npm ERR! oh",
    ],
    "a.trx": ["<TestRu", "{}", ""],
    "jest.json": ['{"numFailedTests":0,"numPass', '{"a": [1, 2', '{"a"', "[", "<html>", "Error: no tests", '{"a": tr'],
    "report.xml": [
        "<!DOCTYPE html>\n<html><body>404<br></body></html>",
        "<html><body>403</body></html>",
        '<?xml version="1.0"?><!DOCTYPE html PUBLIC "a" "b"><html xmlns="c"><body/></html>',
    ],
    "lcov.info": ["", "TN:", "T", "<html>", "nothing"],
    "a.info": ["TN:\nS", "SF"],
    "a.lcov": ["oops"],
    "a.tap": ["", "TAP ver"],
}
OTHER = {
    "pom.xml": [POM, POM.encode("utf-16")],
    "AndroidManifest.xml": ['<manifest package="a"><application/></manifest>'],
    "build.xml": ['<!DOCTYPE project [<!ENTITY a "b">]><project>&a;</project>'],
    "svg.xml": ['<svg xmlns="http://www.w3.org/2000/svg"/>\n'],
    "package.json": ['{"name": "shop"}', "[]", '"text"', "12", "null"],
    "tsconfig.json": ['{\n  // strict\n  "a": true\n}', '{"a": [1, 2,],}', "/* a */ {}", '// a\n{"b": 1'],
    "log.json": ['{"a": 1}\n{"b": 2}\n'],
    "a.info": ["name = Views\ncore = 7.x\n"],
    "notes.txt": ["", "<testsui", "{"],
    "page.html": ["<!DOCTYPE html><html>"],
    "xml": ["<testsui"],
}


def cases(table: dict[str, list[str | bytes]]) -> list[tuple[str, bytes]]:
    return [(name, one if isinstance(one, bytes) else one.encode()) for name, texts in table.items() for one in texts]


@pytest.mark.parametrize(("name", "content"), cases(LOST))
def test_what_may_be_lost_results_is_doubted(name, content):
    assert doubt(content, name, whole=True)
    assert doubt(content, name.upper(), whole=True)


@pytest.mark.parametrize(("name", "content"), cases(OTHER))
def test_what_is_plainly_something_else_is_not(name, content):
    assert detect(content) is None
    assert doubt(content, name, whole=True) == ""


@pytest.mark.parametrize("name", ["big.xml", "big.json"])
def test_a_file_that_goes_on_after_its_head_was_not_torn_before_it_could_be_told(name):
    head = b"<project>" if name.endswith("xml") else b'{"name": '
    assert doubt(head, name, whole=True)
    assert doubt(head, name, whole=False) == ""


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_a_seed_that_is_torn_anywhere_is_known_or_doubted(name):
    seed = SEEDS[name].lstrip()
    ending = {b"<": "xml", b"{": "json", b"[": "json"}.get(seed[:1])
    if ending is None or b"\n{" in seed:  # lines: each is whole by itself
        return
    for end in range(1, len(seed) - 1, max(1, len(seed) // 40)):
        head = seed[:end]
        assert detect(head) or doubt(head, f"a.{ending}", whole=True), head


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.xml", b'<?xml version="1.0"?>\n<coverage line-ra', "coverage"),
        ("a.xml", b'<!DOCTYPE report PUBLIC "-//JACOCO//DTD', "coverage"),
        ("lcov.info", b"TN:", "coverage"),
        ("coverage.xml", b"<?xml", None),
        ("a.xml", b"<testsui", None),
    ],
)
def test_what_it_is_about_is_said_where_that_is_sure(name, content, kind):
    assert about(content, name) == kind


def test_names_of_coverage():
    called = ["coverage.xml", "cobertura-coverage.xml", "jacocoTestReport.xml", "cov.json", "a.lcov", ".resultset.json"]
    assert [name for name in called if not may_be_coverage(name)] == []
    others = ["TEST-a.xml", "recovery.xml", "discover.json", "results.trx"]
    assert [name for name in others if may_be_coverage(name)] == []
