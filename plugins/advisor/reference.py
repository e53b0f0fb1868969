"""An advisor without a model of language: it compares a draft with the accepted answer, and
quotes the sentences of it that the draft comes least near to.
"""

from collections.abc import Iterator, Sequence

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Advice, Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.core.texts import ends_whole, repetition, sentences
from meteor.verification.similarity import best_matches, embed


class Reference(Settings):
    """When a draft passes, and how much help it gets where it does not."""

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


@hookimpl
def plugin_params() -> type[Settings]:
    return Reference


@hookimpl
def advisor_advise(drafts: Sequence[Draft], params: Reference) -> Iterator[Advice | Failed]:
    for draft in drafts:
        if draft.question.answer is None:
            yield Failed(id=draft.id, error="the question has no accepted answer to compare with")
        else:
            yield _advise(draft, draft.question.answer, params)


def _advise(draft: Draft, reference: str, params: Reference) -> Advice:
    written, expected = sentences(draft.text), sentences(reference)
    vectors = embed([*written, *expected])
    parts, reference_parts = vectors[: len(written)], vectors[len(written) :]
    covered = best_matches(reference_parts, parts)
    supported = best_matches(parts, reference_parts)
    problems = []
    if not written or covered.mean() < params.coverage:
        missing = sorted(covered.argsort(kind="stable")[: params.hints].tolist())
        problems.append("Say that: " + " ".join(expected[i] for i in missing))
    if len(written) and supported.mean() < params.support:
        strayed = written[int(supported.argmin())]
        problems.append(f"Leave out what does not belong to the answer, such as: {strayed}")
    if repetition(draft.text) > params.max_repetition:
        problems.append("Do not repeat yourself.")
    if not ends_whole(draft.text):
        problems.append("Be shorter, and finish the last sentence.")
    return Advice(id=draft.id, correct=not problems, advice=" ".join(problems))
