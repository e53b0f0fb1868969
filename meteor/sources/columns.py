r"""What a user calls a column: a name, a path into nested values, a template that joins several.

`title`, `answers[0].text` and `{instruction}\n\n{input}` all name one value of a row.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from meteor.sources.choices import CHOICES, listed
from meteor.sources.values import as_text, is_nothing

STEP = re.compile(r"\.?([^.\[\]]+)|\[(-?\d+)\]")
HOLE = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")
MISSING = object()
"""What a path finds where the row has no such place; a null is a value."""


def value_at(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column in a row; MISSING where there is no such place."""
    if "{" in column:
        return _filled(row, column)
    if column in row:
        return row[column]
    value: Any = row
    for name, index in _steps(column):
        value = _item(value, index) if name is None else _member(value, name)
        if value is MISSING:
            return MISSING
    return value


def holes(column: str) -> list[str]:
    """The columns that a column is made of: those of a template, else itself."""
    return [found for found in HOLE.findall(column) if found] if "{" in column else [column]


def is_plain(column: str) -> bool:
    """Whether a column is a name alone, no path and no template."""
    return not any(sign in column for sign in ".[{")


@lru_cache(maxsize=10_000)
def tidy(name: str) -> str:
    """A header as it is compared: without spaces around it, in small letters, `_` for blanks."""
    return "_".join(name.strip().lower().replace("_", " ").split())


def _filled(row: Mapping[str, Any], template: str) -> Any:
    """The template with its holes filled; lines whose holes are all empty go. MISSING where no
    hole finds a place.
    """
    found = {name: value_at(row, name) for name in holes(template)}
    if all(value is MISSING for value in found.values()):
        return MISSING
    texts = {
        name: "" if value is MISSING or is_nothing(value) else _text(name, value)
        for name, value in found.items()
    }
    if not any(texts.values()):
        return None
    signs = {"{{": "{", "}}": "}"}
    lines = (
        HOLE.sub(lambda match: signs.get(match[0]) or texts.get(match[1], ""), line)
        for line in template.split("\n")
        if not holes_of_line(line) or any(texts[name] for name in holes_of_line(line))
    )
    return "\n".join(lines).strip("\n")


def _text(column: str, value: Any) -> str:
    """The text of a hole; of choices, each with its label."""
    choices = listed(value) if tidy(column) in CHOICES else None
    return choices or as_text(value) or ""


def holes_of_line(line: str) -> list[str]:
    """The columns that one line of a template is made of."""
    return [found for found in HOLE.findall(line) if found]


@cache
def _steps(column: str) -> list[tuple[str | None, int]]:
    return [(name or None, int(index or 0)) for name, index in STEP.findall(column)]


def _item(value: Any, index: int) -> Any:
    try:
        return value[index] if isinstance(value, list) else MISSING
    except IndexError:
        return MISSING


def _member(value: Any, name: str) -> Any:
    """A member of an object, or of each object of a list."""
    if isinstance(value, list):
        members = [_member(item, name) for item in value]
        found = [member for member in members if member is not MISSING]
        return found if found or not value else MISSING
    if not isinstance(value, Mapping):
        return MISSING
    if name in value:
        return value[name]
    return next((item for key, item in value.items() if tidy(key) == tidy(name)), MISSING)
