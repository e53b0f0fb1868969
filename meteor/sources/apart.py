"""Choices that stand in columns of their own: `A` to `D`, `opa` to `opd`, `answer0` and further."""

from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any, NamedTuple

from meteor.sources.choices import CHOICES
from meteor.sources.columns import tidy
from meteor.sources.fields import USUAL
from meteor.sources.values import is_nothing


class Family(NamedTuple):
    """The columns of choices, those that may name the right one, and the number of the first."""

    columns: tuple[str, ...]
    keys: tuple[str, ...]
    first: int = 0


ANSWERS = frozenset(USUAL["answer"])
LETTERS = tuple(ascii_uppercase[:8].lower())
FEW = 3
KEYS = (
    *("answer", "correct", "correct_answer", "answerkey", "answer_key", "correct_option", "label"),
    *("target", "ans"),
)


def _columns(name: str, signs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name}{sign}" for sign in signs)


DIGITS = tuple(map(str, range(8)))
FAMILIES = (
    Family(_columns("op", LETTERS), ("cop",)),  # MedMCQA
    Family(_columns("answer", LETTERS), ("label",), first=1),  # Social IQa
    Family(_columns("answer", DIGITS), ("label",)),  # Cosmos QA
    Family(_columns("sol", DIGITS[1:]), ("label",)),  # PIQA
    Family(_columns("choice", DIGITS[1:]), ("label",)),  # COPA
    Family(_columns("ending", DIGITS), ("label",)),  # SWAG
    Family(_columns("option", DIGITS[1:]), KEYS, first=1),  # WinoGrande
    Family(_columns("option_", DIGITS[1:]), KEYS, first=1),
    Family(LETTERS, KEYS),
    *(Family(_columns(name, LETTERS), KEYS) for name in ("option_", "option", "choice_", "opt_")),
)


def with_choices(row: dict[str, Any]) -> list[Any] | None:
    """A row with a column for each choice: they stand in `choices`, by the label that `answer`
    names the right one with. So do those that stand in the object of a question.
    """
    fields = {tidy(str(key)): value for key, value in row.items()}
    asked = row.get("question")
    if isinstance(asked, Mapping) and {"stem", "choices"} <= asked.keys():
        return [{**row, "question": asked["stem"], "choices": asked["choices"]}]
    if any(name in fields for name in CHOICES):
        is_place = str(fields.get("label", "")).isdigit() and not ANSWERS & fields.keys()
        return [{**row, "answer": fields["label"]}] if is_place else None
    for family in FAMILIES:
        if not set(family.columns[:2]) <= fields.keys():
            continue
        key = next((name for name in family.keys if not is_nothing(fields.get(name))), None)
        texts = [fields[name] for name in family.columns if not is_nothing(fields.get(name))]
        if key is None or len(texts) < 2:
            continue
        said = str(fields[key]).strip()
        if not _names_one(said, texts, len(family.columns[0]) == 1):
            continue
        by_number = said.isdigit() and family.first
        labels = DIGITS[family.first :] if by_number else tuple(ascii_uppercase)
        right = said.upper() if said.lower() in LETTERS else said
        return [{**row, "choices": dict(zip(labels, texts, strict=False)), "answer": right}]
    return None


def _names_one(said: str, texts: list[Any], is_letter: bool) -> bool:
    """Whether a word names choices: their labels, a number of one, its text. Of columns that are
    called by a letter alone a number names one only where they are as many as in a test.
    """
    if said.isdigit():
        return int(said) <= len(texts) and (not is_letter or len(texts) > FEW)
    labels = set(said.lower()) - set(" ,;")
    return labels <= set(LETTERS[: len(texts)]) or said in map(str, texts)
