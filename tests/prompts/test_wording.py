"""Prompts say what the method says, and a long question never costs the instruction."""

from collections.abc import Callable

import pytest

from meteor.core.params import load_params
from meteor.core.records import Attempt, Message, Prompt, Question
from meteor.models.fitting import ELLIPSIS, fit
from meteor.prompts import wording
from meteor.prompts.kinds import load
from tests.conftest import ROOT

BODY = "My loss falls {at first}. " + " ".join(f"Detail {n}." for n in range(200)) + " Why is that?"
QUESTION = Question(id="q1", title="Why does my %s loss rise?", body=BODY, category="ml")
DOMAIN = load_params(ROOT / "params.yaml").domain
DRAFT = "Because the learning rate is {too} high."
TIP = "Mention the validation set."
TRIED = Attempt(text=DRAFT, finish_reason="stop", correct=False, advice=TIP)


def advice(question: Question) -> Prompt:
    texts = {"reference": "", "warning": "(warning)", "form": "(form)"}
    words = load("advice", DOMAIN)
    _, asked = words.verdict(question, {"answer": DRAFT}, "<{}>".format, **texts)
    start = asked.index(question.body)
    message = Message(role="user", content=asked, cut=(start, start + len(question.body)))
    return Prompt(id=question.id, messages=(message,))


guideline, answer, revision = (
    wording.guideline(DOMAIN),
    wording.answer(DOMAIN),
    wording.revision(DOMAIN),
)

WRITERS: dict[str, Callable[[Question], Prompt]] = {
    "guideline": guideline,
    "distillation": lambda q: wording.distillation(DOMAIN)(q, "Start from the data."),
    "answer": answer,
    "advice": advice,
    "revision": lambda question: revision(question, TRIED),
}
WORDING = {
    "guideline": ["Do not answer the question", "a stronger model will", "\n\nGuideline:"],
    "distillation": ["guideline by an expert", "Start from the data.", "Use the guideline"],
    "answer": ["Answer this question", "Explain the reasoning"],
    "advice": ["is correct", "what is wrong or missing", "without writing the answer", DRAFT],
    "revision": ["Explain the reasoning", DRAFT, TIP, "Follow the advice", "whole answer"],
}
each_prompt = pytest.mark.parametrize("name", WRITERS)


def text(prompt: Prompt) -> str:
    return "\n".join(message.content for message in prompt.messages)


def characters(prompt: Prompt) -> int:
    return len(text(prompt))


@each_prompt
def test_a_prompt_holds_the_question_and_what_is_to_be_done(name: str) -> None:
    prompt = WRITERS[name](QUESTION)
    assert prompt.id == "q1"
    assert [part for part in WORDING[name] if part not in text(prompt)] == []
    assert f"Title: {QUESTION.title}\n{BODY}" in prompt.messages[0].content
    assert "machine learning" in prompt.messages[0].content
    assert prompt.messages[-1].role == "user"


@each_prompt
def test_only_the_body_may_be_cut(name: str) -> None:
    first, *others = WRITERS[name](QUESTION).messages
    assert first.cut is not None
    assert first.content[slice(*first.cut)] == BODY
    assert [message.cut for message in others] == [None] * len(others)


def test_the_guideline_prompt_does_not_ask_for_the_answer() -> None:
    question = QUESTION.model_copy(update={"answer": "The expert's own words."})
    asked = text(guideline(question))
    assert "Do not answer" in asked
    assert "Answer this question" not in asked
    assert "The expert's own words." not in asked


@pytest.mark.parametrize("name", ["answer", "advice", "revision"])
def test_the_accepted_answer_is_not_given_away(name: str) -> None:
    question = QUESTION.model_copy(update={"answer": "The expert's own words."})
    assert "The expert's own words." not in text(WRITERS[name](question))


def test_a_revision_follows_the_students_own_answer_and_the_advice() -> None:
    """Fault 6: the prompt left out what the student was to revise."""
    asked, own, advice = revision(QUESTION, TRIED).messages
    assert asked == answer(QUESTION).messages[0]
    assert own == Message(role="assistant", content=DRAFT)
    assert advice.role == "user"
    assert TIP in advice.content


@pytest.mark.parametrize(
    ("category", "words"),
    [
        ("ml", "machine learning"),
        ("dl", "deep learning"),
        ("nlp", "natural language processing"),
        ("cv", "computer vision"),
        ("tax law", "tax law"),
        ("", "this domain"),
    ],
)
def test_the_field_is_named_in_words(category: str, words: str) -> None:
    question = QUESTION.model_copy(update={"category": category})
    assert f"an expert in {words}. " in text(guideline(question))


@each_prompt
def test_a_prompt_that_fits_stays_as_it_is(name: str) -> None:
    prompt = WRITERS[name](QUESTION)
    assert fit(prompt, characters, characters(prompt)) == prompt


@each_prompt
@pytest.mark.parametrize("taken", [1, 100, 1001, len(BODY) - 60])
def test_a_long_question_is_shortened_in_the_middle_of_its_body(name: str, taken: int) -> None:
    """Fault 3: truncation ate the instruction."""
    prompt = WRITERS[name](QUESTION)
    limit = characters(prompt) - taken
    fitted = fit(prompt, characters, limit)
    assert fitted is not None
    assert limit - 1 <= characters(fitted) <= limit
    (first, *others), (short, *kept) = prompt.messages, fitted.messages
    assert kept == others
    assert first.cut is not None and short.cut is not None
    assert short.content[: short.cut[0]] == first.content[: first.cut[0]]
    assert short.content[short.cut[1] :] == first.content[first.cut[1] :]
    begin, _, end = short.content[slice(*short.cut)].partition(ELLIPSIS)
    assert BODY.startswith(begin) and BODY.endswith(end)
    assert 0 <= len(begin) - len(end) <= 1


def test_a_window_without_room_for_the_body_leaves_only_the_ellipsis() -> None:
    prompt = guideline(QUESTION)
    least = characters(prompt) - len(BODY) + len(ELLIPSIS)
    fitted = fit(prompt, characters, least)
    assert fitted is not None
    assert text(fitted) == text(prompt).replace(BODY, ELLIPSIS)


@each_prompt
def test_a_prompt_that_is_too_long_without_its_body_does_not_fit(name: str) -> None:
    prompt = WRITERS[name](QUESTION)
    least = characters(prompt) - len(BODY) + len(ELLIPSIS)
    assert fit(prompt, characters, least - 1) is None


@pytest.mark.parametrize("body", ["", "Why?"])
def test_a_question_with_next_to_no_body_fits_or_does_not(body: str) -> None:
    prompt = answer(QUESTION.model_copy(update={"body": body}))
    assert fit(prompt, characters, characters(prompt)) == prompt
    assert fit(prompt, characters, characters(prompt) - len(body) - 1) is None


def test_a_shortened_prompt_can_be_shortened_again() -> None:
    prompt = answer(QUESTION)
    once = fit(prompt, characters, 900)
    assert once is not None
    twice = fit(once, characters, 500)
    assert twice is not None
    assert characters(twice) <= 500
    assert QUESTION.title in text(twice) and text(twice).endswith("that?")


def test_the_length_is_what_the_model_counts() -> None:
    """Tokens are counted by the caller, for the whole chat."""

    def words(prompt: Prompt) -> int:
        return sum(len(message.content.split()) for message in prompt.messages)

    fitted = fit(revision(QUESTION, TRIED), words, 100)
    assert fitted is not None
    assert 95 <= words(fitted) <= 100
