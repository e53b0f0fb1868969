"""A judge without a model of language: nearness to the accepted answer, in five measures.

Each measure lies between 0 and 1 and becomes a score from 1 to 10:

- accuracy: cosine of the whole answer with the whole reference.
- completeness: for each sentence of the reference its nearest sentence in the answer; the mean.
- relevance: cosine of the whole answer with the question.
- coherence: share of four-word runs that are new; times 0.7 if the end is cut off.
- reliability: for each sentence of the answer its nearest sentence in the reference; the mean.

It does not see contradictions, so claims about quality need a language model as judge.
"""

from collections.abc import Iterator, Sequence

from meteor.core.hookspecs import hookimpl
from meteor.core.records import DIMENSIONS, Answer, Dimension, Failed, Judgement, Scores
from meteor.core.settings import Field, Settings
from meteor.similarity import Vectors, best_matches, embed, ends_whole, repetition, sentences


class Reference(Settings):
    """Comparison with the accepted answer."""

    cut_off: float = Field(0.7, ge=0, le=1, description="factor on coherence if the end is cut")


@hookimpl
def plugin_params() -> type[Settings]:
    return Reference


@hookimpl
def judge_score(answers: Sequence[Answer], params: Reference) -> Iterator[Judgement | Failed]:
    for answer in answers:
        if answer.question.answer is None:
            yield Failed(id=answer.id, error="the question has no accepted answer to compare with")
        else:
            yield _judge(answer, answer.question.answer, params)


def _judge(answer: Answer, reference: str, params: Reference) -> Judgement:
    written, expected = sentences(answer.text), sentences(reference)
    question = f"{answer.question.title}\n{answer.question.body}"
    vectors = embed([answer.text, reference, question, *written, *expected])
    whole, reference_whole, asked = vectors[:3]
    parts, reference_parts = vectors[3 : 3 + len(written)], vectors[3 + len(written) :]
    ending = 1.0 if ends_whole(answer.text) else params.cut_off
    measures: dict[Dimension, float] = {
        "accuracy": float(whole @ reference_whole),
        "completeness": _mean(best_matches(reference_parts, parts)),
        "relevance": float(whole @ asked),
        "coherence": (1 - repetition(answer.text)) * ending,
        "reliability": _mean(best_matches(parts, reference_parts)),
    }
    if not answer.text.strip():
        measures = dict.fromkeys(DIMENSIONS, 0.0)
    return Judgement(
        id=answer.id,
        scores=Scores(**{name: _score(value) for name, value in measures.items()}),
        reasons={name: f"measured {value:.3f}" for name, value in measures.items()},
    )


def _mean(values: Vectors) -> float:
    return float(values.mean()) if len(values) else 0.0


def _score(measure: float) -> float:
    return round(1 + 9 * min(max(measure, 0.0), 1.0), 3)
