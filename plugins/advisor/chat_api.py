"""An advisor behind an OpenAI-compatible endpoint. With `verified` it does not judge: the chosen
verifier does, and the model puts what that found into words for the student.
"""

from collections.abc import Iterator, Sequence
from functools import partial

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
from meteor.verification.chosen import advised
from meteor.verification.telling import telling
from meteor.verification.verifying import WRONG


class ChatApi(StructuredSettings):
    """A strong model; the defaults are the paper's."""

    max_tokens: int = Field(512, gt=0, description="longest reply, in tokens")
    verified: bool = Field(
        False,
        description="the verifier says what is right, at no call; of the rest the model, which is "
        "shown its feedback and no reference, words the advice",
    )


@hookimpl
def plugin_params() -> type[Settings]:
    return ChatApi


@hookimpl
def advisor_advise(
    drafts: Sequence[Draft], params: ChatApi, domain: Domain
) -> Iterator[Advice | Failed]:
    wording = load("advice", domain)
    if params.verified:
        yield from _worded(drafts, params, wording)
        return
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


def advice(draft: Draft, wording: Wording, show_reference: bool, finding: str = "") -> Asked:
    """The advisor says whether a draft is correct, and what to mend; `finding` is what a program
    has found wrong already.
    """
    fields = '"correct": true or false, "errors": ["..."], "advice": "..."'
    shown = {"answer": draft.text} | ({"finding": finding} if finding else {})
    return ask_about(wording, "advice", draft.question, shown, fields, show_reference)


def _worded(
    drafts: Sequence[Draft], params: ChatApi, wording: Wording
) -> Iterator[Advice | Failed]:
    """The verifier's verdicts; what is wrong is put into words."""
    settled, wrong = advised(drafts)
    yield from settled
    asked = (
        Deciding(
            name,
            advice(draft, wording, False, found or WRONG),
            AdviceVerdict,
            partial(_advice, draft=draft, found=found or WRONG),
            params,
        )
        for name, (draft, found) in wrong.items()
    )
    yield from converse(params, asked) if wrong else ()


def _advice(verdict: AdviceVerdict, identifier: str, draft: Draft, found: str) -> Advice:
    """The model's words; the verifier's own where the model calls the draft right, or has guessed
    what is expected and says it.
    """
    words = verdict.record(identifier).advice
    if verdict.correct or telling(words, draft.question.check):
        words = found
    return Advice(id=identifier, correct=False, advice=words)
