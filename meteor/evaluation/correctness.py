"""How many answers a verifier finds right, and whether that is more than before or chance.

Only questions whose answer has a verdict count; each comparison is over those that both
checkpoints have one for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from meteor.core.records import Answer
from meteor.core.verdicts import Verdict
from meteor.evaluation.intervals import proportion_interval
from meteor.evaluation.preferences import ALL
from meteor.evaluation.significance import holm, sign_test

SHARE = ("correct", "correct_low", "correct_high")
Right = Mapping[str, bool]
"""Whether the answer to a question is right, by the question's id."""


@dataclass(frozen=True)
class Correctness:
    """How many of one checkpoint's answers are right, beside another's; a row of the table.

    - questions: with a verdict on both answers; correct: the share of right ones, with its 95 %
      interval by Wilson; before: the other's share
    - gained, lost: questions that only this one, only the other answers rightly
    - p: McNemar's exact test of these two; p_holm: adjusted for all checkpoints of the category
      against what they are compared with (Holm)
    """

    model: str
    against: str
    category: str
    questions: int
    correct: float | None
    low: float | None
    high: float | None
    before: float | None
    gained: int
    lost: int
    p: float | None
    p_holm: float | None = None

    def row(self) -> dict[str, object]:
        """The row as it is written, to five digits that count."""
        return {
            name: float(f"{value:.5g}") if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def right(verdicts: Iterable[Verdict]) -> Right:
    """What is known of the answers."""
    return {row.id: row.passed for row in verdicts if row.passed is not None}


def correctness(model: str, against: str, category: str, ours: Right, theirs: Right) -> Correctness:
    """One row, over the questions that both have a verdict for."""
    both = [(passed, theirs[name]) for name, passed in ours.items() if name in theirs]
    hits, others = sum(one for one, _ in both), sum(other for _, other in both)
    gained = sum(one and not other for one, other in both)
    lost = sum(other and not one for one, other in both)
    low, high = proportion_interval(hits, len(both))
    return Correctness(
        model=model,
        against=against,
        category=category,
        questions=len(both),
        correct=hits / len(both) if both else None,
        low=low,
        high=high,
        before=others / len(both) if both else None,
        gained=gained,
        lost=lost,
        p=sign_test(gained, lost),
    )


def metrics(ours: Right, before: Right, base: Right) -> dict[str, float | None]:
    """What stands in the metrics of a checkpoint; nothing where no answer has a verdict."""
    if not ours:
        return {}
    tests = {"p_before": before, "p_base": base}
    ps = {name: correctness("", "", ALL, ours, theirs).p for name, theirs in tests.items()}
    return {
        **share(ours),
        **{name: None if p is None else float(f"{p:.2g}") for name, p in ps.items()},
    }


def share(ours: Right) -> dict[str, float | None]:
    """The share of right answers and its 95 % interval; nothing where no answer has a verdict."""
    if not ours:
        return {}
    hits, number = sum(ours.values()), len(ours)
    values = (hits / number, *proportion_interval(hits, number))
    return {
        name: None if value is None else round(value, 3)
        for name, value in zip(SHARE, values, strict=True)
    }


def table(
    answers: Mapping[str, Sequence[Answer]],
    known: Mapping[str, Right],
    rivals: Mapping[str, Sequence[str]],
) -> Iterator[Correctness]:
    """The rows of all checkpoints: over all questions and in each category, against each of their
    `rivals`. Nothing for a checkpoint without verdicts.
    """
    for category in _categories(answers):
        rows = [
            correctness(name, rival, category, _of(category, answers, known, name), known[rival])
            for name in known
            if known[name]
            for rival in dict.fromkeys(rivals[name])
        ]
        yield from _adjusted([row for row in rows if row.questions])


def _categories(answers: Mapping[str, Sequence[Answer]]) -> list[str]:
    named = {row.question.category for rows in answers.values() for row in rows} - {""}
    return [ALL, *sorted(named)]


def _of(
    category: str, answers: Mapping[str, Sequence[Answer]], known: Mapping[str, Right], name: str
) -> Right:
    ids = {row.id for row in answers[name] if category in (ALL, row.question.category)}
    return {row: passed for row, passed in known[name].items() if row in ids}


def _adjusted(rows: Sequence[Correctness]) -> Iterator[Correctness]:
    for row, p in zip(rows, holm([row.p for row in rows]), strict=True):
        yield replace(row, p_holm=p)
