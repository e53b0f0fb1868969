"""An advisor behind an OpenAI-compatible endpoint."""

from collections.abc import Iterator, Sequence

from meteor import prompts
from meteor.chat.sealed import Asked, reference, seal
from meteor.chat.settings import StructuredSettings
from meteor.chat.structured import Deciding
from meteor.chat.verdicts import AdviceVerdict
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Advice, Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.transport.session import converse


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
                advice(draft, params.show_reference),
                AdviceVerdict,
                AdviceVerdict.record,
                params,
            )
            for draft in drafts
        ),
    )


def advice(draft: Draft, show_reference: bool) -> Asked:
    """The advisor says whether a draft is correct, and what to mend."""
    sealed = seal("advice", draft.question, draft.text)
    asked = prompts.advice(draft.model_copy(update={"text": sealed.around(draft.text)}))
    fields = '"correct": true or false, "errors": ["..."], "advice": "..."'
    return Asked(
        asked.messages[0].content
        + reference(draft.question, show_reference)
        + f"\n\n{sealed.warning}\n\n"
        '"correct" is true only where nothing needs to be mended; then "errors" and "advice" are '
        "empty. Else name each error, and advise how to mend the answer without writing it. "
        f"{sealed.form(fields)}",
        sealed.ticket,
    )
