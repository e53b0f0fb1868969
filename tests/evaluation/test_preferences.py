"""Win rates are those that one computes by hand, and show what a sceptic asks for."""

import math

import pytest

from meteor.core.judgements import ASPECTS, Preference, Shares
from meteor.core.records import Answer, Question
from meteor.evaluation.preferences import (
    WinRate,
    interval,
    kappa,
    length_controlled,
    sign_test,
    win_rate,
    win_rates,
)


def shares(value: float) -> Shares:
    return Shares(**dict.fromkeys(ASPECTS, value))


def preference(name: str, first: float, second: float, against: str = "base") -> Preference:
    return Preference(id=name, against=against, first=shares(first), second=shares(second))


def answer(name: str, words: int, category: str = "ml") -> Answer:
    question = Question(id=name, title="What?", category=category)
    text = " ".join(["word"] * words)
    return Answer(
        id=name, question=question, text=text, finish_reason="stop", tokens=words, flops=None
    )


def row(preferences: list[Preference], lengths: dict[str, tuple[int, int]]) -> WinRate:
    judged = {row.id: row for row in preferences}
    return win_rate("sft", "base", "all", "overall", lengths, judged)


SIX = [
    preference("a", 1, 1),
    preference("b", 1, 1),
    preference("c", 0, 0),
    preference("d", 1, 0),  # the first place won twice: a tie
    preference("e", 0.5, 0.5),
    preference("f", 0.9, 0.7),  # a judge that gives probabilities
]
LENGTHS = {"a": (9, 5), "b": (3, 6), "c": (8, 2), "d": (4, 4), "e": (1, 2), "f": (7, 5)}


def test_the_figures_are_those_computed_by_hand() -> None:
    found = row(SIX, {**LENGTHS, "g": (3, 3)})
    assert (found.questions, found.wins, found.ties, found.losses) == (6, 3, 2, 1)
    assert found.win_rate == pytest.approx((1 + 1 + 0 + 0.5 + 0.5 + 0.8) / 6)
    assert found.flip_rate == pytest.approx(1 / 6)
    assert found.p == pytest.approx(2 * (1 + 4) / 16)  # at most 1 of 4, on both sides
    assert found.unjudged == 1
    assert found.lowest == pytest.approx(3.8 / 7)
    assert found.highest == pytest.approx(4.8 / 7)
    assert found.words == pytest.approx(35 / 7)
    assert found.against_words == pytest.approx(27 / 7)
    assert found.win_rate_longer == pytest.approx((1 + 0 + 0.8) / 3)  # a, c, f
    assert found.win_rate_shorter == pytest.approx((1 + 0.5) / 2)  # b, e
    assert found.longer_wins == pytest.approx(2 / 4)  # a and f, not b and c; d and e are ties


def test_what_one_wins_the_other_loses() -> None:
    turned = [
        p.model_copy(
            update={
                "first": shares(1 - p.second.overall),
                "second": shares(1 - p.first.overall),
            }
        )
        for p in SIX
    ]
    ours = row(SIX, LENGTHS)
    theirs = row(turned, {name: (b, a) for name, (a, b) in LENGTHS.items()})
    assert (ours.win_rate or 0) + (theirs.win_rate or 0) == pytest.approx(1)
    assert (ours.wins, ours.losses, ours.ties) == (theirs.losses, theirs.wins, theirs.ties)
    assert (ours.length_controlled or 0) + (theirs.length_controlled or 0) == pytest.approx(
        1, abs=1e-4
    )
    assert (ours.p, ours.flip_rate, ours.longer_wins) == pytest.approx(
        (theirs.p, theirs.flip_rate, theirs.longer_wins)
    )


def test_a_model_against_itself_wins_half_without_a_question() -> None:
    same = Preference(id="a", against="base", first=shares(0.5), second=shares(0.5), same=True)
    found = row([same], {"a": (3, 3)})
    assert (found.win_rate, found.ties, found.same, found.length_controlled) == (0.5, 1, 1, 0.5)
    assert (found.flip_rate, found.p, found.win_rate_longer, found.longer_wins) == (None,) * 4


def test_nothing_is_no_number_and_no_error() -> None:
    found = row([], {})
    assert (found.questions, found.unjudged, found.wins) == (0, 0, 0)
    numbers = (found.win_rate, found.low, found.lowest, found.p, found.length_controlled)
    assert numbers == (None,) * 5
    unjudged = row([], {"a": (1, 2)})
    assert (unjudged.win_rate, unjudged.lowest, unjudged.highest) == (None, 0.0, 1.0)


def test_one_question_says_nothing() -> None:
    found = row([preference("a", 1, 1)], {"a": (2, 1)})
    assert (found.win_rate, found.low, found.high, found.p) == (1.0, 0.0, 1.0, 1.0)


def test_the_interval_is_that_of_a_mean() -> None:
    """Of 200 questions half won: 0.5 within 1.96 standard errors; the same every time."""
    low, high = interval([0.0, 1.0] * 100)
    error = 1.96 * 0.5 / math.sqrt(200)
    assert low == pytest.approx(0.5 - error, abs=0.01)
    assert high == pytest.approx(0.5 + error, abs=0.01)
    assert (low, high) == interval([0.0, 1.0] * 100)
    assert interval([1.0] * 5) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    [(0, 0, None), (1, 0, 1.0), (5, 0, 2 / 32), (0, 5, 2 / 32), (9, 1, 22 / 1024), (4, 4, 1.0)],
)
def test_the_sign_test_is_the_exact_one(wins: int, losses: int, p: float | None) -> None:
    assert sign_test(wins, losses) == (None if p is None else pytest.approx(p))


def test_length_that_wins_is_taken_out() -> None:
    """Nine tenths of the answers are longer and win for it; the short ones all lose."""
    won, longer = [1.0] * 90 + [0.0] * 10, [30] * 90 + [-30] * 10
    controlled = length_controlled(won, longer)
    assert controlled is not None and controlled < 0.8 < sum(won) / len(won)
    assert length_controlled([1.0] * 5 + [0.0] * 5, [30] * 5 + [-30] * 5) == pytest.approx(0.5)


def test_length_that_does_not_matter_changes_little() -> None:
    won, longer = [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0] * 5, [10, -10] * 20
    assert length_controlled(won, longer) == pytest.approx(0.75, abs=0.03)
    assert length_controlled([1.0, 0.0, 1.0, 1.0], [0, 0, 0, 0]) == 0.75
    assert length_controlled([1.0, 1.0], [5, -5]) == 1.0


def test_every_opponent_category_and_dimension_has_a_row() -> None:
    answers = {name: [answer("a", 4, "ml"), answer("b", 2, "cv")] for name in ("base", "sft", "r1")}
    preferences = [
        preference(question, 1, 1, against) for question in "ab" for against in ("base", "sft")
    ]
    rows = list(win_rates("r1", answers, preferences))
    assert len(rows) == 2 * 3 * 6
    assert {(row.against, row.category) for row in rows} == {
        (against, category) for against in ("base", "sft") for category in ("all", "cv", "ml")
    }
    assert {row.questions for row in rows if row.category == "cv"} == {1}
    assert {row.win_rate for row in rows} == {1.0}


def test_kappa_takes_chance_out() -> None:
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 0.7, by chance 0.5."""
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert kappa(first, second) == pytest.approx(0.4)
    assert kappa(["tie"] * 3, ["tie"] * 3) is None
    assert kappa([], []) is None
