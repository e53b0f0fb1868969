"""A judge without a model of language: nearness to the accepted answer, in five measures.

Each measure lies between 0 and 1 and becomes a score from 1 to 10:

- accuracy: cosine of the whole answer with the whole reference, each the mean of its chunks.
- completeness: for each sentence of the reference its nearest sentence in the answer; the mean.
- relevance: cosine of the whole answer with the question.
- coherence: share of four-word runs that are new; times 0.7 if the end is cut off.
- reliability: for each sentence of the answer its nearest sentence in the reference; the mean.

Of two answers the one with the higher measure is better, overall the one with the higher mean;
measures that differ by no more than `tie` are a tie.

It does not see contradictions, so claims about quality need a language model as judge.
"""

from collections.abc import Callable, Iterator, Sequence

from meteor.core.hookspecs import hookimpl
from meteor.core.judgements import (
    DIMENSIONS,
    Aspect,
    Compared,
    Comparison,
    Dimension,
    Judgement,
    Scores,
    Shares,
)
from meteor.core.records import Answer, Failed, Question
from meteor.core.settings import Field, Settings
from meteor.core.texts import ends_whole, repetition, sentences
from meteor.verification.similarity import Vectors, best_matches, chunks, embedded, whole

NO_REFERENCE = "the question has no accepted answer to compare with"
TOGETHER = 256
"""Answers whose sentences are embedded at once."""


Measures = dict[Dimension, float]


class Reference(Settings):
    """Comparison with the accepted answer."""

    cut_off: float = Field(0.7, ge=0, le=1, description="factor on coherence if the end is cut")
    tie: float = Field(0.005, ge=0, le=1, description="measures that differ by no more are a tie")

    @property
    def spreads(self) -> bool:
        """What it does: the embedding."""
        return True


@hookimpl
def plugin_params() -> type[Settings]:
    return Reference


@hookimpl
def judge_score(answers: Sequence[Answer], params: Reference) -> Iterator[Judgement | Failed]:
    for start in range(0, len(answers), TOGETHER):
        rows = answers[start : start + TOGETHER]
        measured = _measure([(row.question, row.text) for row in rows], params)
        for row in rows:
            measures = measured.get((row.question, row.text))
            if measures is None:
                yield Failed(id=row.id, error=NO_REFERENCE)
            else:
                yield Judgement(
                    id=row.id,
                    scores=Scores(**{name: _score(value) for name, value in measures.items()}),
                    reasons={name: f"measured {value:.3f}" for name, value in measures.items()},
                )


@hookimpl
def judge_compare(pairs: Sequence[Comparison], params: Reference) -> Iterator[Compared | Failed]:
    for start in range(0, len(pairs), TOGETHER):
        rows = pairs[start : start + TOGETHER]
        texts = [(row.question, text) for row in rows for text in (row.first, row.second)]
        measured = _measure(texts, params)
        for row in rows:
            first = measured.get((row.question, row.first))
            second = measured.get((row.question, row.second))
            if first is None or second is None:
                yield Failed(id=row.id, error=NO_REFERENCE)
            else:
                yield _compare(row.id, first, second, params.tie)


def _compare(identifier: str, first: Measures, second: Measures, tie: float) -> Compared:
    means = [sum(row.values()) / len(row) for row in (first, second)]
    values: dict[Aspect, tuple[float, float]] = {
        **{name: (first[name], second[name]) for name in DIMENSIONS},
        "overall": (means[0], means[1]),
    }
    return Compared(
        id=identifier,
        shares=Shares(**{name: _share(*pair, tie) for name, pair in values.items()}),
        reasons={
            name: f"measured {ours:.3f} and {theirs:.3f}" for name, (ours, theirs) in values.items()
        },
    )


def _share(first: float, second: float, tie: float) -> float:
    return 0.5 if abs(first - second) <= tie else float(first > second)


def _measure(
    texts: Sequence[tuple[Question, str]], params: Reference
) -> dict[tuple[Question, str], Measures]:
    """The measures of each answer whose question has a reference, every text embedded once."""
    rows = dict.fromkeys(row for row in texts if row[0].answer)
    of = embedded(
        piece
        for question, text in rows
        for part in (text, question.answer or "", _asked(question))
        for piece in (*chunks(part), *sentences(part))
    )
    return {(question, text): _measures(question, text, of, params) for question, text in rows}


def _measures(
    question: Question, text: str, of: Callable[[Sequence[str]], Vectors], params: Reference
) -> Measures:
    if not text.strip():
        return dict.fromkeys(DIMENSIONS, 0.0)
    reference = question.answer or ""
    answer, expected, asked = (
        whole(chunks(part), of(chunks(part))) for part in (text, reference, _asked(question))
    )
    parts, reference_parts = of(sentences(text)), of(sentences(reference))
    ending = 1.0 if ends_whole(text) else params.cut_off
    return {
        "accuracy": float(answer @ expected),
        "completeness": float(best_matches(reference_parts, parts).mean()),
        "relevance": float(answer @ asked),
        "coherence": (1 - repetition(text)) * ending,
        "reliability": float(best_matches(parts, reference_parts).mean()),
    }


def _asked(question: Question) -> str:
    return f"{question.title}\n{question.body}"


def _score(measure: float) -> float:
    return round(1 + 9 * min(max(measure, 0.0), 1.0), 3)
