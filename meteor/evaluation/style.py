"""What a judge likes beside what is said: length, lists, headings, code, bold.

`length_controlled` is the win rate at equal length; `style` says for each mark of style how often
the answer with more of it wins, and what is left of that beside the other marks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meteor.evaluation.intervals import Clusters, Interval, Z, share_interval

PRIOR = 5.0
"""Standard deviation of the weak normal prior of a slope: it keeps the slope finite where length
separates wins from losses, and takes nothing that 20 questions would notice."""
ONE_SIDED = 0.95
"""Where one side is longer in a larger share of the questions, equal length was never seen."""
MARKS = {
    "words": re.compile(r"\w+"),
    "list items": re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+\S", re.MULTILINE),
    "headings": re.compile(r"^\s{0,3}#{1,6}\s+\S", re.MULTILINE),
    "code blocks": re.compile(r"^\s*```\s*\w*\s*\n", re.MULTILINE),
    "bold": re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__"),
}
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Controlled:
    """A win rate at equal length, with its 95 % interval."""

    value: float
    interval: Interval


def length_controlled(
    shares: Sequence[float], longer: Sequence[int], clusters: Clusters = None
) -> Controlled | None:
    """The win rate that a logistic regression on the difference in words (over its root mean
    square, squashed by tanh) expects at equal length; None where one side is nearly always longer.
    """
    if not shares:
        return None
    mean = sum(shares) / len(shares)
    if len(set(shares)) == 1 or not any(longer):
        return Controlled(mean, share_interval(shares, clusters))
    if max(sum(by > 0 for by in longer), sum(by < 0 for by in longer)) > ONE_SIDED * len(longer):
        return None
    by = np.asarray(longer, dtype=np.float64)
    features = np.tanh(by / np.sqrt((by**2).mean()))[:, None]
    fit = logistic(features, np.asarray(shares), clusters)
    return Controlled(fit.share(0), fit.interval(0))


@dataclass(frozen=True)
class Text:
    """Two answers to one question as a judge saw them: what ours got, and whose match it is."""

    share: float
    ours: str
    theirs: str
    match: str = ""
    source: str = ""


@dataclass(frozen=True)
class Liked:
    """What one mark does: `differ` texts have more of it than the other, of which `more_wins` win
    (ties half); `pull` is what the answer with it gets from one without (`words`: from one half as
    long), where both are alike in the other marks and the checkpoints are equal.
    """

    mark: str
    differ: int
    more_wins: float | None
    pull: float | None
    low: float | None
    high: float | None


def style(texts: Sequence[Text]) -> list[Liked]:
    """What a judge likes, a row for each mark. Lists, headings and the like stand in the regression
    as (a - b) / (a + b), as in Arena-Hard's style control, with one intercept for each two
    checkpoints, so that a better model that writes more lists is not taken for a love of lists.
    """
    shares = np.asarray([text.share for text in texts])
    more = np.asarray([differences(text.ours, text.theirs) for text in texts])
    used = [n for n in range(len(MARKS)) if len(texts) and np.any(more[:, n])]
    fit = None
    if used and len(set(shares)) > 1:
        groups = sorted({text.match for text in texts})
        dummies = np.asarray([[float(text.match == name) for name in groups[1:]] for text in texts])
        features = np.concatenate([more[:, used], dummies.reshape(len(texts), -1)], axis=1)
        fit = logistic(features, shares, [text.source for text in texts])
    rows = []
    for place, mark in enumerate(MARKS):
        by = more[:, place] if len(texts) else shares
        won = np.where(by > 0, shares, 1 - shares)[by != 0]
        share = float(won.mean()) if won.size else None
        if fit is None or place not in used:
            rows.append(Liked(mark, won.size, share, None, None, None))
            continue
        at, far = 1 + used.index(place), 1 / 3 if mark == "words" else 1.0
        rows.append(Liked(mark, won.size, share, fit.share(at, far), *fit.interval(at, far)))
    return rows


def style_controlled(shares: Sequence[float], more: Sequence[Sequence[float]]) -> float | None:
    """The win rate that is expected where both answers are alike in all marks (`more` has their
    differences); None where one side nearly always has more of one.
    """
    if len(set(shares)) < 2:
        return sum(shares) / len(shares) if shares else None
    known = np.asarray(more)
    used = known[:, np.any(known, axis=0)]
    if not used.size:
        return sum(shares) / len(shares)
    if max(*(used > 0).mean(axis=0), *(used < 0).mean(axis=0)) > ONE_SIDED:
        return None
    return logistic(used, np.asarray(shares), None).share(0)


def differences(ours: str, theirs: str) -> list[float]:
    """How much more of each mark our answer has: (a - b) / (a + b), 0 where neither has any."""
    found = []
    for mark in MARKS.values():
        a, b = len(mark.findall(ours)), len(mark.findall(theirs))
        found.append((a - b) / (a + b) if a + b else 0.0)
    return found


@dataclass(frozen=True)
class Fit:
    """A logistic regression: its intercept and slopes, with their standard errors."""

    weights: Matrix
    errors: Matrix

    def share(self, place: int, far: float = 1.0) -> float:
        """What a weight alone comes to, times `far`, as a share."""
        return _logistic(far * float(self.weights[place]))

    def interval(self, place: int, far: float = 1.0) -> Interval:
        """Its 95 % interval."""
        reach = Z * float(self.errors[place])
        middle = float(self.weights[place])
        return _logistic(far * (middle - reach)), _logistic(far * (middle + reach))


def logistic(features: Matrix, shares: Matrix, clusters: Clusters) -> Fit:
    """Regress shares on features, with a weak normal prior on the slopes and none on the intercept
    (scikit-learn). The errors are the larger of those of the model and, where questions share a
    source, those between sources.
    """
    from sklearn.linear_model import LogisticRegression

    # Each question stands twice, as won and as lost, weighted with its share.
    model = LogisticRegression(C=PRIOR**2, tol=1e-8, max_iter=1000).fit(
        np.concatenate([features, features]),
        np.repeat([1, 0], len(shares)),
        sample_weight=np.concatenate([shares, 1 - shares]),
    )
    known = np.concatenate([np.ones((len(shares), 1)), features], axis=1)
    weights = np.concatenate([model.intercept_, model.coef_[0]])
    expected = 1 / (1 + np.exp(-known @ weights))
    prior = np.diag([0.0] + [PRIOR**-2] * features.shape[1])
    inverse = np.linalg.pinv(known.T @ (known * (expected * (1 - expected))[:, None]) + prior)
    variance = np.diag(inverse)
    if clusters is not None and len(set(clusters)) < len(shares):
        names = list(dict.fromkeys(clusters))
        member = np.asarray([[float(own == name) for own in clusters] for name in names])
        scores = member @ (known * (shares - expected)[:, None])
        between = inverse @ (scores.T @ scores) @ inverse * len(names) / max(len(names) - 1, 1)
        variance = np.maximum(variance, np.diag(between))
    return Fit(weights, np.sqrt(variance))


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
