"""From preferences to a table: win rates with what a sceptic asks for beside them.

A question counts with its share over both orders (a verdict that flips is a tie). Every figure is
over questions: the interval by bootstrap, the sign test over the questions that are no tie.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from meteor.core.judgements import ASPECTS, Aspect, Preference
from meteor.core.records import Answer

ALL = "all"
"""Stands for every category."""
RESAMPLES = 2000


@dataclass(frozen=True)
class WinRate:
    """How one checkpoint fares against another in one dimension; a row of the table.

    - questions: compared and judged; same: of these, answers of one text, a tie without asking
    - win_rate: mean share, ties as half; low, high: its 95 % bootstrap interval over questions
    - wins, ties, losses: questions; p: two-sided sign test over wins and losses
    - flip_rate: share of the asked questions whose verdict changed with the order
    - unjudged: questions without a verdict; lowest, highest: win_rate if all of them were lost, won
    - words, against_words: mean lengths; win_rate_shorter, win_rate_longer: over the questions
      where the checkpoint's answer is the shorter, the longer; longer_wins: share of decided
      questions that the longer answer won
    - length_controlled: win_rate at equal length, by logistic regression (category `all` only)
    """

    model: str
    against: str
    category: str
    dimension: Aspect
    questions: int
    same: int
    win_rate: float | None
    low: float | None
    high: float | None
    wins: int
    ties: int
    losses: int
    p: float | None
    flip_rate: float | None
    unjudged: int
    lowest: float | None
    highest: float | None
    words: float | None
    against_words: float | None
    win_rate_shorter: float | None
    win_rate_longer: float | None
    longer_wins: float | None
    length_controlled: float | None

    def row(self) -> dict[str, object]:
        """The row as it is written, to five digits that count."""
        return {
            name: float(f"{value:.5g}") if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def win_rates(
    model: str, answers: Mapping[str, Sequence[Answer]], preferences: Sequence[Preference]
) -> Iterator[WinRate]:
    """The rows of one checkpoint: each opponent, all questions and each category, each dimension
    and overall. `answers` are those of all checkpoints, by name.
    """
    ours = {row.id: row for row in answers[model]}
    for against in dict.fromkeys(row.against for row in preferences):
        theirs = {row.id: row for row in answers[against]}
        judged = {row.id: row for row in preferences if row.against == against}
        both = [name for name in ours if name in theirs]
        categories = sorted({ours[name].question.category for name in both} - {""})
        for category in (ALL, *categories):
            rows = [n for n in both if category in (ALL, ours[n].question.category)]
            lengths = {n: (_words(ours[n]), _words(theirs[n])) for n in rows}
            for aspect in ASPECTS:
                yield win_rate(model, against, category, aspect, lengths, judged)


def win_rate(
    model: str,
    against: str,
    category: str,
    aspect: Aspect,
    lengths: Mapping[str, tuple[int, int]],
    judged: Mapping[str, Preference],
) -> WinRate:
    """One row. `lengths` has the words of both answers for every question that was compared."""
    known = [judged[name] for name in lengths if name in judged]
    shares = [row.share(aspect) for row in known]
    asked = [row for row in known if not row.same]
    unjudged = len(lengths) - len(known)
    wins, losses = sum(s > 0.5 for s in shares), sum(s < 0.5 for s in shares)
    longer = [lengths[row.id][0] - lengths[row.id][1] for row in known]
    low, high = interval(shares)
    pairs = list(zip(shares, longer, strict=True))
    return WinRate(
        model=model,
        against=against,
        category=category,
        dimension=aspect,
        questions=len(known),
        same=len(known) - len(asked),
        win_rate=mean(shares),
        low=low,
        high=high,
        wins=wins,
        ties=len(shares) - wins - losses,
        losses=losses,
        p=sign_test(wins, losses),
        flip_rate=mean([float(row.flips(aspect)) for row in asked]),
        unjudged=unjudged,
        lowest=sum(shares) / len(lengths) if lengths else None,
        highest=(sum(shares) + unjudged) / len(lengths) if lengths else None,
        words=mean([float(ours) for ours, _ in lengths.values()]),
        against_words=mean([float(theirs) for _, theirs in lengths.values()]),
        win_rate_shorter=mean([share for share, by in pairs if by < 0]),
        win_rate_longer=mean([share for share, by in pairs if by > 0]),
        longer_wins=mean([float((s > 0.5) == (by > 0)) for s, by in pairs if by and s != 0.5]),
        length_controlled=length_controlled(shares, longer) if category == ALL else None,
    )


def mean(values: Sequence[float]) -> float | None:
    """The mean; None for no values."""
    return sum(values) / len(values) if values else None


def interval(shares: Sequence[float]) -> tuple[float | None, float | None]:
    """The 95 % percentile bootstrap interval of the mean share; one question says nothing."""
    if len(shares) < 2:
        return (0.0, 1.0) if shares else (None, None)
    values = np.asarray(shares)
    picks = np.random.default_rng(0).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.quantile(values[picks].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def sign_test(wins: int, losses: int) -> float | None:
    """How likely a split at least as uneven is by chance, ties left out; None where all tie."""
    from scipy.stats import binomtest

    return float(binomtest(wins, wins + losses).pvalue) if wins + losses else None


def length_controlled(shares: Sequence[float], longer: Sequence[int]) -> float | None:
    """The win rate that a logistic regression on the difference in words (in standard deviations
    from zero, squashed by tanh as in AlpacaEval 2) expects where both answers are equally long.
    """
    if not shares or len(set(shares)) == 1 or not any(longer):
        return mean(shares)
    from sklearn.linear_model import LogisticRegression

    by = np.asarray(longer, dtype=np.float64)
    features = np.tanh(by / np.sqrt((by**2).mean()))[:, None]
    won = np.asarray(shares)
    # Each question stands twice, as won and as lost, weighted with its share.
    model = LogisticRegression().fit(
        np.concatenate([features, features]),
        np.repeat([1, 0], len(won)),
        sample_weight=np.concatenate([won, 1 - won]),
    )
    return float(model.predict_proba([[0.0]])[0, 1])


def kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Cohen's kappa of two raters over the same rows; None where chance alone would agree."""
    from sklearn.metrics import cohen_kappa_score

    if not first or len({*first, *second}) < 2:
        return None
    return float(cohen_kappa_score(list(first), list(second)))


def _words(answer: Answer) -> int:
    return len(answer.text.split())
