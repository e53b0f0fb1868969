"""Win rates are those that one computes by hand, and show what a sceptic asks for."""

import pytest

from meteor.core.judgements import ASPECTS, Judgement, Preference, Scores, Shares
from meteor.core.records import Answer, Question
from meteor.evaluation.preferences import (
    Sides,
    WinRate,
    adjusted,
    sources,
    win_rate,
    win_rates,
    with_scores,
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
    sides = {
        name: Sides(" ".join(["word"] * ours), " ".join(["word"] * theirs), name)
        for name, (ours, theirs) in lengths.items()
    }
    return win_rate("sft", "base", "all", "overall", sides, judged)


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
    assert found.flips == found.inconsistent == pytest.approx(1 / 6)
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
    assert (ours.p, ours.inconsistent, ours.longer_wins) == pytest.approx(
        (theirs.p, theirs.inconsistent, theirs.longer_wins)
    )


def test_a_model_against_itself_wins_half_without_a_question() -> None:
    same = Preference(id="a", against="base", first=shares(0.5), second=shares(0.5), same=True)
    found = row([same], {"a": (3, 3)})
    assert (found.win_rate, found.ties, found.same, found.length_controlled) == (0.5, 1, 1, 0.5)
    assert (found.inconsistent, found.p, found.win_rate_longer, found.longer_wins) == (None,) * 4


def test_nothing_is_no_number_and_no_error() -> None:
    found = row([], {})
    assert (found.questions, found.unjudged, found.wins) == (0, 0, 0)
    numbers = (found.win_rate, found.low, found.lowest, found.p, found.length_controlled)
    assert numbers == (None,) * 5
    unjudged = row([], {"a": (1, 2)})
    assert (unjudged.win_rate, unjudged.lowest, unjudged.highest) == (None, 0.0, 1.0)


def test_one_question_says_nothing() -> None:
    found = row([preference("a", 1, 1)], {"a": (2, 1)})
    assert (found.win_rate, found.high, found.p) == (1.0, 1.0, 1.0)
    assert found.low is not None and found.low < 0.25


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


def test_a_win_that_becomes_a_tie_is_inconsistent_and_no_flip() -> None:
    """20 + 6 + 4 the same twice, 5 opposite, 3 + 2 with one tie (JudgeBench, LLMBar's equal)."""
    counts = [(1, 1, 20), (0, 0, 6), (0.5, 0.5, 4), (1, 0, 5), (1, 0.5, 3), (0.5, 0, 2)]
    orders = [(first, second) for first, second, count in counts for _ in range(count)]
    rows = [preference(f"q{n}", *order) for n, order in enumerate(orders)]
    found = row(rows, {one.id: (3, 3) for one in rows})
    assert found.win_rate == pytest.approx(0.68125)
    assert (found.flips, found.inconsistent) == (0.125, 0.25)


def test_questions_of_one_page_are_one_witness() -> None:
    def asked(name: str, link: str | None) -> Question:
        return Question(id=name, title="What?", link=link)

    page = "https://example.org/q/1"
    found = sources([asked("a", f"{page}#2"), asked("b", page), asked("c", None), asked("d", "x")])
    assert found == {"a": page, "b": page, "c": "question c", "d": "question d"}
    assert sources([asked("a", page), asked("b", page)]) == {"a": "question a", "b": "question b"}


def test_many_comparisons_are_adjusted_within_a_dimension() -> None:
    rows = [
        row(
            [preference(f"{n}", 1, 1) for n in range(count)], {f"{n}": (1, 2) for n in range(count)}
        )
        for count in (5, 6, 0)
    ]
    found = adjusted(rows)
    assert [one.p for one in found] == [0.0625, 0.03125, None]
    assert [one.p_holm for one in found] == [0.0625, 0.0625, None]


def test_scores_of_two_checkpoints_are_compared_question_by_question() -> None:
    def judged(*marks: float) -> list[Judgement]:
        return [
            Judgement(id=name, scores=Scores(**dict.fromkeys(ASPECTS[:5], mark)))
            for name, mark in zip("abcdef", marks, strict=True)
        ]

    scores = {"sft": judged(5, 6, 7, 8, 9, 9), "base": judged(4, 4, 4, 7, 7, 8)}
    answers = [answer(name, 3) for name in "abcdef"]
    found = with_scores(row(SIX, LENGTHS), answers, scores)
    assert found.score_lead == pytest.approx(10 / 6)
    assert found.score_p == pytest.approx(2 / 64)
    assert found.score_low is not None and found.score_high is not None
    assert 0 < found.score_low < 10 / 6 < found.score_high
