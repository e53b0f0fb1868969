"""A teacher behind an OpenAI-compatible endpoint."""

from collections.abc import Iterator, Sequence

from meteor.chat.asking import writings
from meteor.chat.settings import WritingSettings
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Completion, Failed, Prompt
from meteor.core.settings import Field, Settings
from meteor.transport.session import converse


class ChatApi(WritingSettings):
    """A strong model; the defaults are the paper's."""

    temperature: float | None = Field(0.7, ge=0, description="null: the endpoint's own")


@hookimpl
def plugin_params() -> type[Settings]:
    return ChatApi


@hookimpl
def teacher_answer(
    prompts: Sequence[Prompt], params: ChatApi, seed: int
) -> Iterator[Completion | Failed]:
    yield from converse(params, writings(prompts, params, seed, params.allow_truncated))
