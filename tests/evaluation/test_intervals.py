"""Intervals hold the truth as often as they say, have a width, and know one source from two."""

import random

import pytest
from scipy.stats import multinomial

from meteor.evaluation.intervals import (
    detectable,
    difference_interval,
    effective_number,
    proportion_interval,
    score_interval,
    share_interval,
)


def ends(shares: list[float], clusters: list[str] | None = None) -> tuple[float, float]:
    low, high = share_interval(shares, clusters)
    assert low is not None and high is not None
    return low, high


@pytest.mark.parametrize(
    ("shares", "low", "high"),
    [
        ([1.0] * 10, 0.7225, 1.0),
        ([0.0] * 20, 0.0, 0.1611),
        ([1.0] * 39 + [0.0], 0.8712, 0.9956),
        ([1.0, 0.0] * 20, 0.352, 0.648),
        ([1.0] * 10 + [0.5] * 20 + [0.0] * 10, 0.3917, 0.6083),
        ([1.0] * 2, 0.3424, 1.0),
        ([0.5] * 20, 0.2993, 0.7007),
    ],
    ids=["all won", "all lost", "nearly all", "half", "half tied", "two", "all tied"],
)
def test_the_interval_is_wilsons_at_the_effective_number(
    shares: list[float], low: float, high: float
) -> None:
    assert ends(shares) == pytest.approx((low, high), abs=1e-4)
    mirrored = ends([1 - share for share in shares])
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-4)


def test_an_interval_has_a_width_holds_its_mean_and_knows_no_order() -> None:
    rng = random.Random(0)
    for _ in range(200):
        shares = [rng.choice([0.0, 0.25, 0.5, 0.75, 1.0]) for _ in range(rng.randint(1, 60))]
        low, high = ends(shares)
        assert 0 <= low <= sum(shares) / len(shares) + 1e-12 and low < high <= 1
        assert ends(rng.sample(shares, len(shares))) == (low, high)
    assert share_interval([]) == (None, None)


@pytest.mark.parametrize("chances", [(0.5, 0.0, 0.5), (0.05, 0.0, 0.95), (0.05, 0.4, 0.55)])
@pytest.mark.parametrize("number", [10, 40])
def test_the_truth_lies_within(chances: tuple[float, float, float], number: int) -> None:
    """All ways that the questions can come out, added up."""
    covered = 0.0
    for lost in range(number + 1):
        for tied in range(number + 1 - lost) if chances[1] else (0,):
            won = number - lost - tied
            weight = float(multinomial.pmf((lost, tied, won), number, chances))
            if weight > 1e-6:
                low, high = ends([0.0] * lost + [0.5] * tied + [1.0] * won)
                covered += weight * (low <= chances[1] / 2 + chances[2] <= high)
    assert 0.91 < covered < 0.985


def test_questions_of_one_source_are_one_witness() -> None:
    shares, pairs = [1.0, 1.0, 0.0, 0.0] * 10, [str(place // 2) for place in range(40)]
    assert effective_number(shares) == 40
    assert effective_number(shares, pairs) == 20
    assert ends(shares, pairs) == ends(shares[::2])
    assert ends(shares, [str(place) for place in range(40)]) == ends(shares)
    assert ends([1.0] * 40, pairs) == ends([1.0] * 20)


def test_ties_of_both_orders_count_as_more_than_coin_tosses() -> None:
    assert effective_number([0.0, 1.0] * 20) == 40
    assert effective_number([0.0, 0.5, 0.5, 1.0] * 10) == pytest.approx(78)


def test_scores_keep_to_their_scale() -> None:
    low, high = score_interval([10.0] * 40)
    assert low is not None and low > 9 and high == 10
    assert score_interval([4.0]) == (1.0, 10.0)
    assert score_interval([]) == (None, None)
    narrow = score_interval([6.0, 7.0, 8.0] * 20)
    assert narrow == pytest.approx((6.79, 7.21), abs=0.01)


def test_so_many_questions_show_so_much() -> None:
    assert detectable(40) == pytest.approx(0.148, abs=1e-3)
    assert detectable(400) == pytest.approx(0.049, abs=1e-3)
    assert proportion_interval(0, 0) == (None, None)
    assert proportion_interval(9, 10) == pytest.approx((0.596, 0.982), abs=1e-3)


def test_a_difference_that_does_not_vary_has_no_interval() -> None:
    assert difference_interval([1.0, 1.0, 1.0]) == (None, None)
    found = difference_interval([0.0, 1.0, 2.0])
    assert found == pytest.approx((1 - 2.484, 1 + 2.484), abs=1e-3)
