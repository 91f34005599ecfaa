"""Python's garbage collector, kept away from millions of values."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Within it nobody looks for garbage that holds itself in a circle. Also a decorator.

    Results are values: they refer to nothing that refers to them, and go when the last who holds them does. The
    collector cannot know; each time there are a quarter more objects it walks over all of them, to find none to free.
    For a report on a million tests that is a fifth of the time. What else is made on the way (templates, charts, the
    parsers of files) is little, or lets go by itself (`results.formats.xmlfeed`).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
