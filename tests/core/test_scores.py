"""Means and win rates are the numbers that one computes by hand (fault 8: none came out)."""

import json
from pathlib import Path

import pytest

from meteor.core.errors import MeteorError
from meteor.core.jsonl import write_records
from meteor.core.params import load_params
from meteor.core.records import DIMENSIONS, Answer, FinishReason, Judgement, Question, Scores
from meteor.scores import mean, reference_nll, summarise, win_rate
from stages.score import score


def answer(
    identifier: str,
    text: str = "one two three",
    finish: FinishReason = "stop",
    flops: float | None = None,
    nll: float | None = None,
    tokens: int | None = None,
) -> Answer:
    return Answer(
        id=identifier,
        question=Question(id=identifier, title="What?"),
        text=text,
        finish_reason=finish,
        tokens=3,
        flops=flops,
        reference_nll=nll,
        reference_tokens=tokens,
    )


def judgement(identifier: str, *scores: float) -> Judgement:
    """Scores in the order accuracy, completeness, relevance, coherence, reliability."""
    return Judgement(id=identifier, scores=Scores(**dict(zip(DIMENSIONS, scores, strict=True))))


@pytest.mark.parametrize(
    ("scores", "others", "expected"),
    [
        ([9.0, 2.0, 5.0], [1.0, 3.0, 4.0], 2 / 3),
        ([9.0, 2.0], [1.0, 3.0], 0.5),
        ([5.0, 5.0, 6.0, 1.0], [5.0, 5.0, 5.0, 5.0], 0.5),
        ([5.0, 6.0], [5.0, 5.0], 0.75),
        ([1.0], [10.0], 0.0),
        ([10.0], [1.0], 1.0),
        ([5.001], [5.0], 0.5),
        ([5.01], [5.0], 1.0),
        ([], [], None),
    ],
)
def test_the_share_of_rows_won_with_ties_as_half(
    scores: list[float], others: list[float], expected: float | None
) -> None:
    assert win_rate(scores, others) == (None if expected is None else pytest.approx(expected))


def test_what_one_wins_the_other_loses() -> None:
    ours, theirs = [1.0, 5.0, 7.5, 3.0, 9.0], [2.0, 5.0, 7.0, 1.0, 9.5]
    forth, back = win_rate(ours, theirs), win_rate(theirs, ours)
    assert forth is not None and back is not None
    assert forth == pytest.approx(1 - back)
    assert forth == pytest.approx(0.5)


def test_rows_of_different_number_are_not_compared() -> None:
    with pytest.raises(ValueError, match="zip"):
        win_rate([1.0, 2.0], [1.0])


def test_the_mean_of_nothing_is_nothing() -> None:
    assert mean([]) is None
    assert mean([1.0, 2.0, 6.0]) == 3.0


BASE = [judgement("a", 2, 3, 4, 5, 6), judgement("b", 5, 5, 5, 5, 5), judgement("c", 1, 1, 1, 9, 9)]
OURS = [judgement("c", 9, 1, 2, 8, 9), judgement("a", 4, 3, 2, 9, 7), judgement("b", 8, 5, 2, 4, 5)]


def test_a_checkpoints_row_is_the_one_computed_by_hand() -> None:
    """The judgements stand in another order than those of base: joins are by id."""
    answers = [
        answer("a", "one two three four", "stop", flops=1e12, nll=10.0, tokens=4),
        answer("b", "one two", "length", flops=2e12, nll=2.0, tokens=1),
        answer("c", "", "stop", flops=None),
    ]
    assert summarise(answers, OURS, BASE) == {
        "accuracy": 7.0,  # 4, 8, 9
        "completeness": 3.0,  # 3, 5, 1
        "relevance": 2.0,  # 2, 2, 2
        "coherence": 7.0,  # 9, 4, 8
        "reliability": 7.0,  # 7, 5, 9
        "overall": 5.2,  # of 5, 4.8, 5.8
        "win_accuracy": 1.0,  # 4 > 2, 8 > 5, 9 > 1
        "win_completeness": 0.5,  # three ties
        "win_relevance": 0.3333,  # 2 < 4, 2 < 5, 2 > 1
        "win_coherence": 0.3333,  # 9 > 5, 4 < 5, 8 < 9
        "win_reliability": 0.6667,  # 7 > 6, two ties
        "nll": 2.4,  # 12 nats in 5 tokens
        "words": 2.0,
        "cut_off": 0.3333,
        "tflops": 1.5,  # where it is known
        "answers": 3,
        "unjudged": 0,
    }


def test_a_model_against_itself_wins_half() -> None:
    row = summarise([answer(name) for name in "abc"], BASE, list(reversed(BASE)))
    assert [row[f"win_{name}"] for name in DIMENSIONS] == [0.5] * 5


def test_what_was_not_judged_is_counted_and_not_guessed() -> None:
    row = summarise([answer(name) for name in "abcd"], OURS[:2], BASE)
    assert (row["answers"], row["unjudged"]) == (4, 2)
    assert row["accuracy"] == 6.5  # of 9 and 4: what is missing is not 0
    assert row["win_relevance"] == 0.5  # won c, lost a


def test_only_what_is_judged_for_both_is_compared() -> None:
    row = summarise([answer(name) for name in "abc"], OURS, BASE[:1])
    assert row["accuracy"] == 7.0
    assert (row["win_accuracy"], row["win_relevance"]) == (1.0, 0.0)


def test_nothing_in_common_with_base_is_no_win_rate() -> None:
    row = summarise([answer("a")], [judgement("a", 1, 2, 3, 4, 5)], [judgement("z", 5, 5, 5, 5, 5)])
    assert [row[f"win_{name}"] for name in DIMENSIONS] == [None] * 5
    assert row["overall"] == 3.0


def test_empty_input_gives_no_numbers_and_no_error() -> None:
    row = summarise([], [], [])
    assert (row.pop("answers"), row.pop("unjudged")) == (0, 0)
    assert set(row.values()) == {None}


def test_likelihood_is_per_token_over_all_answers_that_have_one() -> None:
    """A long answer counts for its tokens, not as one of several answers."""
    rows = [answer("a", nll=2.0, tokens=1), answer("b", nll=9.0, tokens=9), answer("c")]
    assert reference_nll(rows) == pytest.approx(11 / 10)
    assert reference_nll([answer("c")]) is None
    assert reference_nll([]) is None


def test_the_stage_writes_the_numbers_and_refuses_to_write_none(tmp_path: Path) -> None:
    """Fault 8: no score and no win rate came out of an evaluation, and nobody was told."""
    files = [tmp_path / name for name in ("answers", "judgements", "base", "metrics.json")]
    write_records(files[0], [answer(name) for name in "abc"])
    write_records(files[1], OURS)
    write_records(files[2], BASE)
    score(load_params(), *files)
    metrics = json.loads(files[3].read_text())
    assert (metrics["overall"], metrics["win_accuracy"], metrics["unjudged"]) == (5.2, 1.0, 0)
    files[3].unlink()
    write_records(files[1], [])
    with pytest.raises(MeteorError, match="judgements: there is no judgement"):
        score(load_params(), *files)
    assert not files[3].exists()
