"""How often the 95 % intervals of evaluation hold the truth: `python -m benchmarks.intervals`.

Shares of independent questions are added up exactly (at some win rates, and over all from 0.05 to
0.95 beside other textbook intervals), all else is simulated (2,000 samples a line, fixed seeds).
Prints the tables of docs/evaluation.md.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import beta, multinomial

from meteor.evaluation.intervals import (
    Interval,
    Z,
    difference_interval,
    effective_number,
    score_interval,
)
from meteor.evaluation.intervals import share_interval as interval
from meteor.evaluation.raters import kappa
from meteor.evaluation.style import length_controlled

SAMPLES = 2000
SHARES = {  # loss, tie, win
    "0.05, no ties": (0.95, 0.0, 0.05),
    "0.5, no ties": (0.5, 0.0, 0.5),
    "0.75, no ties": (0.25, 0.0, 0.75),
    "0.9, no ties": (0.1, 0.0, 0.9),
    "0.95, no ties": (0.05, 0.0, 0.95),
    "0.05, few ties": (0.91, 0.08, 0.01),
    "0.5, half ties": (0.25, 0.5, 0.25),
    "0.75, 2/5 ties": (0.05, 0.4, 0.55),
    "0.95, few ties": (0.01, 0.08, 0.91),
}
RATES = np.arange(5, 96) / 100
TIED = {"no ties": 0.0, "half as many ties as can be": 0.5}
Sample = Callable[[np.random.Generator], tuple[Interval, float]]


def exactly(chances: tuple[float, float, float], number: int) -> tuple[float, float]:
    """Coverage and mean width over all ways that so many questions can come out."""
    truth = chances[1] / 2 + chances[2]
    covered = width = 0.0
    for lost in range(number + 1):
        for tied in range(number + 1 - lost) if chances[1] else (0,):
            won = number - lost - tied
            weight = multinomial.pmf((lost, tied, won), number, chances)
            if weight > 1e-7:
                low, high = interval([0.0] * lost + [0.5] * tied + [1.0] * won)
                assert low is not None and high is not None
                covered += weight * (low <= truth <= high)
                width += weight * (high - low)
    return covered, width


def everywhere(number: int, tied: float) -> Iterator[str]:
    """For each textbook interval its coverage at all win rates from 0.05 to 0.95: mean, least and
    largest, the share from 93 to 97 %, and the mean width. Ties are `tied` of the most that there
    can be at a win rate.
    """
    losses = range(number + 1)
    ways = [(lost, t) for lost in losses for t in (range(number + 1 - lost) if tied else (0,))]
    counts = np.asarray([(lost, t, number - lost - t) for lost, t in ways])
    shares = [[0.0] * lost + [0.5] * t + [1.0] * won for lost, t, won in counts.tolist()]
    ties = tied * 2 * np.minimum(RATES, 1 - RATES)
    chances = np.stack([1 - RATES - ties / 2, ties, RATES - ties / 2], axis=1)
    weights = np.stack([multinomial.pmf(counts, number, chance) for chance in chances])
    for name, method in METHODS.items():
        ends = np.asarray([method(own) for own in shares], dtype=np.float64)
        holds = (ends[:, 0] <= RATES[:, None]) & (RATES[:, None] <= ends[:, 1])
        covered = (weights * holds).sum(axis=1)
        within = ((covered >= 0.93) & (covered <= 0.97)).mean()
        width = (weights @ (ends[:, 1] - ends[:, 0])).mean()
        figures = " | ".join(f"{100 * v:.1f} %" for v in (covered.mean(), covered.min()))
        yield f"{name} | {figures} | {100 * covered.max():.1f} % | {within:.0%} | {width:.2f} |"


def agresti_coull(shares: list[float]) -> Interval:
    """Two wins and two losses more, and the plain interval of that; at the effective number."""
    number = effective_number(shares) + Z * Z
    middle = (float(np.mean(shares)) * (number - Z * Z) + Z * Z / 2) / number
    reach = Z * float(np.sqrt(middle * (1 - middle) / number))
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def jeffreys(shares: list[float]) -> Interval:
    """The middle 95 % of the beta distribution of half a win and half a loss more."""
    return _beta(shares, 0.5, 0.5)


def clopper_pearson(shares: list[float]) -> Interval:
    """The exact one, which never covers less than 95 % of independent wins and losses."""
    return _beta(shares, 0.0, 1.0)


def _beta(shares: list[float], less: float, more: float) -> Interval:
    number, mean = effective_number(shares), float(np.mean(shares))
    won, lost = mean * number, (1 - mean) * number
    low = float(beta.ppf(0.025, won + less, lost + more)) if won > 0 else 0.0
    high = float(beta.ppf(0.975, won + more, lost + less)) if lost > 0 else 1.0
    return low, high


METHODS: dict[str, Callable[[list[float]], Interval]] = {
    "Wilson (the one used)": interval,
    "Agresti-Coull": agresti_coull,
    "Jeffreys": jeffreys,
    "Clopper-Pearson": clopper_pearson,
}


def simulated(sample: Sample, seed: int) -> tuple[float, float, int]:
    """Coverage and mean width of an interval over samples, and how many had none."""
    rng = np.random.default_rng(seed)
    found = [sample(rng) for _ in range(SAMPLES)]
    known = [(low, high, truth) for (low, high), truth in found if None not in (low, high)]
    rows = np.asarray(known, dtype=np.float64)
    hit = (rows[:, 0] <= rows[:, 2]) & (rows[:, 2] <= rows[:, 1])
    return float(hit.mean()), float((rows[:, 1] - rows[:, 0]).mean()), SAMPLES - len(known)


def clustered(number: int, size: int, apart: bool) -> Sample:
    """Questions of sources of `size`, whose chances to be won vary by source (mean 0.7)."""

    def sample(rng: np.random.Generator) -> tuple[Interval, float]:
        names = [str(place // size) for place in range(number)]
        chance = np.repeat(rng.beta(0.7, 0.3, -(-number // size)), size)[:number]
        shares = (rng.random(number) < chance).astype(float).tolist()
        return interval(shares, None if apart else names), 0.7

    return sample


def scored(number: int) -> Sample:
    """Whole scores from 1 to 10, many of them at the top."""
    chances = np.array([1, 1, 1, 2, 3, 5, 9, 14, 12, 8]) / 56

    def sample(rng: np.random.Generator) -> tuple[Interval, float]:
        scores = rng.choice(np.arange(1.0, 11.0), number, p=chances)
        return score_interval(scores.tolist()), float(chances @ np.arange(1, 11))

    return sample


def paired(number: int) -> Sample:
    """Differences of two whole scores, 0.4 apart."""

    def sample(rng: np.random.Generator) -> tuple[Interval, float]:
        return difference_interval(np.rint(rng.normal(0.4, 1.5, number)).tolist()), 0.4

    return sample


def rated(number: int) -> Sample:
    """Two raters of two words who agree in 85 %, each with half of either word: kappa 0.7."""

    def sample(rng: np.random.Generator) -> tuple[Interval, float]:
        first = rng.integers(2, size=number)
        second = np.where(rng.random(number) < 0.85, first, 1 - first)
        found = kappa(first.astype(str).tolist(), second.astype(str).tolist())
        return (found.interval if found else (None, None)), 0.7

    return sample


def at_equal_length(number: int, ability: float, liking: float) -> Sample:
    """Answers about 40 words longer, to a judge that likes length by `liking`."""

    def sample(rng: np.random.Generator) -> tuple[Interval, float]:
        won, longer = drawn(rng, number, ability, liking)
        found = length_controlled(won, longer)
        return (found.interval if found else (None, None)), float(expit(ability))

    return sample


def drawn(
    rng: np.random.Generator, number: int, ability: float, liking: float
) -> tuple[list[float], list[int]]:
    """Shares and differences in words of so many questions."""
    longer = np.rint(rng.normal(40, 40, number))
    felt: NDArray[np.float64] = np.tanh(longer / np.sqrt((longer**2).mean()))
    won = (rng.random(number) < expit(ability + liking * felt)).astype(float)
    return won.tolist(), longer.astype(int).tolist()


def corrected() -> Iterator[str]:
    """What is left of length where it alone decides (the truth is 0.5), and where it does not."""
    yield "| questions | truth | likes length | mean win rate | mean at equal length | none |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for number in (10, 20, 40, 100, 400):
        for ability, liking in ((0.0, 3.0), (1.0, 0.0)):
            rng = np.random.default_rng(100 + number)
            rows = [drawn(rng, number, ability, liking) for _ in range(SAMPLES)]
            found = [length_controlled(*row) for row in rows]
            known = [row.value for row in found if row is not None]
            raw = np.mean([np.mean(won) for won, _ in rows])
            yield (
                f"| {number} | {expit(ability):.2f} | {'yes' if liking else 'no'} | {raw:.3f} | "
                f"{np.mean(known):.3f} | {1 - len(known) / len(rows):.0%} |"
            )


def main() -> None:
    """Print the tables."""
    print("| win rate | " + " | ".join(f"n = {n}" for n in (10, 20, 40, 100, 400)) + " |")
    print("| --- |" + " --- |" * 5)
    for name, chances in SHARES.items():
        cells = [exactly(chances, number) for number in (10, 20, 40, 100, 400)]
        print(f"| {name} | " + " | ".join(f"{100 * c:.1f} % ({w:.2f})" for c, w in cells) + " |")
    print("\n| questions | interval | mean | least | largest | within 93 to 97 % | mean width |")
    print("| --- |" + " --- |" * 6)
    for number in (10, 20, 40):
        for kind, tied in TIED.items():
            for row in everywhere(number, tied):
                print(f"| {number}, {kind} | {row}")
    print("\n| interval | coverage | mean width | none |\n| --- | --- | --- | --- |")
    for name, sample in others():
        covered, width, none = simulated(sample, seed=7)
        print(f"| {name} | {100 * covered:.1f} % | {width:.2f} | {none / SAMPLES:.0%} |")
    print()
    print("\n".join(corrected()))


def others() -> Iterator[tuple[str, Sample]]:
    """What is simulated, by name."""
    for number, size in ((20, 2), (40, 2), (40, 4), (100, 4), (400, 4)):
        yield f"win rate, {number} questions, {size} a source", clustered(number, size, False)
        yield "- as if each stood alone", clustered(number, size, True)
    for number in (10, 40, 400):
        yield f"mean score, {number} answers", scored(number)
        yield f"difference of scores, {number} answers", paired(number)
        yield f"kappa, {number} verdicts", rated(number)
    for number in (20, 40, 100, 400):
        yield f"at equal length, {number} questions, length decides", at_equal_length(number, 0, 3)
        yield (
            f"at equal length, {number} questions, length is nothing",
            at_equal_length(number, 1, 0),
        )


if __name__ == "__main__":
    main()
