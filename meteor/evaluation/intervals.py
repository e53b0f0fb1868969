"""95 % intervals that hold for few questions: of shares, mean scores, differences and agreement.

Questions of one source are no independent witnesses: where `clusters` names the source of each
value, spread is measured between sources (docs/evaluation.md has the coverage).
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from math import fsum, sqrt

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float | None, float | None]
Clusters = Sequence[Hashable] | None
Z = 1.959963984540054
"""The normal quantile of a two-sided 95 %."""
NONE: Interval = (None, None)
TINY = 1e-12
"""A variance below it is rounding."""


def share_interval(shares: Sequence[float], clusters: Clusters = None) -> Interval:
    """The interval of a mean of shares from 0 to 1: Wilson's, at the effective number."""
    if not shares:
        return NONE
    return _wilson(_mean(shares), effective_number(shares, clusters), Z)


def effective_number(shares: Sequence[float], clusters: Clusters = None) -> float:
    """Of how many independent wins and losses a mean of shares is as certain: ties make it more
    than the number of shares, shares of one source that go together make it less.
    """
    values, groups = _grouped(shares, clusters)
    mean = _mean(values)
    binary = mean * (1 - mean)
    spread = float(np.var(values, ddof=1)) if len(values) > 1 else 0.0
    alone = max(len(values), binary * len(values) / spread) if spread > TINY else len(values)
    if groups.size == len(values):
        return float(alone)
    variance = _variance(values, groups)
    together = max(groups.size, binary / variance) if variance > TINY else groups.size
    return float(min(alone, together))


def proportion_interval(hits: int, count: int) -> Interval:
    """Wilson's interval of hits among independent tries."""
    return _wilson(hits / count, count, Z) if count else NONE


def detectable(number: float) -> float:
    """The least lead over a half that so many independent questions can tell from chance: half the
    width of Wilson's interval there. 40 questions show 0.15, 400 show 0.05.
    """
    return Z / (2 * sqrt(number + Z * Z))


def score_interval(
    scores: Sequence[float], clusters: Clusters = None, low: float = 1.0, high: float = 10.0
) -> Interval:
    """The interval of a mean score on a scale from `low` to `high`; the quantile is Student's,
    since the spread of scores is not known from their mean. One score says nothing.
    """
    if len(scores) < 2:
        return (low, high) if scores else NONE
    parts = [(score - low) / (high - low) for score in scores]
    number = len(set(clusters)) if clusters is not None else len(scores)
    if number < 2:
        return low, high
    left, right = _wilson(_mean(parts), effective_number(parts, clusters), _student(number))
    return low + (high - low) * left, low + (high - low) * right


def difference_interval(differences: Sequence[float], clusters: Clusters = None) -> Interval:
    """Student's interval of a mean paired difference; None where the differences do not vary."""
    if not differences:
        return NONE
    values, groups = _grouped(differences, clusters)
    if groups.size < 2:
        return NONE
    error = sqrt(_variance(values, groups))
    if error == 0:
        return NONE
    mean, reach = _mean(values), _student(groups.size) * error
    return mean - reach, mean + reach


def chance_corrected(
    observed: Sequence[float], chance: float, clusters: Clusters = None
) -> Interval:
    """The interval of (o - c) / (1 - c), as Cohen's kappa and Krippendorff's alpha are: that of the
    observed agreement, the agreement by chance taken as known.
    """
    low, high = share_interval(observed, clusters)
    if low is None or high is None or chance >= 1:
        return NONE
    return (low - chance) / (1 - chance), (high - chance) / (1 - chance)


def _wilson(mean: float, number: float, z: float) -> tuple[float, float]:
    centre = (mean + z * z / (2 * number)) / (1 + z * z / number)
    reach = z / (1 + z * z / number)
    reach *= sqrt(mean * (1 - mean) / number + z * z / (4 * number * number))
    return min(max(centre - reach, 0.0), mean), max(min(centre + reach, 1.0), mean)


def _grouped(
    values: Sequence[float], clusters: Clusters
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The values, and for each cluster the sum of its values' distances from the mean, sorted, so
    that no figure depends on the order of the questions.
    """
    if clusters is None:
        clusters = range(len(values))
    mean, parts = _mean(values), defaultdict[Hashable, list[float]](list)
    for name, value in zip(clusters, values, strict=True):
        parts[name].append(value - mean)
    sums = sorted(fsum(part) for part in parts.values())
    return np.sort(np.asarray(values, dtype=np.float64)), np.asarray(sums)


def _variance(values: NDArray[np.float64], groups: NDArray[np.float64]) -> float:
    """The variance of the mean, from the spread between clusters."""
    if groups.size < 2:
        return 0.0
    return float(groups.size / (groups.size - 1) * (groups**2).sum() / len(values) ** 2)


def _mean(values: Sequence[float] | NDArray[np.float64]) -> float:
    """The same for any order of the values."""
    return fsum(values) / len(values)


def _student(number: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, number - 1))
