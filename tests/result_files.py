"""Short ways for tests of result formats to read a text written in the test."""

from __future__ import annotations

import io

from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case, Item, ReadWarning


def items(text: str | bytes, name: str) -> list[Item]:
    """All items of a file of the format `name`."""
    return list(formats.read(io.BytesIO(text.encode() if isinstance(text, str) else text), "r.xml", name=name))


def cases(text: str | bytes, name: str) -> list[Case]:
    """The cases of a file of which nothing is to be warned."""
    found = items(text, name)
    assert [item for item in found if isinstance(item, ReadWarning)] == []
    return [item for item in found if isinstance(item, Case)]


def warnings(text: str | bytes, name: str) -> list[str]:
    """What is warned of, in words."""
    return [item.what for item in items(text, name) if isinstance(item, ReadWarning)]
