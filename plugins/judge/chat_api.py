"""A judge behind an OpenAI-compatible endpoint."""

from collections.abc import Iterator, Sequence

from meteor import judging
from meteor.chat.session import converse
from meteor.chat.settings import StructuredSettings
from meteor.chat.structured import Deciding
from meteor.chat.verdicts import PreferenceVerdict, ScoreVerdict
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Answer, Compared, Comparison, Failed, Judgement
from meteor.core.settings import Field, Settings


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
                judging.score(answer, params.show_reference),
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
                judging.preference(pair, params.show_reference),
                PreferenceVerdict,
                PreferenceVerdict.compared,
                params,
                pair.sample,
            )
            for pair in pairs
        ),
    )
