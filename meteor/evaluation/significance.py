"""Tests of a difference, and what is left of many of them: exact where counts allow it."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from meteor.evaluation.intervals import Clusters, Interval, difference_interval

RESAMPLES = 9999


def sign_test(wins: int, losses: int) -> float | None:
    """How likely a split at least as uneven is by chance, ties left out; None where all tie."""
    from scipy.stats import binomtest

    return float(binomtest(wins, wins + losses).pvalue) if wins + losses else None


def mcnemar(ours: Sequence[bool], theirs: Sequence[bool]) -> float | None:
    """McNemar's exact test of two shares of right answers to the same questions."""
    pairs = list(zip(ours, theirs, strict=True))
    return sign_test(
        sum(one and not other for one, other in pairs),
        sum(other and not one for one, other in pairs),
    )


@dataclass(frozen=True)
class Difference:
    """A mean paired difference with its 95 % interval, and the p value of a permutation test."""

    mean: float | None
    interval: Interval
    p: float | None


def paired(ours: Sequence[float], theirs: Sequence[float], clusters: Clusters = None) -> Difference:
    """Whether two rows of scores of the same questions differ: the signs of the differences are
    exchanged at random (all ways where these are few), those of one source together.
    """
    from scipy.stats import permutation_test

    apart = [one - other for one, other in zip(ours, theirs, strict=True)]
    if not apart:
        return Difference(None, (None, None), None)
    sums: dict[Hashable, float] = {}
    for name, value in zip(clusters or range(len(apart)), apart, strict=True):
        sums[name] = sums.get(name, 0.0) + value
    known = np.asarray([value for value in sums.values() if abs(value) > 1e-12])
    mean = float(np.mean(apart))
    if len(known) < 2:
        return Difference(mean, difference_interval(apart, clusters), 1.0 if len(known) else None)
    test = permutation_test(
        (known,),
        np.sum,
        permutation_type="samples",
        n_resamples=RESAMPLES,
        vectorized=True,
        batch=1000,
        rng=np.random.default_rng(0),
    )
    return Difference(mean, difference_interval(apart, clusters), float(test.pvalue))


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Holm's adjusted p values, in the order given; those that are None do not count.

    The k-th smallest of m is multiplied by m - k + 1, never below one before it, at most 1.
    """
    known = sorted((value, place) for place, value in enumerate(values) if value is not None)
    adjusted: list[float | None] = [None] * len(values)
    least = 0.0
    for rank, (value, place) in enumerate(known):
        least = max(least, min(1.0, value * (len(known) - rank)))
        adjusted[place] = least
    return adjusted
