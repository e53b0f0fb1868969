"""Tests and coefficients are those that one computes by hand."""

import pytest

from meteor.evaluation.raters import alpha, kappa
from meteor.evaluation.significance import holm, mcnemar, paired, sign_test


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    [(0, 0, None), (1, 0, 1.0), (5, 0, 2 / 32), (0, 5, 2 / 32), (9, 1, 22 / 1024), (4, 4, 1.0)],
)
def test_the_sign_test_is_the_exact_one(wins: int, losses: int, p: float | None) -> None:
    assert sign_test(wins, losses) == (None if p is None else pytest.approx(p))


def test_mcnemar_counts_what_only_one_gets_right() -> None:
    ours = [True] * 6 + [True] * 10 + [False] * 3
    theirs = [False] * 6 + [True] * 10 + [False] * 3
    assert mcnemar(ours, theirs) == pytest.approx(2 / 64)
    assert mcnemar(ours, ours) is None


def test_holm_multiplies_the_smallest_by_all_and_never_falls() -> None:
    assert holm([0.01, 0.04, 0.03, None]) == [
        pytest.approx(0.03),
        pytest.approx(0.06),
        pytest.approx(0.06),
        None,
    ]
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_scores_are_compared_in_pairs() -> None:
    found = paired([5, 6, 7, 8], [4, 4, 4, 4])
    assert found.mean == 2.5 and found.p == pytest.approx(2 / 16)
    assert paired([5, 6], [5, 6]).p is None
    assert paired([], []).mean is None


def test_differences_of_one_source_change_sign_together() -> None:
    ours, theirs = [5.0] * 8, [4.0] * 8
    assert paired(ours, theirs).p == pytest.approx(2 / 256)
    assert paired(ours, theirs, list("aabbccdd")).p == pytest.approx(2 / 16)


def test_kappa_takes_chance_out() -> None:
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 0.7, by chance 0.5."""
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    found = kappa(first, second)
    assert found is not None and found.value == pytest.approx(0.4)
    low, high = found.interval
    assert low is not None and high is not None and 0.1 < low < 0.4 < high < 0.65
    assert kappa(["tie"] * 3, ["tie"] * 3) is None
    assert kappa([], []) is None


def test_alpha_is_krippendorffs() -> None:
    """The example of four observers and twelve units (Krippendorff 2011): 0.743."""
    rows = [
        "1 1 - 1", "2 2 3 2", "3 3 3 3", "3 3 3 3", "2 2 2 2", "1 2 3 4",
        "4 4 4 4", "1 1 2 1", "2 2 2 2", "- 5 5 5", "- - 1 1", "- - 3 -",
    ]  # fmt: skip
    units = [[value for value in row.split() if value != "-"] for row in rows]
    found = alpha(units)
    assert found is not None and found.value == pytest.approx(0.743, abs=5e-4)
    assert alpha([["a", "a"], ["a", "a"]]) is None
