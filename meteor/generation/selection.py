"""One answer out of several samples: the likeliest, or the one that agrees most with the others.

Agreement is the overlap of words and of pairs of words, not nearness of embeddings: it costs no
second model, whose operations the answer's FLOPs would have to count, it works in any language,
and it is not the measure of the judge `reference`, which would then find what it looks for.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise


@dataclass(frozen=True)
class Sample:
    """One way to answer: what was thought before, whether it came to its end, its length, and the
    mean log-likelihood of its tokens in nats (0 where it was not asked for).
    """

    text: str
    whole: bool
    tokens: int
    likelihood: float = 0.0
    thought: str | None = None


def select(samples: Sequence[Sample], strategy: str) -> Sample:
    """The sample that a strategy keeps; the first of equals. Samples that came to their end and
    say something go before the others, which nothing can be learned from.
    """
    good = [sample for sample in samples if sample.whole and sample.text] or list(samples)
    if strategy == "best_of":
        return max(good, key=lambda sample: sample.likelihood)
    if strategy == "mbr":
        return good[most_agreed([sample.text for sample in good])]
    return good[0]


def most_agreed(texts: Sequence[str]) -> int:
    """Which text has the highest mean agreement with the others: the decision of minimum Bayes
    risk over samples (Eikema and Aziz 2020, arXiv 2005.10283, section 6).
    """
    counts = [_runs(text) for text in texts]

    def gain(number: int) -> float:
        others = counts[:number] + counts[number + 1 :]
        return sum(map(partial(agreement, counts[number]), others))

    return max(range(len(texts)), key=gain)


def agreement(one: tuple[Counter[str], ...], other: tuple[Counter[str], ...]) -> float:
    """Mean of the F1 of words and of pairs of words: 0 is nothing in common, 1 the same."""
    return sum(map(_f1, one, other)) / len(one)


def _runs(text: str) -> tuple[Counter[str], ...]:
    words = re.findall(r"\w+", text.lower())
    pairs = (f"{first} {second}" for first, second in pairwise(words))
    return Counter(words), Counter(pairs)


def _f1(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
