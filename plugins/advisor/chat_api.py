"""An advisor behind an OpenAI-compatible endpoint."""

from collections.abc import Iterator, Sequence

from meteor import judging
from meteor.chat.session import converse
from meteor.chat.settings import StructuredSettings
from meteor.chat.structured import Deciding
from meteor.chat.verdicts import AdviceVerdict
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Advice, Draft, Failed
from meteor.core.settings import Field, Settings


class ChatApi(StructuredSettings):
    """A strong model; the defaults are the paper's."""

    max_tokens: int = Field(512, gt=0, description="longest reply, in tokens")


@hookimpl
def plugin_params() -> type[Settings]:
    return ChatApi


@hookimpl
def advisor_advise(drafts: Sequence[Draft], params: ChatApi) -> Iterator[Advice | Failed]:
    yield from converse(
        params,
        (
            Deciding(
                draft.id,
                judging.advice(draft, params.show_reference),
                AdviceVerdict,
                AdviceVerdict.record,
                params,
            )
            for draft in drafts
        ),
    )
