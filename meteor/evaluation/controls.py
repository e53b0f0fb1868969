"""Controls of a judge: pairs of which it is known which answer should win, or that none should.

- shuffled, truncated, repeated: plainly worse than the real answer
- dressed: the real answer's own words with a heading, a list and bold; neither is better
- near: a right answer and one that is near in its words and wrong, from a file of such pairs
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import ConfigDict

from meteor.core.choice import choose_controls, choose_labelled
from meteor.core.judgements import Judgement
from meteor.core.records import Answer, Question, Record, Text
from meteor.core.texts import sentences
from meteor.evaluation.comparing import Match

EASY = ("shuffled", "truncated", "repeated")
DRESSED, NEAR = "dressed", "near"
CONTROLS = (*EASY, DRESSED, NEAR)
AGAIN = ", again"
"""Marks a match that was asked a second time."""
WORTH = 2.0
"""Below this overall score (1 is the least) an answer is worth nothing, and so no control."""


class Labelled(Record):
    """Two answers to one question, one of them known to be right: a line of a file of pairs."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    question: Text
    right: Text
    wrong: Text
    reference: Text | None = None
    category: str = ""
    kind: str = NEAR

    @property
    def key(self) -> None:
        """A question may stand there with several wrong answers."""
        return None

    def match(self, number: int) -> Match:
        """The pair as a judge is asked about it; ours is the right answer."""
        question = Question(
            id=f"labelled {number}",
            title=self.question,
            category=self.category,
            answer=self.reference,
        )
        return Match(question, self.kind, self.right, self.wrong)


def worthy(
    answers: Sequence[Answer], judged: Mapping[str, Judgement], known: Mapping[str, bool]
) -> list[Answer]:
    """The answers, but the accepted one in the place of an answer that the judge itself finds
    worthless, or that is `known` to be wrong: nothing can be made of it that is worse.
    """
    found = []
    for row in answers:
        verdict = judged.get(row.id)
        poor = not row.text.strip() or (verdict is not None and verdict.scores.overall < WORTH)
        poor = poor or not known.get(row.id, True)
        if poor and row.question.answer:
            row = row.model_copy(update={"text": row.question.answer, "finish_reason": "stop"})
        found.append(row)
    return found


def controls(answers: Sequence[Answer], count: int, seed: int, repeat: bool) -> list[Match]:
    """`count` real answers of at least four words, each against the answer to another question,
    of another category where there is one, its own first half, itself said twice, and itself
    dressed up. Answers that end by themselves are taken where there are any. A control that cannot
    be made is left out.
    """
    long = [row for row in answers if len(row.text.split()) >= 4]
    usable = [row for row in long if row.finish_reason == "stop"] or long
    kept = {row.id for row in choose_controls([row.question for row in usable], count, seed)}
    found = []
    for place, row in enumerate(usable):
        if row.id not in kept:
            continue
        spoilt = {
            "shuffled": _foreign(row, [*usable[place + 1 :], *usable[:place]]),
            "truncated": row.text[: len(row.text) // 2].rstrip(),
            "repeated": f"{row.text}\n\n{row.text}",
            DRESSED: dressed(row.text),
        }
        for name, text in spoilt.items():
            if text is not None:
                found += list(_asked(Match(row.question, name, row.text, text), repeat))
    return found


def near(rows: Iterable[Labelled], count: int, seed: int, repeat: bool) -> list[Match]:
    """`count` pairs of a right answer and one that is near in its words and wrong."""
    matches = {match.id: match for match in (row.match(n) for n, row in enumerate(rows))}
    kept = choose_labelled([match.question for match in matches.values()], count, seed)
    wanted = {question.id for question in kept}
    return [
        asked
        for match in matches.values()
        if match.question.id in wanted
        for asked in _asked(match, repeat)
    ]


def dressed(text: str) -> str | None:
    """The same words with a heading, a list of the sentences, and bold; None where they are one
    sentence, or dressed already.
    """
    parts = sentences(text)
    if len(parts) < 2 or any(mark in text for mark in ("\n- ", "\n* ", "**", "# ", "```")):
        return None
    items = []
    for part in parts:
        first, _, rest = part.partition(" ")
        items.append(f"- **{first}** {rest}".rstrip())
    return "## Answer\n\n" + "\n".join(items)


def _asked(match: Match, repeat: bool) -> Iterator[Match]:
    yield match
    if repeat:
        yield Match(match.question, match.against + AGAIN, match.ours, match.theirs, sample=1)


def _foreign(row: Answer, others: Sequence[Answer]) -> str | None:
    """The nearest other text, of another category where there is one."""
    texts = [
        (other.question.category == row.question.category, place, other.text)
        for place, other in enumerate(others)
        if other.text.strip() != row.text.strip()
    ]
    return min(texts)[2] if texts else None
