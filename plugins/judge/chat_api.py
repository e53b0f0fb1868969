"""A judge behind an OpenAI-compatible endpoint."""

from collections.abc import Iterator, Sequence

from meteor.chat.sealed import Asked, ask_about
from meteor.chat.settings import StructuredSettings
from meteor.chat.structured import Deciding
from meteor.chat.verdicts import PreferenceVerdict, ScoreVerdict
from meteor.core.domain import Domain
from meteor.core.hookspecs import hookimpl
from meteor.core.judgements import ASPECTS, DIMENSIONS, Compared, Comparison, Judgement
from meteor.core.records import Answer, Failed
from meteor.core.settings import Field, Settings
from meteor.prompts.kinds import Wording, load
from meteor.transport.session import converse


class ChatApi(StructuredSettings):
    """A strong model; the defaults are the paper's."""

    max_tokens: int = Field(1500, gt=0, description="longest reply, in tokens")


@hookimpl
def plugin_params() -> type[Settings]:
    return ChatApi


@hookimpl
def judge_score(
    answers: Sequence[Answer], params: ChatApi, domain: Domain
) -> Iterator[Judgement | Failed]:
    wording = load("judge-score", domain)
    yield from converse(
        params,
        (
            Deciding(
                answer.id,
                score(answer, wording, params.show_reference),
                ScoreVerdict,
                ScoreVerdict.judgement,
                params,
            )
            for answer in answers
        ),
    )


@hookimpl
def judge_compare(
    pairs: Sequence[Comparison], params: ChatApi, domain: Domain
) -> Iterator[Compared | Failed]:
    wording = load("judge-preference", domain)
    yield from converse(
        params,
        (
            Deciding(
                pair.id,
                preference(pair, wording, params.show_reference),
                PreferenceVerdict,
                PreferenceVerdict.compared,
                params,
                pair.sample,
            )
            for pair in pairs
        ),
    )


def score(answer: Answer, wording: Wording, show_reference: bool) -> Asked:
    """The judge scores one answer in five dimensions, without knowing who wrote it."""
    fields = ", ".join(f'"{name}": {{"reason": "...", "score": 1-10}}' for name in DIMENSIONS)
    shown = {"answer": answer.text}
    return ask_about(wording, "score", answer.question, shown, fields, show_reference)


def preference(pair: Comparison, wording: Wording, show_reference: bool) -> Asked:
    """The judge says for each dimension, and overall, which of two answers is better; ask in both
    orders, since judges favour a place.
    """
    fields = ", ".join(
        f'"{name}": {{"reason": "...", "better": "first" or "second" or "tie"}}' for name in ASPECTS
    )
    shown = {"first": pair.first, "second": pair.second}
    return ask_about(wording, "preference", pair.question, shown, fields, show_reference)
