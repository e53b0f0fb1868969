"""Questions with choices: each choice on a line with its label, the right one by label and text.

Choices are a list of texts, an object of texts by label, an object of two lists (`text` and
`label`), or a list of objects of both; the right one is named by its label, or by its place from 0.
"""

from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any, NamedTuple

from meteor.sources.values import as_text, is_nothing

CHOICES = ("choices", "options", "answer_choices", "endings")
"""What a column of choices is usually called, in small letters."""
LONGEST_LABEL = 2


class Choice(NamedTuple):
    """A choice, and how it is called."""

    label: str
    text: str

    def __str__(self) -> str:
        return f"{self.label}. {self.text}"


def choices_of(value: Any) -> list[Choice]:
    """The choices that a value holds; none where it holds something else."""
    if isinstance(value, Mapping):
        labels, texts = value.get("label"), value.get("text")
        if isinstance(labels, list) and isinstance(texts, list) and len(labels) == len(texts):
            return _choices(zip(labels, texts, strict=True))
        if all(len(str(key)) <= LONGEST_LABEL for key in value):
            return _choices((key, text) for key, text in value.items() if not is_nothing(text))
    if isinstance(value, list) and len(value) <= len(ascii_uppercase):
        if all(isinstance(one, Mapping) and {"label", "text"} <= one.keys() for one in value):
            return _choices((one["label"], one["text"]) for one in value)
        return _choices(zip(ascii_uppercase, value, strict=False))
    return []


def listed(value: Any) -> str | None:
    """The choices, one a line; None where there are none."""
    return "\n".join(map(str, choices_of(value))) or None


def right_one(answer: Any, value: Any) -> str | None:
    """The choice that an answer names; None where it names none."""
    choices = choices_of(value)
    said = as_text(answer)
    if said is None:
        return None
    by_label = {choice.label: str(choice) for choice in choices}
    if said.strip() in by_label:
        return by_label[said.strip()]
    by_place = {str(place): str(choice) for place, choice in enumerate(choices)}
    return None if isinstance(answer, bool) else by_place.get(said.strip())


def _choices(pairs: Any) -> list[Choice]:
    """Choices of labels and texts; none where one of them is no text."""
    made = [(as_text(label), as_text(text)) for label, text in pairs]
    if not all(label and text is not None for label, text in made):
        return []
    return [Choice(str(label).strip(), " ".join(str(text).split())) for label, text in made]
