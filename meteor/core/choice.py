"""Which rows a stage takes: a repeatable sample that does not depend on the file's order.

Each choice and its salt stands here once, for the stage that makes it and for whoever foretells
what that stage will ask.
"""

import hashlib
from collections.abc import Iterable, Sequence
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


def choose_taught(among: Iterable[R], count: int | None, seed: int) -> list[R]:
    """The training questions that the teacher answers in phase 1."""
    return choose(among, count, f"{seed}/distill")


def choose_questions(among: Iterable[R], count: int | None, seed: int, name: str) -> list[R]:
    """The training questions of a round of phase 2 or a turn of phase 3: each has its own."""
    return choose(among, count, f"{seed}/{name}")


def choose_set_aside(among: Sequence[R], share: float, seed: int) -> list[R]:
    """The training questions that no round of phase 2 asks: the same in all rounds."""
    return choose(among, round(share * len(among)), f"{seed}/set_aside")


def choose_again(among: Sequence[R], share: float, seed: int, name: str) -> list[R]:
    """The solved questions that a round asks again."""
    return choose(among, round(share * len(among)), f"{seed}/{name}/again")


def choose_plain(among: Sequence[R], share: float, seed: int, name: str) -> list[R]:
    """The rows that phase 1 taught which train again beside revisions."""
    return choose(among, round(share * len(among)), f"{seed}/{name}/plain")


def choose_replay(among: Sequence[R], beside: int, share: float, seed: int, of: object) -> list[R]:
    """The rows that phase 1 taught which train again beside so many others, `share` for each."""
    return choose(among, round(share * beside), f"{seed}/replay/{of}")


def choose_pairs(among: Iterable[R], count: int | None, seed: int, name: str) -> list[R]:
    """The pairs of a turn that are explored and checked; the fewer are among the more."""
    return choose(among, count, f"{seed}/{name}/check")


def choose_unguided(among: Iterable[R], count: int | None, seed: int) -> list[R]:
    """The training questions that the teacher answers without a guideline, too."""
    return choose(among, count, f"{seed}/quality")


def choose_controls(among: Iterable[R], count: int | None, seed: int) -> list[R]:
    """The answers that are spoilt to see whether the judge notices."""
    return choose(among, count, f"{seed}/control")


def choose_labelled(among: Iterable[R], count: int | None, seed: int) -> list[R]:
    """The pairs of a right and a wrong answer that the judge is asked about."""
    return choose(among, count, f"{seed}/labelled")
