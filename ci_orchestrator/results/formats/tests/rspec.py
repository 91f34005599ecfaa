"""RSpec's JSON formatter (``--format json``).

Traps: *pending* is a skip, with or without having run; what fails outside of an example (a file that cannot be loaded)
is only counted, its text stands in ``messages``; paths begin with ``./``; shared examples have the line of their
definition, and names repeat.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import SUITE_CASE, Case, Format, Item, Readable
from ci_orchestrator.results.formats.document import read_all, shape
from ci_orchestrator.results.formats.jsonfeed import ITEM, JsonFeed
from ci_orchestrator.results.formats.names import Names
from ci_orchestrator.results.formats.text import cut_text
from ci_orchestrator.results.model import Outcome

_STATUS = {"passed": Outcome.PASSED, "failed": Outcome.FAILED, "pending": Outcome.SKIPPED}


def sniff(head: bytes) -> bool:
    """True for examples of RSpec, or for a summary that counts none."""
    return bool({("examples", ITEM, "full_description"), ("summary", "example_count")} & shape(head))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The examples in the file's order. Raises `ResultsError` when nothing could be read."""
    feed = JsonFeed(stream, file)
    return read_all(feed, _items(feed), "examples")


RSPEC = Format(name="rspec", sniff=sniff, parse=parse, about="RSpec's JSON formatter")


def _items(feed: JsonFeed) -> Iterator[Item]:
    names = Names()
    said: list[str] = []
    for path, _, value in feed.values(("examples", ITEM), ("messages",), ("summary",)):
        if path[-1] == ITEM:
            yield _case(value, names)
        elif path[0] == "messages":
            said = fields.strings({"messages": value}, "messages")
        elif fields.number(value, "errors_outside_of_examples_count"):
            message, details = fields.explain("\n".join(said) or "errors outside of the examples")
            yield Case((), "", SUITE_CASE, outcome=Outcome.ERRORED, message=message, details=details)


def _case(example: object, names: Names) -> Case:
    file = fields.name(example, "file_path").removeprefix("./")
    name = fields.name(example, "full_description") or fields.name(example, "description")
    case = Case((), "", names.unique(name, file), file)
    case.line = fields.line(example, "line_number")
    case.duration = fields.seconds(example, "run_time", 1.0)
    status = fields.string(example, "status")
    case.outcome = _STATUS.get(status, Outcome.NOT_PROVEN)
    if case.outcome is Outcome.SKIPPED:
        case.message = fields.explain(fields.string(example, "pending_message"))[0]
    elif case.outcome is Outcome.NOT_PROVEN:
        case.message = f"the report says {status[:100]!r}, which proves nothing"
    elif error := fields.members(example, "exception"):
        said, kind = fields.string(error, "message").strip("\n"), fields.string(error, "class")
        case.message, _ = fields.explain(said or kind)
        case.details = cut_text("\n".join([f"{kind}: {said}", *fields.strings(error, "backtrace")]))
    return case
