"""Which questions stay, and in which split: no id, no text twice, none near a held-out one."""

import hashlib
from array import array
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meteor.core.params import Duplicates
from meteor.core.records import Question
from meteor.sources.near import Indices, Signatures

SPLITS = ("train", "dev", "test")
SAME_ID = "the id stands twice"
SAME_TEXT = "the text stands twice"
NEAR = "the text is nearly that of another question"
NEAR_HELD_OUT = "the text is near a held-out question's"
CLASH = "the id stands twice, with another text"
REASONS = (SAME_ID, SAME_TEXT, NEAR, NEAR_HELD_OUT, CLASH)
"""All but CLASH are reasons to leave a row out; that one is a fault of the data."""
NO_SCORE = -(2**31)


class Census:
    """What is known of each question while its text lies on disk: some 30 bytes a row."""

    def __init__(self, folder: Path, settings: Duplicates, split_of: Callable[[str], str]) -> None:
        self.settings, self.split_of = settings, split_of
        self.ids, self.texts, self.scores, self.splits = (
            array("Q"),
            array("Q"),
            array("q"),
            array("B"),
        )
        wanted = [share for share in (settings.near, settings.held_out) if share is not None]
        self.least = min(wanted, default=None)
        self.signatures = Signatures(folder / "signatures")

    def add(self, question: Question) -> None:
        """Take note of a question."""
        text = f"{question.title}\n{question.body}"
        self.ids.append(_number(question.id))
        self.texts.append(_number(" ".join(text.lower().split())))
        self.scores.append(NO_SCORE if question.score is None else question.score)
        self.splits.append(SPLITS.index(self.split_of(question.id)))
        if self.least is not None:
            self.signatures.add(text)

    def judge(self) -> NDArray[np.uint8]:
        """For each question the index of its split, or len(SPLITS) plus the index of the reason
        for which it is left out. Of duplicates the one with the highest score stays, and of equal
        ones the first.
        """
        verdicts = np.array(self.splits, dtype=np.uint8)
        scores = np.array(self.scores, dtype=np.int64)
        best_first = np.lexsort((np.arange(len(scores)), -scores))
        texts = np.array(self.texts, dtype=np.uint64)
        again, kept = _again(np.array(self.ids, dtype=np.uint64), best_first)
        verdicts[again] = np.where(texts[again] == texts[kept], _code(SAME_ID), _code(CLASH))
        again, _ = _again(texts, best_first[verdicts[best_first] < len(SPLITS)])
        verdicts[again] = _code(SAME_TEXT)
        self._near(verdicts, best_first)
        self.signatures.close()
        return verdicts

    def _near(self, verdicts: NDArray[np.uint8], best_first: Indices) -> None:
        """Leave out what is near a better one; then what is near a held-out one."""
        if self.least is None:
            return
        rows = best_first[verdicts[best_first] < len(SPLITS)]
        rank = np.empty(len(best_first), dtype=np.int64)
        rank[best_first] = np.arange(len(best_first))
        clusters = Clusters()
        close: set[tuple[int, int]] = set()
        near = self.settings.near if self.settings.near is not None else 2.0
        held_out = self.settings.held_out if self.settings.held_out is not None else 2.0
        for left, right, share in self.signatures.pairs(rows, self.least):
            for a, b, s in zip(left.tolist(), right.tolist(), share.tolist(), strict=True):
                if s >= near:
                    clusters.join(a, b, rank)
                if s >= held_out and verdicts[a] != verdicts[b]:
                    close.add((a, b))
        for row in clusters.worse():
            verdicts[row] = _code(NEAR)
        # Those near a test question first, since what they leave no longer stands in dev.
        for a, b in sorted(close, key=lambda pair: (-int(verdicts[list(pair)].max()), pair)):
            low, high = sorted((a, b), key=lambda row: verdicts[row])
            if verdicts[high] < len(SPLITS) and verdicts[low] < verdicts[high]:
                verdicts[low] = _code(NEAR_HELD_OUT)


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
    order = np.lexsort((np.arange(len(rows)), values))
    fresh = np.concatenate(([True], values[order][1:] != values[order][:-1]))[: len(rows)]
    first = order[np.flatnonzero(fresh)][np.cumsum(fresh) - 1]
    return rows[order[~fresh]], rows[first[~fresh]]


def _code(reason: str) -> int:
    return len(SPLITS) + REASONS.index(reason)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
