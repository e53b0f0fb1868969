"""Which answer is meant where a row has several: texts, objects with votes, an object of lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from meteor.sources.columns import tidy
from meteor.sources.values import as_text, is_nothing, mended

Which = Literal["best", "first", "all"]
TEXTS = (
    *("text", "answer", "answer_text", "body", "content", "output", "response", "value", "label"),
    *("long_answer", "summary", "code", "solution", "reply", "message", "spans", "input_text"),
    "human_readable",
)
"""Where the text of an answer stands in its object; the first of these that it has."""
VOTES = (
    *("score", "votes", "upvotes", "pm_score", "points", "rating", "likes", "ups"),
    "overall_score",
)
RANK = "rank"
"""What is the less the better, where nothing is the more the better."""
ACCEPTED = ("is_accepted", "accepted", "selected", "is_best", "best")


@dataclass(frozen=True)
class OneAnswer:
    """An answer of a list, and what speaks for it."""

    text: str
    weight: tuple[bool, float] = (False, 0.0)


def answers_of(value: Any, score: str | None = None) -> list[OneAnswer] | None:
    """The answers that a value holds, in their order; `score` names the field that ranks them.
    None where it is no text and holds none.
    """
    if is_nothing(value):
        return []
    if isinstance(value, str):
        return [OneAnswer(mended(value))]
    if isinstance(value, Mapping):
        return _of_object(value, score)
    if isinstance(value, list):
        found = [answers_of(item, score) for item in value]
        if any(item is None for item in found):
            return None
        return [answer for item in found if item for answer in item]
    text = as_text(value)
    return None if text is None else [OneAnswer(text)]


def chosen(answers: list[OneAnswer], which: Which) -> list[str]:
    """The texts of the answers that are wanted: the first, the one with most votes, or all."""
    if not answers:
        return []
    if which == "all":
        return list(dict.fromkeys(answer.text for answer in answers))
    if which == "first":
        return [answers[0].text]
    return [max(answers, key=lambda answer: answer.weight).text]


def _of_object(value: Mapping[str, Any], score: str | None) -> list[OneAnswer] | None:
    fields = {tidy(str(key)): item for key, item in value.items()}
    text = next((fields[name] for name in TEXTS if name in fields), None)
    votes = fields.get(tidy(score)) if score else _first(fields, VOTES)
    if isinstance(text, list):  # an object of lists, as SQuAD has it: {text: [...], ...}
        ranks = votes if isinstance(votes, list) and len(votes) == len(text) else [None] * len(text)
        texts = [as_text(item) for item in text]
        pairs = zip(texts, ranks, strict=True)
        return [OneAnswer(item, (False, _number(rank))) for item, rank in pairs if item]
    written = None if is_nothing(text) else as_text(text)
    if written is None:
        return [] if any(name in fields for name in TEXTS) else None
    accepted = _first(fields, ACCEPTED)
    weight = -_number(fields[RANK]) if votes is None and RANK in fields else _number(votes)
    return [OneAnswer(written, (accepted in (True, 1, "true", "True", "1"), weight))]


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if name in fields), None)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0
