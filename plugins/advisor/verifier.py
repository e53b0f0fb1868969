"""An advisor that knows: what the chosen verifier finds right is accepted, and its feedback is the
advice.
"""

from collections.abc import Iterator, Sequence

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Advice, Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.verification.chosen import advised


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
    settled, wrong = advised(drafts)
    yield from settled
    for name, (_, feedback) in wrong.items():
        yield Advice(id=name, correct=False, advice=feedback or params.silent)
