"""The advisor and the judge `reference`, with the real embedding model of the installed wheel."""

from functools import cache
from typing import Any

import pytest
import yaml

from meteor.core.judgements import DIMENSIONS, Judgement, Scores
from meteor.core.params import Params
from meteor.core.records import Advice, Answer, Draft, Failed, Question
from meteor.core.roles import Plugin, load_role
from meteor.core.texts import ends_whole, repetition, sentences
from tests.conftest import ROOT

NOISE = "Overfitting means that a model has learned the noise in its training set."
GAP = "Held-out validation data reveals it as a gap between training error and validation error."
CURE = "To reduce it, collect more data, add regularization or stop training earlier."
REFERENCE = f"{NOISE} {GAP} {CURE}"
PARAPHRASE = (
    "A model overfits when it memorizes random noise of the training data. One notices it on a "
    "validation set, where the error is much larger than the training error. More data, a "
    "regularization term or early stopping of the training help against it."
)
OFF_TOPIC = "Simmer the tomatoes with garlic for an hour. Serve the pasta with fresh basil leaves."
LOOP = NOISE + " " + " ".join(["The model learns the noise in the set."] * 8)
SHIPPED: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text())
QUESTION = Question(
    id="q",
    title="What is overfitting?",
    body="A colleague warned me that my model overfits, but I do not see how I would notice it.",
    category="ml",
    answer=REFERENCE,
)


def chosen(role: str, **settings: float | str) -> Plugin:
    section = {"plugin": "reference", "reference": settings}
    return load_role(role, Params.model_validate({**SHIPPED, role: section}))


def advise(*drafts: Draft, **settings: float | str) -> list[Advice | Failed]:
    rows = chosen("advisor", **settings).rows("advisor_advise", drafts, Advice, drafts=drafts)
    return [result for _, result in rows]


def verdict(text: str, question: Question = QUESTION, **settings: float) -> Advice:
    (advice,) = advise(Draft(id="q", question=question, text=text), **settings)
    assert isinstance(advice, Advice)
    return advice


def judge(*answers: Answer) -> list[Judgement | Failed]:
    rows = chosen("judge").rows("judge_score", answers, Judgement, answers=answers)
    return [result for _, result in rows]


def answer(text: str, question: Question = QUESTION, identifier: str = "q") -> Answer:
    return Answer(
        id=identifier, question=question, text=text, finish_reason="stop", tokens=1, flops=None
    )


@cache
def score(text: str, question: Question = QUESTION) -> Scores:
    (judgement,) = judge(answer(text, question))
    assert isinstance(judgement, Judgement)
    return judgement.scores


def test_a_paraphrase_passes_and_an_answer_beside_the_point_does_not() -> None:
    assert verdict(PARAPHRASE) == Advice(id="q", correct=True, advice="")
    assert verdict(REFERENCE).correct
    off_topic = verdict(OFF_TOPIC)
    assert not off_topic.correct
    assert "Leave out" in off_topic.advice
    assert any(strayed in off_topic.advice for strayed in sentences(OFF_TOPIC))


@pytest.mark.parametrize("name", ["accuracy", "completeness", "relevance", "reliability"])
def test_a_paraphrase_beats_an_answer_beside_the_point(name: str) -> None:
    assert getattr(score(PARAPHRASE), name) > getattr(score(OFF_TOPIC), name) + 2


@pytest.mark.parametrize("name", ["accuracy", "completeness", "coherence", "reliability"])
def test_the_accepted_answer_itself_is_best(name: str) -> None:
    assert getattr(score(REFERENCE), name) == pytest.approx(10, abs=0.01)


def test_advice_quotes_the_sentence_that_is_missing() -> None:
    advice = verdict(f"{NOISE} {CURE}", coverage=0.95)
    assert (advice.correct, advice.advice) == (False, f"Say that: {GAP}")


def test_more_hints_quote_more_sentences_in_their_order() -> None:
    advice = verdict(NOISE, coverage=0.95, hints=2)
    assert advice.advice == f"Say that: {GAP} {CURE}"


def test_the_advice_is_in_the_words_of_the_domain() -> None:
    german = {
        "missing": "Sage auch:",
        "strayed": "Lass weg:",
        "repeated": "Keine Wiederholungen.",
        "unfinished": "Kürzer.",
    }
    advice = " ".join(
        row.advice
        for text in (OFF_TOPIC, LOOP, "Overfitting means that a model")
        for row in advise(Draft(id="q", question=QUESTION, text=text), **german)
        if isinstance(row, Advice)
    )
    assert all(words in advice for words in german.values())
    assert not [
        word for word in ("Say that", "Leave out", "Do not", "Be shorter") if word in advice
    ]


def test_half_an_answer_is_less_complete_and_no_less_reliable() -> None:
    whole, half = score(REFERENCE), score(NOISE)
    assert half.completeness < whole.completeness - 1
    assert half.reliability == pytest.approx(whole.reliability, abs=0.01)


def test_a_sentence_beside_the_point_costs_reliability_and_no_completeness() -> None:
    whole, padded = score(REFERENCE), score(f"{REFERENCE} {OFF_TOPIC}")
    assert padded.reliability < whole.reliability - 2
    assert padded.completeness == pytest.approx(whole.completeness, abs=0.01)


@pytest.mark.parametrize("text", ["", " \n "])
def test_an_empty_answer_is_worth_nothing(text: str) -> None:
    assert [score(text).get(name) for name in DIMENSIONS] == [1.0] * 5
    advice = verdict(text)
    assert not advice.correct
    assert advice.advice.startswith("Say that: ")


def test_an_answer_that_loops_loses_coherence_and_does_not_pass() -> None:
    assert score(LOOP).coherence < 5 < score(REFERENCE).coherence
    assert "Do not repeat yourself." in verdict(LOOP).advice
    assert not verdict(f"{REFERENCE} {REFERENCE}").correct


def test_an_answer_that_is_cut_off_loses_coherence_and_does_not_pass() -> None:
    cut = REFERENCE.removesuffix(" earlier.")
    assert score(cut).coherence == pytest.approx(1 + 9 * 0.7)
    assert verdict(cut).advice == "Be shorter, and finish the last sentence."


def test_a_question_without_accepted_answer_is_a_failure_and_stops_no_other() -> None:
    bare = QUESTION.model_copy(update={"answer": None})
    drafts = [
        Draft(id=name, question=question, text=REFERENCE)
        for name, question in (("a", bare), ("b", QUESTION))
    ]
    advised = advise(*drafts)
    judged = judge(*(answer(REFERENCE, draft.question, draft.id) for draft in drafts))
    assert [type(result) for result in advised] == [Failed, Advice]
    assert [type(result) for result in judged] == [Failed, Judgement]
    for result in (advised[0], judged[0]):
        assert isinstance(result, Failed) and "no accepted answer" in result.error


@pytest.mark.parametrize("reference", ["Use Adam.", "Yes", "- Adam\n- SGD", "0.5"])
def test_a_short_accepted_answer_given_word_for_word_is_right(reference: str) -> None:
    question = QUESTION.model_copy(update={"answer": reference})
    given = verdict(reference.rstrip(".") + ".", question=question)
    assert given == Advice(id="q", correct=True, advice="")
    row = score(reference, question)
    assert row.accuracy == row.completeness == row.reliability == pytest.approx(10, abs=0.01)


def test_a_score_does_not_depend_on_the_other_answers() -> None:
    judged = judge(
        answer(OFF_TOPIC, identifier="a"), answer("", identifier="b"), answer(PARAPHRASE)
    )
    assert isinstance(judged[2], Judgement)
    assert judged[2].scores == score(PARAPHRASE)
    assert set(judged[2].reasons) == set(DIMENSIONS)


def test_sentences_and_list_items_are_what_is_compared() -> None:
    text = "First of all, look. Then what? Now:\n\n- scale the inputs\n* check them again\nYes."
    assert sentences(text) == [
        "First of all, look.",
        "scale the inputs",
        "check them again",
    ]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("", 0.0),
        ("too short here", 0.0),
        ("a b c d e f g h", 0.0),
        ("a b c d a b c d", 0.2),  # 5 runs, of which the last stood there
        ("A b, c d. a B c D!", 0.2),
        ("x " * 104, 100 / 101),
    ],
)
def test_repetition_is_the_share_of_runs_that_stood_before(text: str, share: float) -> None:
    assert repetition(text) == pytest.approx(share)


@pytest.mark.parametrize(
    ("text", "whole"),
    [("It ends. ", True), ("Really?", True), ("```\nx = 1\n```", True), ("It ends in the", False)],
)
def test_whether_a_text_ends_whole(text: str, whole: bool) -> None:
    assert ends_whole(text) is whole
