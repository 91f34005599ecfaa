"""What a benchmark measured, whatever tool ran it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SAMPLES_KEPT = 1_000
"""Raw samples kept of one benchmark: evenly spread over all that the tool wrote."""


class Better(StrEnum):
    """Which way a value should go."""

    SMALLER = "smaller"
    BIGGER = "bigger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One benchmark. (`group`, `name`, `unit`) is its identity between builds.

    `value` is what the tool itself calls the result (its mean, median or estimate), in `unit`; `spread` is one standard
    deviation in the same unit, 0 when the tool does not tell; `samples` how many measurements that rests on (0:
    unknown), `values` these themselves where the tool writes them (at most `SAMPLES_KEPT`). `group`: file, class or
    package, where the tool has one.
    """

    name: str
    value: float
    unit: str
    better: Better = Better.SMALLER
    group: str = ""
    spread: float = 0.0
    samples: int = 0
    values: tuple[float, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """Its identity between builds."""
        return (self.group, self.name, self.unit)
