"""What a judge says of two answers, by its own hook or else by the scores of both."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from meteor.core.judgements import DIMENSIONS, Aspect, Compared, Comparison, Judgement, Shares
from meteor.core.records import Failed, plain_answer
from meteor.core.roles import Plugin

Verdict = Compared | Failed
Verdicts = dict[str, Verdict]
Ask = Callable[..., Iterator[tuple[Any, Any]]]
"""Asks a plugin's hook about rows, as `Plugin.rows` does."""


def verdicts_on(judge: Plugin, asked: Sequence[Comparison], ask: Ask = Plugin.rows) -> Verdicts:
    """The judge's verdict on each comparison, by id."""
    if judge.has("judge_compare"):
        rows = ask(judge, "judge_compare", asked, Compared, pairs=asked)
        return {pair.id: verdict for pair, verdict in rows}
    return _by_scores(judge, asked, ask)


def _by_scores(judge: Plugin, asked: Sequence[Comparison], ask: Ask) -> Verdicts:
    """The verdicts of a judge that only scores: of two answers the higher score wins."""
    texts = dict.fromkeys((pair.question, text) for pair in asked for text in _shown(pair))
    answers = [
        plain_answer(question, text).model_copy(update={"id": f"{question.id} #{n}"})
        for n, (question, text) in enumerate(texts)
    ]
    rows = ask(judge, "judge_score", answers, Judgement, answers=answers)
    scored = {(answer.question, answer.text): verdict for answer, verdict in rows}
    return {
        pair.id: _higher(pair.id, *(scored[pair.question, text] for text in _shown(pair)))
        for pair in asked
    }


def _shown(pair: Comparison) -> tuple[str, str]:
    return pair.first, pair.second


def _higher(identifier: str, first: Judgement | Failed, second: Judgement | Failed) -> Verdict:
    for verdict in (first, second):
        if isinstance(verdict, Failed):
            return Failed(id=identifier, error=verdict.error)
    assert isinstance(first, Judgement) and isinstance(second, Judgement)
    leads: dict[Aspect, float] = {
        name: first.scores.get(name) - second.scores.get(name) for name in DIMENSIONS
    }
    leads["overall"] = first.scores.overall - second.scores.overall
    return Compared(
        id=identifier,
        shares=Shares(**{aspect: 0.5 + 0.5 * ((x > 0) - (x < 0)) for aspect, x in leads.items()}),
    )
