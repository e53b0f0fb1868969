"""How far raters agree beyond chance: Cohen's kappa of two, Krippendorff's alpha of any number."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from meteor.evaluation.intervals import Clusters, Interval, chance_corrected


@dataclass(frozen=True)
class Agreed:
    """A coefficient of agreement: 1 is full agreement, 0 what chance alone would give."""

    value: float
    interval: Interval

    def __str__(self) -> str:
        low, high = self.interval
        known = "" if low is None or high is None else f" ({low:.2f} to {high:.2f})"
        return f"{self.value:.3f}{known}"


def kappa(first: Sequence[str], second: Sequence[str], clusters: Clusters = None) -> Agreed | None:
    """Cohen's kappa of two raters over the same rows; None where chance alone would agree."""
    from sklearn.metrics import cohen_kappa_score

    if not first or len({*first, *second}) < 2:
        return None
    value = float(cohen_kappa_score(list(first), list(second)))
    same = [float(one == other) for one, other in zip(first, second, strict=True)]
    ours, theirs = Counter(first), Counter(second)
    chance = sum(ours[word] * theirs[word] for word in ours) / len(same) ** 2
    return Agreed(value, chance_corrected(same, chance, clusters))


def alpha(units: Sequence[Sequence[str]], clusters: Clusters = None) -> Agreed | None:
    """Krippendorff's alpha for names: `units` has the values that the raters gave to each unit,
    missing ones left out. None where fewer than two values can be compared, or all are one.
    """
    kept = [place for place, unit in enumerate(units) if len(unit) > 1]
    named = None if clusters is None else [clusters[place] for place in kept]
    known = [units[place] for place in kept]
    count = Counter(value for unit in known for value in unit)
    total = count.total()
    if len(count) < 2:
        return None
    chance = sum(n * (n - 1) for n in count.values()) / (total * (total - 1))
    same = [
        sum(one == other for one, other in permutations(unit, 2)) / (len(unit) * (len(unit) - 1))
        for unit in known
    ]
    observed = sum(share * len(unit) for share, unit in zip(same, known, strict=True)) / total
    value = (observed - chance) / (1 - chance)
    return Agreed(value, chance_corrected(same, chance, named))
