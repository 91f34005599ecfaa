"""The only discovery of backends: built-ins in a dict, third parties by entry point.

A kind (``tools``, ``formats``, ``history`` …) names its built-ins as ``{"name": "module:attribute"}``, so that
a backend is imported when it is used and `--help` imports none. Third parties register under the
entry-point group ``ci_orchestrator.<kind>``; a built-in name cannot be taken over.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from ci_orchestrator.errors import UserError


def names(kind: str, builtins: Mapping[str, str]) -> tuple[str, ...]:
    """The names that `load` accepts for `kind`, sorted."""
    return tuple(sorted({*builtins, *(point.name for point in _points(kind))}))


def load(kind: str, name: str, builtins: Mapping[str, str]) -> Any:  # noqa: ANN401 - each kind knows its own
    """The object registered as `name`. Raises `UserError` when there is none, naming the nearest."""
    target = builtins.get(name)
    if target is not None:
        return _builtin(target)
    for point in _points(kind):
        if point.name == name:
            return point.load()
    known = names(kind, builtins)
    near = get_close_matches(name, known, n=1)
    some = f"one of: {', '.join(known)}" if known else f"none is installed: they register as ci_orchestrator.{kind}"
    hint = f"did you mean {near[0]!r}?" if near else some
    raise UserError(f"no {kind} backend is called {name!r}", fix=hint)


@lru_cache(maxsize=256)
def _builtin(target: str) -> Any:  # noqa: ANN401
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def _points(kind: str) -> tuple[Any, ...]:
    return _found(kind, entry_points, tuple(sys.path))


@lru_cache(maxsize=64)
def _found(kind: str, find: Callable[..., Iterable[Any]], _: tuple[str, ...]) -> tuple[Any, ...]:
    """What is installed where Python looks. Read once for each place: it takes 3 ms, and every result file asks."""
    return tuple(sorted(find(group=f"ci_orchestrator.{kind}"), key=lambda point: point.name))
