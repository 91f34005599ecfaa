"""How much of something a suite asks for, at the least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ci_orchestrator.capabilities.matching import parse_requirement

_AT_LEAST = frozenset({">=", ">", "=="})


def least(requires: Mapping[str, Sequence[object]], name: str, default: float) -> float:
    """The smallest amount of the capability `name` (``cpu``, ``memory`` in bytes) that meets `requires`.

    `default` when it asks for none, or only for less than something.
    """
    if name not in requires:
        return default
    floors = []
    for every in parse_requirement(name, requires[name]).alternatives:
        values = [one.value for one in every if one.sign in _AT_LEAST]
        floors.append(max((float(value) for value in values if isinstance(value, (int, float))), default=default))
    return min(floors, default=default)
