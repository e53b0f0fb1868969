"""What is in the authors' files: a prompt that was echoed, and scores by model."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from meteor.chat import lenient
from meteor.chat.verdicts import plain_score
from meteor.core.judgements import DIMENSIONS, Scores

PLEA = "Based on the above, please provide guidelines"
NAMES = (
    *("answer", "answer id", "answer number", "answer no", "answer index", "answer name"),
    *("model", "model name", "name", "response", "candidate", "id", "index"),
)
"""Fields that say whose scores an object holds."""
PLACE = re.compile(
    r"(?:(?:answer|model|response|candidate|assistant|system|option)\s*)?[#(\[]*\s*"
    r"(?:(?P<number>[1-9]\d?)|(?P<letter>[a-z]))\W*",
    re.IGNORECASE,
)
DEEPEST = 4


def echoed(text: str) -> tuple[str, str, str] | None:
    """Title, body and guideline of a text that begins with the prompt; None where it does not."""
    head, has_body, rest = text.partition("Content:")
    body, has_plea, tail = rest.partition(PLEA)
    if not (head.lstrip().startswith("Title:") and has_body and has_plea):
        return None
    title = head.strip().removeprefix("Title:").strip()
    return title, body.strip(), re.sub(r"^[^\n.:]*[.:]?", "", tail).strip()


def scores(evaluation: Any, models: list[str]) -> dict[str, Scores]:
    """The scores that an evaluation gives, by model: objects, or a text that holds them.

    An object belongs to the model that it names, or whose place in `models` it gives (`1`,
    `Answer 2`, `B`); where none of them says whose it is, and there are as many as models, they
    stand in the models' order. What cannot be told, or is said in two ways, is left out.
    """
    text = evaluation if isinstance(evaluation, str) else ""
    whole = list(_objects(text)) if text else evaluation
    rows = list(_rows(whole, "", DEEPEST))
    if text and len(rows) != len(re.findall(r"\baccuracy\b\W{0,3}:", text, re.IGNORECASE)):
        rows = [row for row in rows if row[0]]  # one is broken, so the order says nothing
    if len(rows) == len(models) and not any(name for name, _ in rows):
        named = [(model, row) for model, (_, row) in zip(models, rows, strict=True)]
    else:
        named = [(owner, row) for name, row in rows if (owner := _model(name, models))]
    found: dict[str, Scores | None] = {}
    for model, row in named:
        if read := _scores(row):
            found[model] = None if model in found and found[model] != read else read
    return {model: read for model, read in found.items() if read}


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The outermost objects of a text: sound ones, or else those that can be mended."""
    known = [row for row, _, _ in lenient.sound(text)]
    yield from known or (row for row, _, _ in lenient.mended(text))


def _rows(value: Any, name: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object with scores, and what names it: a field of it, or the key above it."""
    if isinstance(value, list) and depth:
        for inner in value:
            yield from _rows(inner, name, depth - 1)
    if not isinstance(value, dict) or not depth:
        return
    fields = {_key(key): inner for key, inner in value.items()}
    own = next((str(fields[key]) for key in NAMES if _names(fields.get(key))), name)
    if DIMENSIONS[0] in fields:
        yield own, fields
        return
    for key, inner in fields.items():
        lists = isinstance(inner, list) or key in ("scores", "ratings", "evaluation", "result")
        yield from _rows(inner, own if lists or own != name else key, depth - 1)


def _key(key: object) -> str:
    return " ".join(str(key).lower().replace("_", " ").split())


def _names(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def _scores(row: Mapping[str, Any]) -> Scores | None:
    values = {dimension: _score(row.get(dimension)) for dimension in DIMENSIONS}
    try:
        return Scores.model_validate(values)
    except ValidationError:
        return None


def _score(value: Any) -> float | None:
    """A score by itself, or with its justification."""
    if isinstance(value, dict):
        fields = {_key(key): inner for key, inner in value.items()}
        return _score(fields.get("score", fields.get("rating")))
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        exact = re.fullmatch(r"\s*(\d{1,2}\.\d+)\s*", value)
        return float(exact[1]) if exact else plain_score(value)
    return value if isinstance(value, (int, float)) else None


def _model(name: str, models: list[str]) -> str | None:
    """The model of this name, or at this place. A text that only ends in a number is no place."""
    by_name: Mapping[str, str] = {model.lower(): model for model in models}
    if name.strip().lower() in by_name:
        return by_name[name.strip().lower()]
    place = PLACE.fullmatch(name.strip())
    if place is None:
        return None
    number, letter = place["number"], place["letter"]
    index = int(number) - 1 if number else ord(letter.lower()) - ord("a")
    return models[index] if 0 <= index < len(models) else None
