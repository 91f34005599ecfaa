"""Between which bounds a rate lies, by counts: exact and one-sided (Clopper and Pearson, Biometrika 26, 1934).

With 59 samples and no error the rate is below 5 % with 95 % confidence, with 58 it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, lgamma, log

_STEPS = 60
"""Halvings of [0, 1]: more than a float can tell apart."""
_NEGLIGIBLE = 1e-18
"""The part of a sum that changes nothing in it any more."""


def fewest_samples(rate: float, confidence: float) -> int:
    """The fewest samples that show, when none of them is an error, that the true rate is below `rate`."""
    return _ceil_log(1 - confidence, 1 - rate)


def upper_bound(errors: int, samples: int, confidence: float) -> float:
    """The highest rate under which as few errors as these are not surprising; 1 without samples."""
    if errors >= samples:
        return 1.0
    return _solve(lambda rate: _at_most(errors, samples, rate) > 1 - confidence)


def lower_bound(errors: int, samples: int, confidence: float) -> float:
    """The lowest rate under which as many errors as these are not surprising; 0 without errors."""
    if errors <= 0:
        return 0.0
    return _solve(lambda rate: 1 - _at_most(errors - 1, samples, rate) < 1 - confidence)


def _ceil_log(target: float, base: float) -> int:
    """The smallest n with base**n < target."""
    n = max(1, int(log(target) / log(base)) - 1)
    while base**n >= target:
        n += 1
    return n


def _solve(below: Callable[[float], bool]) -> float:
    """Where `below` turns from true to false, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if below(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(errors: int, samples: int, rate: float) -> float:
    """The binomial chance of at most so many errors; of its two tails the smaller one is summed."""
    if not 0 < rate < 1:
        return 1.0 if rate <= 0 or errors >= samples else 0.0
    if errors < samples * rate:
        return _tail(errors, samples, rate, 1 - rate)
    return 1 - _tail(samples - errors - 1, samples, 1 - rate, rate)


def _tail(most: int, samples: int, yes: float, no: float) -> float:
    """The chance of at most `most`, which are fewer than expected: the terms fall from the last one down."""
    term = exp(_log_choose(samples, most) + most * log(yes) + (samples - most) * log(no)) if most >= 0 else 0.0
    total = 0.0
    for k in range(most, -1, -1):
        total += term
        if term <= total * _NEGLIGIBLE:
            break
        term *= k / (samples - k + 1) * (no / yes)
    return total


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
