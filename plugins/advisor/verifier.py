"""An advisor that knows: what the chosen verifier finds right is accepted, and its feedback is the
advice.
"""

from collections.abc import Iterator, Sequence

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Advice, Draft, Failed, Rejected
from meteor.core.settings import Field, Settings
from meteor.verification.chosen import UNKNOWN, verdicts


class Knowing(Settings):
    """What a student is told where the verifier has no words."""

    silent: str = Field(
        "That is not right.", description="advice where the verifier gives no feedback"
    )


@hookimpl
def plugin_params() -> type[Settings]:
    return Knowing


@hookimpl
def advisor_advise(drafts: Sequence[Draft], params: Knowing) -> Iterator[Advice | Failed]:
    said = verdicts(drafts)
    for draft in drafts:
        verdict = said[draft.id]
        if isinstance(verdict, Failed):
            yield verdict
        elif verdict.passed is None:
            yield Rejected(id=draft.id, error=UNKNOWN)
        elif verdict.passed:
            yield Advice(id=draft.id, correct=True)
        else:
            yield Advice(id=draft.id, correct=False, advice=verdict.feedback or params.silent)
