"""How far verdicts agree with those of people, counted as in MT-bench (arXiv 2306.05685).

Each vote of a person beside the judge's verdict on the same two answers is one pair of votes;
people among themselves are compared vote by vote. Ties of any kind are one thing; a judge that
gave no verdict agrees with nobody.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

from pydantic import ConfigDict, model_validator

from meteor.core.records import Record, Text
from meteor.evaluation.intervals import Interval, share_interval
from meteor.evaluation.raters import Agreed, kappa

Winner = Literal["a", "b", "tie", "none"]
UNDECIDED = ("tie", "none")
NO_VERDICT = ("no verdict", "error")


class Vote(Record):
    """A line of a file of labels: who prefers which of two answers.

    `winner` is `model_a`, `model_b`, `tie` (with anything after it, such as `(inconsistent)`), or
    `no verdict` (MT-bench writes `error`).
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
        known = ("model_a", "model_b", *NO_VERDICT)
        if self.winner not in known and not self.winner.startswith("tie"):
            raise ValueError(
                f"winner: model_a, model_b, tie or no verdict is due, got {self.winner!r}"
            )
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
        if self.winner in NO_VERDICT:
            return "none"
        best = self.model_a if self.winner == "model_a" else self.model_b
        return "a" if best == self.item[1] else "b"


@dataclass(frozen=True)
class Agreement:
    """How many pairs of votes agree, of how many, and the 95 % interval of their share; votes on
    one item are taken together.
    """

    agree: int
    pairs: int
    interval: Interval = field(default=(None, None), compare=False)

    def __str__(self) -> str:
        low, high = self.interval
        if not self.pairs or low is None or high is None:
            return f"{self.agree}/{self.pairs}"
        return (
            f"{self.agree}/{self.pairs} = {self.agree / self.pairs:.3f} ({low:.2f} to {high:.2f})"
        )


@dataclass(frozen=True)
class VotePair:
    """Two votes on one item."""

    item: tuple[str, str, str, int]
    one: Winner
    other: Winner


def sides(votes: Iterable[Vote]) -> dict[tuple[str, str, str, int], list[Winner]]:
    """All votes on each item."""
    table = defaultdict(list)
    for vote in votes:
        table[vote.item].append(vote.side)
    return dict(table)


def judge_with_people(judge: Sequence[Vote], people: Sequence[Vote]) -> list[VotePair]:
    """The judge's verdict beside each person's vote on the same item."""
    table = sides(people)
    return [
        VotePair(vote.item, vote.side, other)
        for vote in judge
        for other in table.get(vote.item, [])
    ]


def people_among_themselves(people: Sequence[Vote]) -> list[VotePair]:
    """Every two votes on the same item."""
    return [
        VotePair(item, *pair)
        for item, votes in sides(people).items()
        for pair in combinations(votes, 2)
    ]


def agreement(pairs: Iterable[VotePair], ties: bool) -> Agreement:
    """Count the agreement; without ties, pairs in which either vote is undecided do not count."""
    counted = [p for p in pairs if ties or not {p.one, p.other} & set(UNDECIDED)]
    same = [float(p.one == p.other) for p in counted]
    questions = [p.item[0] for p in counted]
    return Agreement(int(sum(same)), len(counted), share_interval(same, questions))


def beyond_chance(pairs: Sequence[VotePair]) -> Agreed | None:
    """Cohen's kappa over all pairs, ties and missing verdicts being values of their own."""
    return kappa([p.one for p in pairs], [p.other for p in pairs], [p.item[0] for p in pairs])


def turns(votes: Iterable[Vote]) -> Iterator[int]:
    """The turns that are voted on, in order."""
    yield from sorted({vote.turn for vote in votes})
