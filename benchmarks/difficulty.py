"""What it helps a win rate at equal length to know how difficult each question is, as AlpacaEval 2
does: `python -m benchmarks.difficulty` simulates it for the checkpoints of one run.

Difficulty is fitted as AlpacaEval 2 fits it: one logistic regression over all models, with a
constant and a slope for length of each model, and one weight for each question.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit
from scipy.stats import norm

from meteor.evaluation.style import length_controlled, logistic

Array = NDArray[np.float64]
SAMPLES = 200
RIDGE = 1.0
"""Standard deviation of the normal prior of all weights of the joint fit."""


@dataclass(frozen=True)
class Judged:
    """One model's comparisons: the place of each question, how much longer its answer is (squashed
    by tanh), and its share.
    """

    places: NDArray[np.int64]
    longer: Array
    shares: Array


def difficulty(models: Sequence[Judged], questions: int) -> Array:
    """How easily models win on each question, in log-odds about zero."""
    from sklearn.linear_model import LogisticRegression

    own, every = len(models), [np.full(len(m.shares), place) for place, m in enumerate(models)]
    model = np.concatenate(every)
    place = np.concatenate([m.places for m in models])
    shares = np.concatenate([m.shares for m in models])
    row, one = np.arange(len(shares)), np.ones(len(shares))
    features = sparse.csr_matrix(
        (
            np.concatenate([np.concatenate([m.longer for m in models]), one, one]),
            (np.tile(row, 3), np.concatenate([model, own + model, 2 * own + place])),
        ),
        shape=(len(shares), 2 * own + questions),
    )
    fit = LogisticRegression(C=RIDGE**2, fit_intercept=False, max_iter=2000, tol=1e-6).fit(
        sparse.vstack([features, features]).tocsr(),
        np.repeat([1, 0], len(shares)),
        sample_weight=np.concatenate([shares, 1 - shares]),
    )
    weights = np.asarray(fit.coef_[0][2 * own :], dtype=np.float64)
    ease: Array = weights - weights.mean()
    return ease


def at_equal_length(model: Judged, ease: Array) -> float:
    """The win rate at equal length, with the difficulty of each question beside the length."""
    known = ease[model.places]
    fit = logistic(np.stack([model.longer, known], axis=1), model.shares, None)
    return float(expit(fit.weights[0] + fit.weights[2] * known).mean())


def run(rng: np.random.Generator, questions: int, alike: float) -> tuple[list[Judged], float]:
    """Four checkpoints whose answers are about 40 words longer, to a judge that likes length, and
    the win rate at equal length of each. `alike` is how far lengths and verdicts of one question
    go together beyond its difficulty: 0 for unrelated models.
    """
    ease = rng.normal(0, 1.4, questions)
    places, own = np.arange(questions), (4, questions)
    shared, chance = rng.normal(0, 1, questions), rng.normal(0, 1, questions)
    apart = np.sqrt(1 - alike)
    words = 40 + 40 * (np.sqrt(alike) * shared + apart * rng.normal(0, 1, own))
    longer = np.tanh(words / np.sqrt((words**2).mean(axis=1, keepdims=True)))
    luck = norm.cdf(np.sqrt(alike) * chance + apart * rng.normal(0, 1, own))
    shares = (luck < expit(ease + 3 * longer)).astype(float)
    return [Judged(places, longer[n], shares[n]) for n in range(4)], float(expit(ease).mean())


def main() -> None:
    """Print how far the figure is off without and with the difficulty from three others."""
    print("| questions | checkpoints | bias, error | with the difficulty from three others |")
    print("| --- | --- | --- | --- |")
    for questions in (40, 200):
        for alike, name in ((0.0, "unrelated"), (0.8, "one descends from the other")):
            rng, off = np.random.default_rng(questions), []
            for _ in range(SAMPLES):
                (first, *others), truth = run(rng, questions, alike)
                plain = length_controlled(
                    first.shares.tolist(),
                    np.rint(1000 * np.arctanh(first.longer)).astype(int).tolist(),
                )
                if plain is None:
                    continue
                known = at_equal_length(first, difficulty(others, questions))
                off.append((plain.value - truth, known - truth))
            bias, error = np.mean(off, axis=0), np.sqrt(np.mean(np.square(off), axis=0))
            cells = " | ".join(f"{b:+.3f}, {e:.3f}" for b, e in zip(bias, error, strict=True))
            print(f"| {questions} | {name} | {cells} |")


if __name__ == "__main__":
    main()
