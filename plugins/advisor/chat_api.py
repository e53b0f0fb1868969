"""An advisor behind an OpenAI-compatible endpoint."""

from collections.abc import Iterator, Sequence

from meteor.chat.sealed import Asked, ask_about
from meteor.chat.settings import StructuredSettings
from meteor.chat.structured import Deciding
from meteor.chat.verdicts import AdviceVerdict
from meteor.core.domain import Domain
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Advice, Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.prompts.kinds import Wording, load
from meteor.transport.session import converse


class ChatApi(StructuredSettings):
    """A strong model; the defaults are the paper's."""

    max_tokens: int = Field(512, gt=0, description="longest reply, in tokens")


@hookimpl
def plugin_params() -> type[Settings]:
    return ChatApi


@hookimpl
def advisor_advise(
    drafts: Sequence[Draft], params: ChatApi, domain: Domain
) -> Iterator[Advice | Failed]:
    wording = load("advice", domain)
    yield from converse(
        params,
        (
            Deciding(
                draft.id,
                advice(draft, wording, params.show_reference),
                AdviceVerdict,
                AdviceVerdict.record,
                params,
            )
            for draft in drafts
        ),
    )


def advice(draft: Draft, wording: Wording, show_reference: bool) -> Asked:
    """The advisor says whether a draft is correct, and what to mend."""
    fields = '"correct": true or false, "errors": ["..."], "advice": "..."'
    shown = {"answer": draft.text}
    return ask_about(wording, "advice", draft.question, shown, fields, show_reference)
