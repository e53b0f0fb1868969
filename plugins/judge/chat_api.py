"""A judge behind an OpenAI-compatible endpoint."""

from collections.abc import Iterator, Sequence

from meteor import prompts
from meteor.chat.sealed import Asked, reference, seal
from meteor.chat.settings import StructuredSettings
from meteor.chat.structured import Deciding
from meteor.chat.verdicts import PreferenceVerdict, ScoreVerdict
from meteor.core.hookspecs import hookimpl
from meteor.core.judgements import ASPECTS, DIMENSIONS, Compared, Comparison, Judgement
from meteor.core.records import Answer, Failed, Question
from meteor.core.settings import Field, Settings
from meteor.transport.session import converse

MEANINGS = {
    "accuracy": "what it says is correct",
    "completeness": "it covers what the question asks for",
    "relevance": "it answers this question, and nothing else",
    "coherence": "it is well ordered, clear and finished",
    "reliability": "one can rely on it: no invented facts, no false certainty",
}


class ChatApi(StructuredSettings):
    """A strong model; the defaults are the paper's."""

    max_tokens: int = Field(1500, gt=0, description="longest reply, in tokens")


@hookimpl
def plugin_params() -> type[Settings]:
    return ChatApi


@hookimpl
def judge_score(answers: Sequence[Answer], params: ChatApi) -> Iterator[Judgement | Failed]:
    yield from converse(
        params,
        (
            Deciding(
                answer.id,
                score(answer, params.show_reference),
                ScoreVerdict,
                ScoreVerdict.judgement,
                params,
            )
            for answer in answers
        ),
    )


@hookimpl
def judge_compare(pairs: Sequence[Comparison], params: ChatApi) -> Iterator[Compared | Failed]:
    yield from converse(
        params,
        (
            Deciding(
                pair.id,
                preference(pair, params.show_reference),
                PreferenceVerdict,
                PreferenceVerdict.compared,
                params,
                pair.sample,
            )
            for pair in pairs
        ),
    )


def score(answer: Answer, show_reference: bool) -> Asked:
    """The judge scores one answer in five dimensions, without knowing who wrote it."""
    question = answer.question
    sealed = seal("score", question, answer.text)
    fields = ", ".join(f'"{name}": {{"reason": "...", "score": 1-10}}' for name in DIMENSIONS)
    return Asked(
        f"You are an expert in {prompts.field(question)} who judges an answer to a "
        "question. Score it from 1 (worst) to 10 (best), in whole numbers, in each dimension:\n"
        + "".join(f"- {name}: {meaning}\n" for name, meaning in MEANINGS.items())
        + f"\n{sealed.warning}\n\n"
        + _shown(question, show_reference)
        + f"\n\nThe answer to judge:\n{sealed.around(answer.text)}\n\n"
        "Give a justification of one or two sentences before each score. "
        f"{sealed.form(fields)}",
        sealed.ticket,
    )


def preference(pair: Comparison, show_reference: bool) -> Asked:
    """The judge says for each dimension, and overall, which of two answers is better; ask in both
    orders, since judges favour a place.
    """
    question = pair.question
    sealed = seal("preference", question, pair.first, pair.second)
    fields = ", ".join(
        f'"{name}": {{"reason": "...", "better": "first" or "second" or "tie"}}' for name in ASPECTS
    )
    return Asked(
        f"You are an expert in {prompts.field(question)} who compares two answers to a question. "
        "Say for each dimension which one is better, and at last which one is better overall:\n"
        + "".join(f"- {name}: {meaning}\n" for name, meaning in MEANINGS.items())
        + "A longer answer is not better for its length, nor the first for its place. Call it a "
        + f"tie where neither is better.\n\n{sealed.warning}\n\n"
        + _shown(question, show_reference)
        + f"\n\nThe first answer:\n{sealed.around(pair.first)}"
        + f"\n\nThe second answer:\n{sealed.around(pair.second)}\n\n"
        + f"Give a reason of one sentence before each verdict. {sealed.form(fields)}",
        sealed.ticket,
    )


def _shown(question: Question, show_reference: bool) -> str:
    body = f"\n{question.body}" if question.body else ""
    return f"The question:\n{question.title}{body}" + reference(question, show_reference)
