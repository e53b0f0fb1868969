"""Whether feedback tells the student what is expected: then it is withheld."""

import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from meteor.verification.labels import stands
from meteor.verification.numerals import numbers
from meteor.verification.plain import plain
from meteor.verification.units import PERCENT

LEAST_LINE = 8
"""Characters of a line of a longer `check`, as a test or a query, that tells something."""


def telling(feedback: str, check: Any) -> bool:
    """Whether a text or number of a `check` stands in `feedback`: a text as words of its own,
    whatever the punctuation, a number in any way of writing it.
    """
    said = f" {_words(feedback)} "
    values = set(_values(feedback))
    return any(_tells(leaf, feedback, said, values) for leaf in _leaves(check))


def _tells(leaf: Any, feedback: str, said: str, values: set[Fraction]) -> bool:
    if isinstance(leaf, bool):
        return f" {str(leaf).casefold()} " in said
    if isinstance(leaf, (int, float)):
        return any(abs(value - leaf) <= 1e-9 * abs(leaf) for value in values)
    words = _words(leaf)
    if not words:
        return bool(leaf.strip()) and leaf.strip() in feedback
    if len(words) == 1 and words.isalpha():
        return stands(leaf.strip(), feedback)
    return f" {words} " in said or any(value in values for value in _alone(leaf))


def _words(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(char if char.isalnum() else " " for char in text)
    return " ".join(kept.split())


def _values(text: str) -> Iterator[Fraction]:
    """All that the numbers in a text may be, with either mark before the decimals."""
    for decimal in ".,":
        for found in numbers(plain(text), decimal):
            yield found.value
            if parts := PERCENT.get(found.unit.casefold()):
                yield found.value / parts


def _alone(text: str) -> list[Fraction]:
    """The number that a text is, if it is nothing else."""
    found = list(numbers(plain(text), "."))
    return [found[0].value] if len(found) == 1 and not any(map(str.isalpha, text)) else []


def _leaves(check: Any) -> Iterator[str | int | float]:
    if isinstance(check, dict):
        for value in check.values():
            yield from _leaves(value)
    elif isinstance(check, list):
        for value in check:
            yield from _leaves(value)
    elif isinstance(check, (int, float)):
        yield check
    elif isinstance(check, str):
        yield check
        lines = check.splitlines()
        yield from (line for line in lines if len(lines) > 1 and len(line.strip()) >= LEAST_LINE)
