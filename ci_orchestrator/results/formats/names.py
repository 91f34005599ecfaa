"""How the name of a test is put together, and tests that bear the same one are told apart."""

from __future__ import annotations

from collections import Counter

TITLES = " › "
"""Between the titles of the groups and of the test, as jest and Playwright print them."""

ATTEMPTS = 100
"""Attempts kept of one test where a tool only counts them: more are no retries, but a damaged file."""


class Names:
    """For tools that never tell a test twice: a second test of the same name in a file is another test.

    Else a failure and a pass under one name would look like one test that passed when tried again. The later ones get
    their count after the name, in the file's order: ``name``, ``name (2)``.
    """

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str]] = Counter()

    def unique(self, name: str, file: str = "") -> str:
        """`name`, or with its count when it was there before in `file`."""
        while True:
            self._seen[file, name] += 1
            count = self._seen[file, name]
            if count == 1:
                return name
            name = f"{name} ({count})"
