"""A repeatable choice of rows: a sample that does not depend on the file's order."""

import hashlib
from collections.abc import Iterable
from typing import TypeVar

from meteor.core.roles import HasId

R = TypeVar("R", bound=HasId)


def choose(among: Iterable[R], count: int | None, salt: str) -> list[R]:
    """`count` rows by a salted hash of their ids (all for None), in the input's order. With one
    salt, a smaller choice is part of a larger one.
    """
    rows = list(among)
    if count is None or count >= len(rows):
        return rows
    ranked = sorted(rows, key=lambda row: hashlib.sha256(f"{salt}/{row.id}".encode()).digest())
    kept = {row.id for row in ranked[:count]}
    return [row for row in rows if row.id in kept]
