"""Whether two samples come from one and the same distribution: two tests, each as its two-sided probability.

A small probability says that a difference as large as this one would be rare if nothing had changed.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Sequence
from math import comb, erfc, exp, hypot, lgamma, log, log1p, sqrt

EXACT = 50
"""Values on both sides together up to which the rank test is exact; as benchstat has it without ties."""

_CELL = 64  # bits of one count: comb(50, 25) has 47
_TINY, _PRECISE, _MOST_TERMS = 1e-300, 1e-15, 10_000


def mann_whitney(one: Sequence[float], other: Sequence[float]) -> float:
    """The U test of Mann and Whitney (Ann. Math. Stat. 18, 1947) on two samples that are not empty; 1 when all values
    are equal.

    With up to `EXACT` values it is exact, ties included: the permutation distribution of the rank sum, counted by the
    shift algorithm of Streitberg and Röhmel (Stat. Software Newsletter 12, 1986). With more it is the normal
    approximation with corrections for ties and continuity (Lehmann, Nonparametrics, 1975, 1.4).
    """
    ranks, ties = _ranks([*one, *other])
    rank_sum, total = sum(ranks[: len(one)]), len(ranks)
    expected = len(one) * (total + 1)  # of the doubled ranks
    distance = abs(rank_sum - expected)
    if total <= EXACT:
        return _exact(ranks, len(one), expected, distance)
    # the variance of the rank sum; twice the ranks make four times of it
    variance = len(one) * len(other) / 12 * (total + 1 - sum(tie**3 - tie for tie in ties) / (total * (total - 1)))
    if variance <= 0:
        return 1.0
    return erfc(max(0.0, distance / 2 - 0.5) / sqrt(2 * variance))


def least_probability(one: int, other: int) -> float:
    """The smallest that `mann_whitney` can come to with so many values on each side: all of one above the other."""
    return min(1.0, 2 / comb(one + other, one))


def welch(one: tuple[float, float, int], other: tuple[float, float, int]) -> float:
    """Welch's t test (Biometrika 34, 1947) on two (mean, standard deviation, samples); the samples at least 2 each.

    Degrees of freedom by Satterthwaite (Biometrics Bulletin 2, 1946).
    """
    errors = [deviation / sqrt(samples) for _, deviation, samples in (one, other)]
    error = hypot(*errors)
    if error == 0:
        return float(one[0] == other[0])
    shares = [(part / error) ** 2 for part in errors]
    freedom = 1 / sum(share**2 / (samples - 1) for share, (_, _, samples) in zip(shares, (one, other), strict=True))
    return _student(abs(one[0] - other[0]) / error, freedom)


def _ranks(values: Sequence[float]) -> tuple[list[int], list[int]]:
    """Twice the rank of each value (equal ones share their mean rank, so twice it is whole), and the sizes of ties."""
    counts = Counter(values)
    doubled: dict[float, int] = {}
    below = 0
    for value in sorted(counts):
        doubled[value] = 2 * below + counts[value] + 1
        below += counts[value]
    return [doubled[value] for value in values], list(counts.values())


def _exact(ranks: Sequence[int], size: int, expected: int, distance: int) -> float:
    """The share of all choices of `size` ranks whose sum is at least as far from the expected one.

    ``chosen[k]`` counts the choices of k ranks by their sum, as the cells of one long number: to add a rank to all of
    them is one shift.
    """
    chosen = [1] + [0] * size
    for rank in ranks:
        for k in range(size, 0, -1):
            chosen[k] += chosen[k - 1] << (_CELL * rank)
    cells = (sum(ranks) + 1) * _CELL // 8
    counts = array("Q", chosen[size].to_bytes(cells, sys.byteorder))
    if sys.byteorder == "big":
        counts.reverse()
    far = sum(count for rank_sum, count in enumerate(counts) if count and abs(rank_sum - expected) >= distance)
    return far / comb(len(ranks), size)


def _student(t: float, freedom: float) -> float:
    """The two-sided tail of Student's distribution: I(df / (df + t²); df / 2, 1 / 2)  (DLMF 8.17, Abramowitz and
    Stegun 26.7.1)."""
    ratio = t / sqrt(freedom)
    x = 1 / (1 + ratio * ratio) if ratio < 1e150 else 0.0
    return _beta(x, freedom / 2, 0.5)


def _beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by the side of it on which the fraction converges fast."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return min(1.0, front * _fraction(x, a, b) / a)
    return max(0.0, 1 - front * _fraction(1 - x, b, a) / b)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method as of Thompson and
    Barnett (J. Comput. Phys. 64, 1986)."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        change = 1.0
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _not_zero(1 + term * d)
            c = _not_zero(1 + term / c)
            change = c * d
            value *= change
        if abs(change - 1) < _PRECISE:
            break
    return value


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
