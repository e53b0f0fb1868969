"""Which questions stay, and in which split: no id, no text twice, none near a held-out one, none
whose answer a held-out one has.
"""

import hashlib
import re
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meteor.core.records import Question
from meteor.core.sections import Duplicates
from meteor.sources.contained import LEAST_WORDS, WordRuns
from meteor.sources.near import Indices, Signatures, words_of
from meteor.sources.rows import FURTHER
from meteor.sources.sides import GIVEN, MOST_ALIKE, SPLITS, TRAIN, sides, together

SAME_ID = "the id stands twice"
SAME_TEXT = "the text stands twice"
NEAR = "the text is nearly that of another question"
NEAR_HELD_OUT = "the text is near a held-out question's"
SAME_ANSWER = "the answer is a held-out question's"
CLASH = "the id stands twice, with another text (`id: null` makes ids of the texts)"
REASONS = (SAME_ID, SAME_TEXT, NEAR, NEAR_HELD_OUT, SAME_ANSWER, CLASH)
"""All but CLASH are reasons to leave a row out; that one is a fault of the data."""
NO_SCORE, MOST_SCORE = -(2**31), 2**62
NUMBER = re.compile(
    r"\W*(?:(?:question|problem|exercise|task|q|ex)\.?\s*(?:no\.?|nr\.?|#)?\s*\d{1,4}\s*[).:\]-]*"
    r"|q(?:uestion)?\s*:|[#(\[]?\d{1,4}[)\].:]+)\s+(?=\S)",
    re.IGNORECASE,
)
"""What stands before a question in a list of them, and says nothing of it."""
WHOLE = 0.95
"""Share of an answer's word triples with which it stands in another: all but for its ends."""


class Census:
    """What is known of each question while its text lies on disk: some 40 bytes a row."""

    def __init__(self, folder: Path, settings: Duplicates, split_of: Callable[[str], str]) -> None:
        self.settings, self.split_of = settings, split_of
        self.ids, self.texts, self.answers = array("Q"), array("Q"), array("Q")
        self.scores = array("q")
        self.hashed, self.given = array("B"), array("B")
        self.further: dict[int, int] = {}
        wanted = [share for share in (settings.near, settings.held_out) if share is not None]
        self.least = min(wanted, default=None)
        self.signatures = Signatures(folder / "signatures")
        self.questions, self.replies = WordRuns(folder / "questions"), WordRuns(folder / "answers")

    def add(self, question: Question) -> None:
        """Take note of a question."""
        text = f"{question.title}\n{question.body}"
        own, is_further, place = question.id.partition(FURTHER)
        if is_further:  # one more answer to a question is no question that stands twice
            self.further[len(self.ids)] = _number(own)
        self.ids.append(_number(question.id))
        self.texts.append(_number(" ".join(text.lower().split()) + is_further + place))
        score = NO_SCORE if question.score is None else question.score
        self.scores.append(max(-MOST_SCORE, min(score, MOST_SCORE)))
        self.hashed.append(SPLITS.index(self.split_of(own)))
        self.given.append(GIVEN.index(question.split))
        if self.least is not None:
            number = NUMBER.match(text)
            words = words_of(text[number.end() :] if number else text)
            self.signatures.add(words)
        if self.settings.held_out is not None:
            said = words_of(question.answer or "")
            self.questions.add(words)
            self.replies.add(said)
            self.answers.append(_hash(b" ".join(said)) if len(said) >= LEAST_WORDS else 0)

    def judge(self) -> NDArray[np.uint8]:
        """For each question the index of its split, or len(SPLITS) plus the index of the reason
        for which it is left out. Of duplicates the one that came as held out stays, then the one
        with the highest score, and of equal ones the first.
        """
        verdicts = self._sides()
        given = np.asarray(self.given)
        not_held_out = np.where(given > TRAIN + 1, len(GIVEN) - given, len(GIVEN))
        best_first = np.lexsort((-np.asarray(self.scores), not_held_out))
        texts = np.asarray(self.texts)
        again, kept = _again(np.asarray(self.ids), best_first)
        verdicts[again] = np.where(texts[again] == texts[kept], _code(SAME_ID), _code(CLASH))
        again, _ = _again(texts, best_first[verdicts[best_first] < len(SPLITS)])
        verdicts[again] = _code(SAME_TEXT)
        close = self._near(verdicts, best_first)
        self._apart(verdicts, close)
        self.close()
        return verdicts

    def close(self) -> None:
        """Close the files."""
        for file in (self.signatures, self.questions, self.replies):
            file.close()

    def _sides(self) -> NDArray[np.uint8]:
        hashed, given = np.asarray(self.hashed), np.asarray(self.given)
        answers = np.asarray(self.answers) if self.answers else np.zeros(len(hashed), np.uint64)
        split = sides(hashed, given, answers)
        if self.further:  # all answers to a question are on one side
            families = np.array(self.ids)
            families[list(self.further)] = list(self.further.values())
            together(split, given > 0, families)
        return split

    def _near(self, verdicts: NDArray[np.uint8], best_first: Indices) -> set[tuple[int, int]]:
        """Leave out what is near a better one; return pairs of different splits that are near."""
        close: set[tuple[int, int]] = set()
        if self.least is None:
            return close
        rows = best_first[verdicts[best_first] < len(SPLITS)]
        rank = np.empty(len(best_first), dtype=np.int64)
        rank[best_first] = np.arange(len(best_first))
        clusters = Clusters()
        near = self.settings.near if self.settings.near is not None else 2.0
        held_out = self.settings.held_out if self.settings.held_out is not None else 2.0
        for left, right, share in self.signatures.pairs(rows, self.least):
            for a, b, s in zip(left.tolist(), right.tolist(), share.tolist(), strict=True):
                if s >= near and not self._is_one_question(a, b):
                    clusters.join(a, b, rank)
                if s >= held_out and verdicts[a] != verdicts[b]:
                    close.add((a, b))
        for row in clusters.worse():
            verdicts[row] = _code(NEAR)
        return close

    def _is_one_question(self, a: int, b: int) -> bool:
        """Whether two rows are answers to one question."""
        if not self.further:
            return False
        return self.further.get(a, self.ids[a]) == self.further.get(b, self.ids[b])

    def _apart(self, verdicts: NDArray[np.uint8], near: set[tuple[int, int]]) -> None:
        """Leave out what is near a held-out question, stands in one or around one, or has its
        answer.
        """
        held_out = self.settings.held_out
        if held_out is None:
            return
        close = dict.fromkeys(near, NEAR_HELD_OUT)
        kept = [np.flatnonzero(verdicts == split) for split in range(len(SPLITS))]
        train, dev, test = kept
        # Two texts of one length that have this share of common triples are at `held_out`.
        least = 2 * held_out / (1 + held_out)
        for low, high in ((train, test), (train, dev), (dev, test)):
            for pair in self.questions.inside(low, high, least):
                close.setdefault(pair, NEAR_HELD_OUT)
            for pair in self.replies.inside(low, high, WHOLE):
                close.setdefault(pair, SAME_ANSWER)
            for pair in self._same_answer(low, high):
                close.setdefault(pair, SAME_ANSWER)
        # Those near a test question first, since what they leave no longer stands in dev.
        for a, b in sorted(close, key=lambda pair: (-int(verdicts[list(pair)].max()), pair)):
            worse, better = sorted((a, b), key=lambda row: verdicts[row])
            if verdicts[better] < len(SPLITS) and verdicts[worse] < verdicts[better]:
                verdicts[worse] = _code(close[a, b])

    def _same_answer(self, low: Indices, high: Indices) -> Iterator[tuple[int, int]]:
        """Pairs of rows with the same answer, one for each of `low`."""
        answers = np.asarray(self.answers)
        values, counts = np.unique(answers, return_counts=True)
        asked = set(values[(counts > 1) & (counts <= MOST_ALIKE) & (values > 0)].tolist())
        if not asked:
            return
        first = {key: row for row in reversed(high.tolist()) if (key := self.answers[row]) in asked}
        for row in low.tolist():
            if (key := self.answers[row]) in first:
                yield row, first[key]


class Clusters:
    """Rows that hang together, each cluster with its best row as the root."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}

    def root(self, row: int) -> int:
        """The best row of the cluster."""
        while (above := self.parent.get(row, row)) != row:
            self.parent[row] = self.parent.get(above, above)
            row = above
        return row

    def join(self, a: int, b: int, rank: Indices) -> None:
        """Put two rows into one cluster."""
        a, b = self.root(a), self.root(b)
        if a != b:
            better, worse = (a, b) if rank[a] < rank[b] else (b, a)
            self.parent[worse] = better

    def worse(self) -> list[int]:
        """All rows but the best of each cluster."""
        return [row for row, above in self.parent.items() if row != above]


def _again(keys: NDArray[np.uint64], rows: Indices) -> tuple[Indices, Indices]:
    """The rows whose key an earlier one of `rows` has, and that earlier one, the first of all."""
    values = keys[rows]
    order = np.argsort(values, kind="stable")
    fresh = np.concatenate(([True], values[order][1:] != values[order][:-1]))[: len(rows)]
    first = order[np.flatnonzero(fresh)][np.cumsum(fresh) - 1]
    return rows[order[~fresh]], rows[first[~fresh]]


def _code(reason: str) -> int:
    return len(SPLITS) + REASONS.index(reason)


def _number(text: str) -> int:
    return _hash(text.encode())


def _hash(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")
