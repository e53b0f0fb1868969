"""From preferences to a table: win rates with what a sceptic asks for beside them.

A question counts with its share over both orders (a verdict that flips is a tie). Every figure is
over questions, those of one source taken together: docs/evaluation.md.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

from meteor.core.judgements import ASPECTS, Aspect, Judgement, Preference
from meteor.core.records import Answer, Question
from meteor.evaluation.intervals import Clusters, detectable, effective_number, share_interval
from meteor.evaluation.significance import holm, paired, sign_test
from meteor.evaluation.style import differences, length_controlled, style_controlled

ALL = "all"
"""Stands for every category."""


@dataclass(frozen=True)
class WinRate:
    """How one checkpoint fares against another in one dimension; a row of the table.

    - questions: compared and judged; same: of these, answers of one text, a tie without asking
    - win_rate: mean share, ties as half; low, high: its 95 % interval; shows: the least lead over
      a half that so many questions, with so many ties, can tell from chance
    - wins, ties, losses: questions; p: two-sided sign test over wins and losses; p_holm: adjusted
      for all comparisons of this dimension and category (Holm)
    - flips, inconsistent: shares of the asked questions whose verdict went from a win to a loss,
      and changed at all, with the order
    - unjudged: questions without a verdict; lowest, highest: win_rate if all of them were lost, won
    - words, against_words: mean lengths; win_rate_shorter, win_rate_longer: over the questions
      where the checkpoint's answer is the shorter, the longer; longer_wins: share of decided
      questions that the longer answer won
    - length_controlled, length_low, length_high: win_rate at equal length; style_controlled: at
      equal length, lists, headings, code and bold (category `all` only)
    - score_lead, score_low, score_high, score_p: mean difference of the scores of both, its
      interval, and a permutation test (category `all` only)
    """

    model: str
    against: str
    category: str
    dimension: Aspect
    questions: int
    same: int
    win_rate: float | None
    low: float | None
    high: float | None
    shows: float | None
    wins: int
    ties: int
    losses: int
    p: float | None
    p_holm: float | None
    flips: float | None
    inconsistent: float | None
    unjudged: int
    lowest: float | None
    highest: float | None
    words: float | None
    against_words: float | None
    win_rate_shorter: float | None
    win_rate_longer: float | None
    longer_wins: float | None
    length_controlled: float | None
    length_low: float | None
    length_high: float | None
    style_controlled: float | None
    score_lead: float | None = None
    score_low: float | None = None
    score_high: float | None = None
    score_p: float | None = None

    def row(self) -> dict[str, object]:
        """The row as it is written, to five digits that count."""
        return {
            name: float(f"{value:.5g}") if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True)
class Sides:
    """Both answers to one question, and the source that the question comes from."""

    ours: str
    theirs: str
    source: str

    @property
    def words(self) -> tuple[int, int]:
        """The lengths of both."""
        return len(self.ours.split()), len(self.theirs.split())

    @cached_property
    def more(self) -> list[float]:
        """How much more of each mark of style ours has."""
        return differences(self.ours, self.theirs)


def win_rates(
    model: str, answers: Mapping[str, Sequence[Answer]], preferences: Sequence[Preference]
) -> Iterator[WinRate]:
    """The rows of one checkpoint: each opponent, all questions and each category, each dimension
    and overall. `answers` are those of all checkpoints, by name.
    """
    ours = {row.id: row for row in answers[model]}
    source = sources([row.question for row in ours.values()])
    for against in dict.fromkeys(row.against for row in preferences):
        theirs = {row.id: row for row in answers[against]}
        judged = {row.id: row for row in preferences if row.against == against}
        both = {n: Sides(ours[n].text, theirs[n].text, source[n]) for n in ours if n in theirs}
        categories = sorted({ours[name].question.category for name in both} - {""})
        for category in (ALL, *categories):
            rows = {
                name: sides
                for name, sides in both.items()
                if category in (ALL, ours[name].question.category)
            }
            for aspect in ASPECTS:
                yield win_rate(model, against, category, aspect, rows, judged)


def sources(questions: Sequence[Question]) -> dict[str, str]:
    """What each question is clustered by: the page that its link names, where some share it, else
    itself. A link that all of them share tells nothing about any.
    """
    pages = {row.id: (row.link or "").partition("#")[0] for row in questions}
    count = Counter(pages.values())
    return {
        name: page if page and 1 < count[page] < len(pages) else f"question {name}"
        for name, page in pages.items()
    }


def win_rate(
    model: str,
    against: str,
    category: str,
    aspect: Aspect,
    rows: Mapping[str, Sides],
    judged: Mapping[str, Preference],
) -> WinRate:
    """One row. `rows` has both answers to every question that was compared."""
    known = [judged[name] for name in rows if name in judged]
    sides = [rows[row.id] for row in known]
    clusters = [both.source for both in sides]
    shares = [row.share(aspect) for row in known]
    asked = [row for row in known if not row.same]
    unjudged = len(rows) - len(known)
    wins, losses = sum(s > 0.5 for s in shares), sum(s < 0.5 for s in shares)
    longer = [both.words[0] - both.words[1] for both in sides]
    low, high = share_interval(shares, clusters) if asked else (None, None)
    pairs = list(zip(shares, longer, strict=True))
    level = length_controlled(shares, longer, clusters) if category == ALL else None
    return WinRate(
        model=model,
        against=against,
        category=category,
        dimension=aspect,
        questions=len(known),
        same=len(known) - len(asked),
        win_rate=mean(shares),
        low=low,
        high=high,
        shows=detectable(effective_number(shares, clusters)) if asked else None,
        wins=wins,
        ties=len(shares) - wins - losses,
        losses=losses,
        p=sign_test(wins, losses),
        p_holm=None,
        flips=mean([float(row.flips(aspect)) for row in asked]),
        inconsistent=mean([float(row.inconsistent(aspect)) for row in asked]),
        unjudged=unjudged,
        lowest=sum(shares) / len(rows) if rows else None,
        highest=(sum(shares) + unjudged) / len(rows) if rows else None,
        words=mean([float(both.words[0]) for both in rows.values()]),
        against_words=mean([float(both.words[1]) for both in rows.values()]),
        win_rate_shorter=mean([share for share, by in pairs if by < 0]),
        win_rate_longer=mean([share for share, by in pairs if by > 0]),
        longer_wins=mean([float((s > 0.5) == (by > 0)) for s, by in pairs if by and s != 0.5]),
        length_controlled=level.value if level else None,
        length_low=level.interval[0] if level else None,
        length_high=level.interval[1] if level else None,
        style_controlled=(
            style_controlled(shares, [both.more for both in sides]) if category == ALL else None
        ),
    )


def with_scores(
    row: WinRate, answers: Sequence[Answer], judged: Mapping[str, Sequence[Judgement]]
) -> WinRate:
    """The row with the lead in scores over the questions that have a score of both; of category
    `all` alone. `answers` are those of either side, `judged` the scores of all checkpoints.
    """
    if row.category != ALL or row.model == row.against:
        return row
    ours, theirs = (_scores(judged[name], row.dimension) for name in (row.model, row.against))
    source = sources([answer.question for answer in answers])
    both = [name for name in source if name in ours and name in theirs]
    clusters: Clusters = [source[name] for name in both]
    lead = paired([ours[name] for name in both], [theirs[name] for name in both], clusters)
    low, high = lead.interval
    return replace(row, score_lead=lead.mean, score_low=low, score_high=high, score_p=lead.p)


def adjusted(rows: Sequence[WinRate]) -> list[WinRate]:
    """The rows with p values for many comparisons: Holm's, over all that are of one dimension and
    category.
    """
    found = list(rows)
    families: dict[tuple[str, Aspect], list[int]] = {}
    for place, row in enumerate(found):
        families.setdefault((row.category, row.dimension), []).append(place)
    for places in families.values():
        for place, p in zip(places, holm([found[n].p for n in places]), strict=True):
            found[place] = replace(found[place], p_holm=p)
    return found


def mean(values: Sequence[float]) -> float | None:
    """The mean; None for no values."""
    return sum(values) / len(values) if values else None


def _scores(judgements: Sequence[Judgement], aspect: Aspect) -> dict[str, float]:
    return {
        row.id: row.scores.overall if aspect == "overall" else row.scores.get(aspect)
        for row in judgements
    }
