"""How far verdicts agree with those of people, counted as in MT-bench (arXiv 2306.05685).

Each vote of a person beside the judge's verdict on the same two answers is one pair of votes;
people among themselves are compared vote by vote. Ties of any kind are one thing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from pydantic import ConfigDict, model_validator

from meteor.core.records import Record, Text

Winner = Literal["a", "b", "tie"]


class Vote(Record):
    """A line of a file of labels: who prefers which of two answers.

    `winner` is `model_a`, `model_b` or `tie` (with anything after it, such as `(inconsistent)`).
    The texts stand there where a judge is to be asked; what else stands in a line is passed over.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    question_id: int | str
    model_a: Text
    model_b: Text
    winner: Text
    judge: Text
    turn: int = 1
    question: str = ""
    category: str = ""
    reference: str | None = None
    answer_a: str | None = None
    answer_b: str | None = None

    @property
    def key(self) -> None:
        """Many people may vote on the same two answers."""
        return None

    @model_validator(mode="after")
    def _names_a_winner(self) -> "Vote":
        if self.winner not in ("model_a", "model_b") and not self.winner.startswith("tie"):
            raise ValueError(f"winner: model_a, model_b or tie is due, got {self.winner!r}")
        return self

    @property
    def item(self) -> tuple[str, str, str, int]:
        """What is voted on, in whatever order the models stand."""
        one, other = sorted((self.model_a, self.model_b))
        return str(self.question_id), one, other, self.turn

    @property
    def side(self) -> Winner:
        """The vote, `a` being the model whose name sorts first."""
        if self.winner.startswith("tie"):
            return "tie"
        best = self.model_a if self.winner == "model_a" else self.model_b
        return "a" if best == self.item[1] else "b"


@dataclass(frozen=True)
class Agreement:
    """How many pairs of votes agree, of how many."""

    agree: int
    pairs: int

    def __str__(self) -> str:
        return f"{self.agree}/{self.pairs}" + (
            f" = {self.agree / self.pairs:.3f}" if self.pairs else ""
        )


def sides(votes: Iterable[Vote]) -> dict[tuple[str, str, str, int], list[Winner]]:
    """All votes on each item."""
    table = defaultdict(list)
    for vote in votes:
        table[vote.item].append(vote.side)
    return dict(table)


def judge_with_people(judge: Sequence[Vote], people: Sequence[Vote]) -> list[tuple[Winner, Winner]]:
    """The judge's verdict beside each person's vote on the same item."""
    table = sides(people)
    return [(vote.side, other) for vote in judge for other in table.get(vote.item, [])]


def people_among_themselves(people: Sequence[Vote]) -> list[tuple[Winner, Winner]]:
    """Every two votes on the same item."""
    return [pair for votes in sides(people).values() for pair in combinations(votes, 2)]


def agreement(pairs: Iterable[tuple[Winner, Winner]], ties: bool) -> Agreement:
    """Count the agreement; without ties, pairs in which either vote is a tie do not count."""
    counted = [pair for pair in pairs if ties or "tie" not in pair]
    return Agreement(sum(one == other for one, other in counted), len(counted))


def turns(votes: Iterable[Vote]) -> Iterator[int]:
    """The turns that are voted on, in order."""
    yield from sorted({vote.turn for vote in votes})
