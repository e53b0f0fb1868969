"""A repeatable choice of questions: a sample that does not depend on the file's order."""

import hashlib
from collections.abc import Iterable

from meteor.core.records import Question


def choose(questions: Iterable[Question], count: int | None, salt: str) -> list[Question]:
    """`count` questions by a salted hash of their ids (all for None), in the input's order."""
    rows = list(questions)
    if count is None or count >= len(rows):
        return rows
    ranked = sorted(rows, key=lambda row: hashlib.sha256(f"{salt}/{row.id}".encode()).digest())
    kept = {row.id for row in ranked[:count]}
    return [row for row in rows if row.id in kept]
