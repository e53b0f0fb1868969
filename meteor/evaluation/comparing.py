"""Asking a judge which of two answers is better: always in both orders, never about one text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from meteor.core.comparisons import Verdicts, verdicts_on
from meteor.core.judgements import (
    ASPECTS,
    Compared,
    Comparison,
    Preference,
    Shares,
)
from meteor.core.records import Failed, Question
from meteor.core.roles import Plugin
from meteor.running.asking import ask

TIED = Shares(**dict.fromkeys(ASPECTS, 0.5))


@dataclass(frozen=True)
class Match:
    """Two answers to one question: the checkpoint's own, and the one that it is held against.
    `sample` tells apart matches that are asked again.
    """

    question: Question
    against: str
    ours: str
    theirs: str
    sample: int = 0

    @property
    def id(self) -> str:
        """The question and the opponent."""
        return f"{self.question.id} against {self.against}"

    @property
    def same(self) -> bool:
        """Whether both are one text."""
        return self.ours.strip() == self.theirs.strip()

    def orders(self) -> tuple[Comparison, Comparison]:
        """The comparison with our answer first, and the one with it second."""
        return (
            self._shown("first", self.ours, self.theirs),
            self._shown("second", self.theirs, self.ours),
        )

    def _shown(self, place: str, first: str, second: str) -> Comparison:
        return Comparison(
            id=f"{self.id}, shown {place}",
            question=self.question,
            first=first,
            second=second,
            sample=self.sample,
        )


def prefer(judge: Plugin, matches: Sequence[Match]) -> Iterator[tuple[Match, Preference | Failed]]:
    """Yield each match with the judge's preference, in their order; it failed where either of its
    orders has no verdict. All is asked at once.
    """
    asked = [pair for match in matches if not match.same for pair in match.orders()]
    verdicts = verdicts_on(judge, asked, ask) if asked else {}
    for match in matches:
        yield match, _preference(match, verdicts)


def _preference(match: Match, verdicts: Verdicts) -> Preference | Failed:
    name, against = match.question.id, match.against
    if match.same:
        return Preference(id=name, against=against, first=TIED, second=TIED, same=True)
    first, second = (verdicts[pair.id] for pair in match.orders())
    for verdict in (first, second):
        if isinstance(verdict, Failed):
            return type(verdict)(id=match.id, error=verdict.error)
    assert isinstance(first, Compared) and isinstance(second, Compared)
    return Preference(
        id=name,
        against=against,
        first=first.shares,
        second=_others(second.shares),
        first_reasons=first.reasons,
        second_reasons=second.reasons,
        first_votes=first.votes,
        second_votes={name: _others(shares) for name, shares in second.votes.items()},
    )


def _others(shares: Shares) -> Shares:
    """What the other answer gets."""
    return Shares(**{aspect: 1 - shares.get(aspect) for aspect in ASPECTS})
