"""Asking a judge which of two answers is better: always in both orders, never about one text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from meteor.core.observers import track
from meteor.core.records import ASPECTS, Compared, Comparison, Failed, Preference, Question, Shares
from meteor.core.roles import Plugin
from meteor.core.stage import Tally

TIED = Shares(**dict.fromkeys(ASPECTS, 0.5))


@dataclass(frozen=True)
class Match:
    """Two answers to one question: the checkpoint's own, and the one that it is held against."""

    question: Question
    against: str
    ours: str
    theirs: str

    @property
    def id(self) -> str:
        """The question and the opponent."""
        return f"{self.question.id} against {self.against}"

    @property
    def same(self) -> bool:
        """Whether both are one text."""
        return self.ours.strip() == self.theirs.strip()

    def orders(self, sample: int = 0) -> tuple[Comparison, Comparison]:
        """The comparison with our answer first, and the one with it second."""
        first, second = (f"{self.id}, shown {place}" for place in ("first", "second"))
        common = {"question": self.question, "sample": sample}
        return (
            Comparison(id=first, first=self.ours, second=self.theirs, **common),
            Comparison(id=second, first=self.theirs, second=self.ours, **common),
        )


def prefer(
    judge: Plugin, matches: Sequence[Match], count: Tally, sample: int = 0
) -> Iterator[Preference]:
    """Yield the judge's preference in each match, in their order. A match is failed in `count`
    where either of its orders has no verdict.
    """
    asked = [pair for match in matches if not match.same for pair in match.orders(sample)]
    title = f"{count.stage}: judge_compare"
    verdicts = (
        dict(
            (pair.id, verdict)
            for pair, verdict in judge.rows(
                "judge_compare",
                asked,
                Compared,
                lambda results: track(results, title, len(asked)),
                pairs=asked,
            )
        )
        if asked
        else {}
    )
    for match in matches:
        if match.same:
            yield Preference(
                id=match.question.id, against=match.against, first=TIED, second=TIED, same=True
            )
            continue
        first, second = (verdicts[pair.id] for pair in match.orders())
        if isinstance(first, Failed):
            count.fail(Failed(id=match.id, error=first.error))
        elif isinstance(second, Failed):
            count.fail(Failed(id=match.id, error=second.error))
        else:
            yield Preference(
                id=match.question.id,
                against=match.against,
                first=first.shares,
                second=other(second.shares),
                first_reasons=first.reasons,
                second_reasons=second.reasons,
            )


def other(shares: Shares) -> Shares:
    """What the other answer gets."""
    return Shares(**{aspect: 1 - shares.get(aspect) for aspect in ASPECTS})
