"""A row of anybody's table becomes a question, by the names of its fields."""

import hashlib
import math
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from meteor.core.jsonl import explain
from meteor.core.records import Failed, Question
from meteor.core.settings import Field, Settings


class Fields(Settings):
    """Names of the fields; those that a row does not have are left out, but for the title."""

    id: str = Field("id", description="field with the id; without one it is made of the text")
    title: str = Field("title", description="field with the question's title")
    body: str | None = Field(
        "question_content", description="field with the question's text; null: the title says all"
    )
    answer: str = Field("answer", description="field with the accepted answer, if there is one")
    check: str = Field("check", description="field with what a verifier checks against: any JSON")
    category: str = Field("category", description="field with the category")
    score: str = Field("score", description="field with the votes: of duplicates, more win")
    link: str = Field("link", description="field with the address, for attribution")
    author: str = Field("author", description="field with the author, for attribution")
    licence: str = Field("licence", description="field with the licence")


def question(
    row: Any, where: str, fields: Fields, defaults: Mapping[Any, str], body_is_due: bool = False
) -> Question | Failed:
    """The question of a row, or what is wrong with it. `defaults` are values (category, licence,
    author) of rows that have none of their own.
    """
    if not isinstance(row, dict):
        return Failed(id=where, error=f"an object is expected, not a {type(row).__name__}")
    due = (fields.title, fields.body) if body_is_due else (fields.title,)
    for name in filter(None, due):
        if not isinstance(row.get(name), str) or not row[name].strip():
            state = "missing" if name not in row else f"{row[name]!r}, not a text"
            return Failed(id=where, error=f"{name} is {shortened(state)}")
    title, body = row[fields.title], _known(row, fields.body) or ""
    identifier = _known(row, fields.id)
    optional = {
        name: value
        for name in ("answer", "check", "category", "score", "link", "author", "licence")
        if (value := _known(row, getattr(fields, name))) is not None
    }
    try:
        return Question(
            id=fingerprint(title, body) if identifier is None else str(identifier),
            title=title,
            body=body.strip() if isinstance(body, str) else body,
            **{**defaults, **optional},
        )
    except ValidationError as error:
        return Failed(id=where, error=explain(error))


def fingerprint(title: str, body: str) -> str:
    """An id made of the text as it came: the same question keeps it wherever it stands."""
    return hashlib.sha256(f"{title}\n{body}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def shortened(text: str) -> str:
    """A value for an error message."""
    return text if len(text) <= 80 else text[:77] + "..."


def _known(row: Mapping[str, Any], name: str | None) -> Any:
    """A value; None where it is missing, empty, or the NaN of a table's empty cell."""
    value = row.get(name) if name else None
    if value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    return value
