"""Our results as objects of the `junitparser` package, and back, so that tools built on it plug in.

The bridge is the file format itself: what crosses it is exactly what a file would carry.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Protocol

from ci_orchestrator.errors import MissingPartError
from ci_orchestrator.results.formats.base import Case, Item, ReadWarning, to_results
from ci_orchestrator.results.formats.junit_writer import write_junit
from ci_orchestrator.results.formats.tests.junit import parse
from ci_orchestrator.results.merge import merge
from ci_orchestrator.results.model import TestResult

if TYPE_CHECKING:
    from junitparser import JUnitXml


class Written(Protocol):
    """What is asked of junitparser's objects: ``JUnitXml`` and ``TestSuite`` have it."""

    def tostring(self) -> bytes | str:
        """The element as XML."""


def to_junitparser(results: Iterable[TestResult]) -> JUnitXml:
    """`results` as a ``junitparser.JUnitXml``. Raises `MissingPartError` when the package is not installed."""
    try:
        from junitparser import JUnitXml  # noqa: PLC0415  optional: loaded when used
    except ImportError:
        raise MissingPartError(
            "the package junitparser is not installed", fix="pip install 'ci-orchestrator[junitparser]'"
        ) from None
    out = BytesIO()
    write_junit(results, out)
    return JUnitXml.fromstring(out.getvalue())


def from_junitparser(xml: Written, *, suite: str = "") -> list[TestResult]:
    """The tests of a ``junitparser.JUnitXml`` or ``TestSuite``, one result a test, sorted by id.

    `suite` replaces the name of the outermost test suite in the ids. What cannot be taken as it is is warned of
    (`UserWarning`). Raises `ResultsError` when the object holds what XML cannot.
    """
    written = xml.tostring()
    data = written.encode() if isinstance(written, str) else written
    return list(merge(to_results(_cases(parse(BytesIO(data), "junitparser object")), suite)))


def _cases(items: Iterable[Item]) -> Iterator[Case]:
    for item in items:
        if isinstance(item, Case):
            yield item
        elif isinstance(item, ReadWarning):
            warnings.warn(str(item), stacklevel=4)
