"""CTest's own file (``ctest -T Test``: ``Testing/*/Test.xml``): ``Site`` with ``Testing`` and ``Test``.

- ``TestList`` holds elements of the same name, without a ``Status``: they are no results.
- *notrun* is skipped when CTest was told so (``Disabled``, ``SKIP_RETURN_CODE``, ``SKIP_REGULAR_EXPRESSION_MATCHED``).
  For any other reason (no executable, a fixture that failed), or none (CTest before 3.0), the test is not proven.
- The words for a failure are in the measurements *Exit Code* (``Timeout``, ``SEGFAULT``, ``Failed``) and *Exit Value*.
- The class is the name, as in the file of ``ctest --output-junit``: both give the same ids.
- Outputs may be compressed (``--no-compress-output`` leaves them readable); those are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ci_orchestrator.results.formats.base import Case, Format, Item, Readable
from ci_orchestrator.results.formats.text import cut
from ci_orchestrator.results.formats.xmlcases import CaseReader, Element, seconds, unknown
from ci_orchestrator.results.formats.xmlfeed import root_tag
from ci_orchestrator.results.model import Cause, Outcome


class _Reader(CaseReader):
    ROOTS = frozenset({"Site"})
    GROUPS = frozenset({"Testing"})
    TESTS = frozenset({"Test"})
    INSIDE = frozenset({"Name", "NamedMeasurement", "Measurement", "Value"})

    def case(self, test: Element) -> Iterable[Item]:
        if "Status" not in test.attributes:
            return
        name = test.said("Name").strip()
        measured = {one.get("name"): one.said("Value").strip() for one in test.all("NamedMeasurement")}
        case = Case((), name, name, duration=seconds(measured.get("Execution Time", "")))
        if not any(value.get("compression") for one in test.all("Measurement") for value in one.all("Value")):
            case.stdout = test.said("Measurement", "Value")
        _judge(case, test.get("Status"), measured)
        yield case


def _judge(case: Case, status: str, measured: dict[str, str]) -> None:
    if status == "passed":
        return
    if status == "failed":
        case.outcome = Outcome.FAILED
        case.message = cut(" ".join(filter(None, (measured.get("Exit Code", ""), measured.get("Exit Value", "")))))
        case.cause = Cause.TIMEOUT if measured.get("Exit Code") == "Timeout" else Cause.NONE
    elif status == "notrun":
        why = measured.get("Completion Status", "")
        case.outcome = Outcome.SKIPPED if why == "Disabled" or why.startswith("SKIP_") else Outcome.NOT_PROVEN
        case.message = cut(why) or "CTest did not run it, and does not say why"
    else:
        unknown(case, status, failed=False)


def sniff(head: bytes) -> bool:
    """True when the first element is ``Site`` and tests are told: other dashboard files begin with it, too."""
    return root_tag(head) == "Site" and b"<Testing" in head.replace(b"\0", b"")


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The cases of CTest's ``Test.xml``. Raises `ResultsError` as `CaseReader.read` does."""
    return _Reader(file).read(stream)


CTEST = Format(name="ctest", sniff=sniff, parse=parse, about="CTest: `ctest -T Test --no-compress-output`")
