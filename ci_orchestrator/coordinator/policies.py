"""What to do after an attempt: small tables and formulas, no state."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from ci_orchestrator.results.model import Cause, Outcome


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off with jitter: attempt n waits `first * 2**(n-1)`, at most `most`, times 0.5 to 1.5.

    The jitter is a hash of `seed` and the test, so that the same run waits the same, and a thousand tests that failed
    together do not come back together (full jitter after Brooker, "Exponential Backoff And Jitter", halved).
    """

    first: float = 0.2
    most: float = 30.0
    seed: str = ""

    def delay(self, test: str, number: int) -> float:
        """Seconds to wait after attempt `number` of `test`."""
        digest = hashlib.sha256(f"{self.seed}\0{test}\0{number}".encode("utf-8", "surrogatepass")).digest()
        jitter = 0.5 + int.from_bytes(digest[:8], "big") / 2**64
        return float(min(self.most, self.first * 2 ** min(number - 1, 30)) * jitter)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`max` further attempts after the first, for the causes in `when` only."""

    max: int = 1
    when: Collection[Cause] = frozenset({Cause.WORKER_LOST, Cause.INFRASTRUCTURE})

    def again(self, number: int, outcome: Outcome, cause: Cause) -> bool:
        """Whether attempt `number`, which ended so, is followed by another."""
        return outcome not in (Outcome.PASSED, Outcome.SKIPPED) and cause in self.when and number <= self.max
