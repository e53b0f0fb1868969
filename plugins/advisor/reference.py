"""An advisor without a model of language: it compares a draft with the accepted answer, and
quotes the sentences of it that the draft comes least near to.
"""

from collections.abc import Callable, Iterator, Sequence

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Advice, Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.core.texts import ends_whole, repetition, sentences
from meteor.verification.similarity import Vectors, best_matches, embedded

NO_REFERENCE = "the question has no accepted answer to compare with"
TOGETHER = 256
"""Drafts whose sentences are embedded at once."""


class Reference(Settings):
    """When a draft passes, how much help it gets where it does not, and in which words."""

    coverage: float = Field(
        0.5, ge=0, le=1, description="least mean nearness of the reference's sentences"
    )
    support: float = Field(
        0.45, ge=0, le=1, description="least mean nearness of the draft's own sentences"
    )
    max_repetition: float = Field(
        0.1, ge=0, le=1, description="most repeated share of four-word runs"
    )
    hints: int = Field(1, ge=1, description="missing sentences that the advice quotes")
    missing: str = Field("Say that:", description="advice before what is missing in the draft")
    strayed: str = Field(
        "Leave out what does not belong to the answer, such as:",
        description="advice before the draft's sentence that is farthest from the accepted answer",
    )
    repeated: str = Field(
        "Do not repeat yourself.", description="advice where the draft repeats itself"
    )
    unfinished: str = Field(
        "Be shorter, and finish the last sentence.", description="advice where the end is cut off"
    )

    @property
    def spreads(self) -> bool:
        """What it does: the embedding."""
        return True


@hookimpl
def plugin_params() -> type[Settings]:
    return Reference


@hookimpl
def advisor_advise(drafts: Sequence[Draft], params: Reference) -> Iterator[Advice | Failed]:
    for start in range(0, len(drafts), TOGETHER):
        rows = drafts[start : start + TOGETHER]
        compared = [(draft.text, answer) for draft in rows if (answer := draft.question.answer)]
        of = embedded(text for both in compared for part in both for text in sentences(part))
        for draft in rows:
            if draft.question.answer is None:
                yield Failed(id=draft.id, error=NO_REFERENCE)
            else:
                yield _advise(draft, draft.question.answer, of, params)


def _advise(
    draft: Draft, reference: str, of: Callable[[Sequence[str]], Vectors], params: Reference
) -> Advice:
    written, expected = sentences(draft.text), sentences(reference)
    parts, reference_parts = of(written), of(expected)
    covered = best_matches(reference_parts, parts)
    supported = best_matches(parts, reference_parts)
    problems = []
    if not written or covered.mean() < params.coverage:
        missing = sorted(covered.argsort(kind="stable")[: params.hints].tolist())
        problems.append(" ".join([params.missing, *(expected[i] for i in missing)]))
    if len(written) and supported.mean() < params.support:
        strayed = written[int(supported.argmin())]
        problems.append(f"{params.strayed} {strayed}")
    if repetition(draft.text) > params.max_repetition:
        problems.append(params.repeated)
    if not ends_whole(draft.text):
        problems.append(params.unfinished)
    return Advice(id=draft.id, correct=not problems, advice=" ".join(problems))
