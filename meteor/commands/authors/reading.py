"""What is in the authors' files: a prompt that was echoed, a verdict in free words, scores."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ValidationError

from meteor.core.judgements import DIMENSIONS, Scores

Verdict = Literal["correct", "wrong", "unknown"]

PLEA = "Based on the above, please provide guidelines"
BAD = r"(?:incorrect|wrong|inaccurate|false|mistaken)"
NOT = r"(?:not|n[o']t|never|nothing|hardly|no longer|far from)"
NOT_BAD = re.compile(rf"\b\w*{NOT}\s+(?:\w+\s+){{0,2}}?{BAD}\b")
WRONG = re.compile(rf"\b{BAD}\b|\b\w*{NOT}\s+(?:\w+\s+){{0,3}}?correct(?:ly)?\b")
HALF = re.compile(
    r"\b(?:partial|part|most|large|near|general|rough)ly\s+correct\b|\balmost\s+correct\b"
    r"|\bcorrect(?:ly)?\b[^.]*\b(?:but|however|except|although)\b|\bif\b[^.]*\bcorrect\b"
)
# Not "to correct this" and not "the correct answer would be".
RIGHT = re.compile(
    r"(?:^|[.:\n*]\s*|\b(?:is|are|was|seems|looks|appears|that's|it's)\s+(?:\w+\s+)?)correct\b"
    r"(?!\s+(?:answer|way|approach|value|solution|result|this|that|the|it|by)\b)"
)


def echoed(text: str) -> tuple[str, str, str] | None:
    """Title, body and guideline of a text that begins with the prompt; None where it does not."""
    head, has_body, rest = text.partition("Content:")
    body, has_plea, tail = rest.partition(PLEA)
    if not (head.lstrip().startswith("Title:") and has_body and has_plea):
        return None
    title = head.strip().removeprefix("Title:").strip()
    return title, body.strip(), re.sub(r"^[^\n.:]*[.:]?", "", tail).strip()


def verdict(evaluation: str) -> Verdict:
    """What an evaluation in free words says of an answer. "Not correct" is wrong; what says both
    or neither is unknown.
    """
    text = " ".join(evaluation.lower().replace("\u2019", "'").replace("*", " ").split())
    praised = NOT_BAD.search(text) is not None
    text = NOT_BAD.sub(" ", text)
    wrong = WRONG.search(text) is not None
    right = praised or RIGHT.search(WRONG.sub(" ", text)) is not None
    if wrong == right or (right and HALF.search(text)):
        return "unknown"
    return "wrong" if wrong else "correct"


def scores(evaluation: Any, models: list[str]) -> dict[str, Scores]:
    """The scores that an evaluation gives, by model: a list of objects, or a text that holds one.
    An object belongs to the model that its `Answer` names, or whose place in `models` it gives
    (`1`, `Answer 2`, `B`). What cannot be told is left out.
    """
    if isinstance(evaluation, str):
        evaluation = _array(evaluation)
    found: dict[str, Scores] = {}
    for entry in evaluation if isinstance(evaluation, list) else []:
        if not isinstance(entry, dict):
            continue
        fields = {str(key).lower(): value for key, value in entry.items()}
        model = _model(str(fields.get("answer", "")), models)
        values = {dimension: fields.get(dimension) for dimension in DIMENSIONS}
        try:
            read = Scores.model_validate(values)
        except ValidationError:
            continue
        if model and model not in found:
            found[model] = read
    return found


def _array(text: str) -> Any:
    import json_repair

    start, end = text.find("["), text.rfind("]")
    return json_repair.loads(text[start : end + 1]) if 0 <= start < end else None


def _model(name: str, models: list[str]) -> str | None:
    by_name: Mapping[str, str] = {model.lower(): model for model in models}
    if name.strip().lower() in by_name:
        return by_name[name.strip().lower()]
    place = re.search(r"(?:^|\s|_)(?:(\d{1,2})|([A-Z]))\W*$", name.strip())
    if place is None:
        return None
    index = int(place[1]) - 1 if place[1] else ord(place[2]) - ord("A")
    return models[index] if 0 <= index < len(models) else None
