"""Means, likelihoods and copies are the numbers that one computes by hand (fault 8: none came
out).
"""

import json
from pathlib import Path

import pytest

from meteor.core.errors import MeteorError
from meteor.core.jsonl import write_records
from meteor.core.judgements import ASPECTS, DIMENSIONS, Judgement, Preference, Scores, Shares
from meteor.core.params import load_params
from meteor.core.records import Answer, FinishReason, Likelihood, Question
from meteor.evaluation.preferences import mean
from meteor.evaluation.scores import bounds, copies, reference_nll, scores, summarise, tflops
from meteor.running.stage import Stage
from stages.evolution import by_category, by_dimension
from stages.score import score


def answer(
    identifier: str,
    text: str = "one two three",
    finish: FinishReason = "stop",
    flops: float | None = None,
    nll: float | None = None,
    tokens: int | None = None,
    category: str = "",
) -> Answer:
    return Answer(
        id=identifier,
        question=Question(id=identifier, title="What?", category=category),
        text=text,
        finish_reason=finish,
        tokens=3,
        flops=flops,
        reference_nll=nll,
        reference_tokens=tokens,
    )


def judgement(identifier: str, *marks: float) -> Judgement:
    """Scores in the order accuracy, completeness, relevance, coherence, reliability."""
    return Judgement(id=identifier, scores=Scores(**dict(zip(DIMENSIONS, marks, strict=True))))


def preference(identifier: str, first: float, second: float, against: str = "base") -> Preference:
    shares = [Shares(**dict.fromkeys(ASPECTS, share)) for share in (first, second)]
    return Preference(id=identifier, against=against, first=shares[0], second=shares[1])


def test_the_mean_of_nothing_is_nothing() -> None:
    assert mean([]) is None
    assert mean([1.0, 2.0, 6.0]) == 3.0


ANSWERS = [
    answer("a", "one two three four", "stop", flops=1e12, nll=10.0, tokens=4, category="ml"),
    answer("b", "one two", "length", flops=2e12, nll=2.0, tokens=1, category="cv"),
    answer("c", "", "stop", flops=None, category="ml"),
]
JUDGED = [
    judgement("c", 9, 1, 2, 8, 9),
    judgement("a", 4, 3, 2, 9, 7),
    judgement("b", 8, 5, 2, 4, 5),
]
PREFERRED = [
    preference("a", 1, 1),
    preference("a", 0, 0, against="sft"),
    preference("b", 1, 0),
    preference("c", 0, 0),
    preference("d", 1, 0.5),
]


def test_a_checkpoints_row_is_the_one_computed_by_hand() -> None:
    """The judgements stand in another order than the answers: joins are by id."""
    row = summarise(ANSWERS, JUDGED, PREFERRED)
    assert 0 <= (row.pop("win_low") or 0) <= 0.5625 <= (row.pop("win_high") or 0) <= 1
    assert row == {
        "overall": 5.2,  # of 5, 4.8, 5.8
        "win_rate": 0.562,  # won, flipped, lost, won and tied; the one against sft does not count
        "nll": 2.4,  # 12 nats in 5 tokens
        "general_nll": None,
        "words": 2.0,
        "cut_off": 0.333,
    }
    assert tflops(ANSWERS) == 1.5  # where it is known


def test_a_dimension_shows_what_unjudged_answers_leave_open() -> None:
    row = by_dimension("m", "accuracy", ANSWERS, JUDGED[:2], 0.25)
    assert (row["score"], row["unjudged"]) == (6.5, 1)  # of 9 and 4: what is missing is not 1
    assert (row["lowest"], row["highest"]) == (14 / 3, 23 / 3)
    assert bounds([5.0], 0) == (5.0, 5.0)
    assert bounds([], 2) == (1.0, 10.0)
    assert bounds([], 0) == (None, None)


def test_categories_are_apart() -> None:
    rows = list(by_category("m", ANSWERS, JUDGED))
    assert [(row["category"], row["answers"], row["nll"]) for row in rows] == [
        ("cv", 1, 2.0),
        ("ml", 2, 2.5),
    ]
    assert [row["overall"] for row in rows] == pytest.approx([4.8, 5.4])


def test_empty_input_gives_no_numbers_and_no_error() -> None:
    assert set(summarise([], [], []).values()) == {None}
    assert scores([], "overall") == []
    assert copies([], []) == (None, None)


def test_likelihood_is_per_token_over_all_answers_that_have_one() -> None:
    """A long answer counts for its tokens, not as one of several answers."""
    rows = [answer("a", nll=2.0, tokens=1), answer("b", nll=9.0, tokens=9), answer("c")]
    assert reference_nll(rows) == pytest.approx(11 / 10)
    assert reference_nll([answer("c")]) is None
    assert reference_nll([]) is None


def test_what_was_copied_from_training_is_counted() -> None:
    taught = ["Dropout sets units to zero at random. It regularizes a large network."]
    written = [
        answer("a", "dropout sets units to zero at random; it regularizes a large network"),
        answer("b", "I think so too. Dropout sets units to zero at random."),
        answer("c", "Something else is the case here."),
    ]
    whole, sentences = copies(written, taught)
    assert whole == pytest.approx(1 / 3)
    assert sentences == pytest.approx(1 / 3)  # of a, b's second, c; b's first is too short


def test_the_stage_writes_the_numbers_and_refuses_to_write_none(tmp_path: Path) -> None:
    """Fault 8: no score and no win rate came out of an evaluation, and nobody was told."""
    names = ("answers", "judgements", "preferences", "general", "verdicts", "metrics.json")
    *read, metrics = (tmp_path / name for name in names)
    answers, judgements, preferences, general, verdicts = read
    write_records(verdicts, [])
    verified = (verdicts, verdicts, verdicts)
    write_records(general, [Likelihood(id="g", nll=6.0, tokens=4)])
    write_records(answers, ANSWERS)
    write_records(judgements, JUDGED)
    write_records(preferences, PREFERRED)
    r1 = Stage("score@r1", load_params())
    score(r1, answers, judgements, preferences, general, *verified, "r1", metrics)
    written = json.loads(metrics.read_text())
    assert (written["overall"], written["win_rate"]) == (5.2, 0.562)
    assert written["general_nll"] == 1.5
    metrics.unlink()
    write_records(judgements, [])
    score(r1, answers, judgements, preferences, general, *verified, "r1", metrics)
    assert json.loads(metrics.read_text())["win_rate"] == 0.562, "of a judge that only compares"
    metrics.unlink()
    write_records(preferences, [])
    with pytest.raises(MeteorError, match="judgements: there is no judgement of r1"):
        score(r1, answers, judgements, preferences, general, *verified, "r1", metrics)
    assert not metrics.exists()
