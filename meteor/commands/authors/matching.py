"""Which question of a run a text is: the scripts echo questions through a tokenizer, which changes
spaces, signs and capitals and may cut the end. What is not the same is matched by nearness, and
among questions that are as near by the order in which the scripts went through them.
"""

from collections import Counter
from zlib import crc32

from meteor.sources.near import TRIPLE, words_of

LEAST_SHARE = 0.75
"""Of the word triples of the shorter text that stand in the longer one."""
CLEAR = 0.1
"""By so much the best must lead, or the order decides."""
FEW = 4
"""A text of fewer triples is only ever matched by its letters."""


class Known:
    """The questions of a run, and texts by which they may be found."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._exact: dict[str, str] = {}
        self._letters: dict[str, list[str]] = {}
        self._runs: dict[int, list[str]] = {}
        self._sizes: dict[str, int] = {}
        self._last = -1

    def add(self, identifier: str, title: str, body: str) -> None:
        """Take note of a question, in the order of the files."""
        self._places[identifier] = len(self._places)
        for text in (f"{title} {body}", f"Title: {title} Content: {body}", body, title):
            self._exact.setdefault(" ".join(text.split()), identifier)
            alike = self._letters.setdefault(letters(text), [])
            if identifier not in alike:
                alike.append(identifier)
        runs = _runs(f"{title} {body}")
        self._sizes[identifier] = len(runs)
        for run in runs:
            self._runs.setdefault(run, []).append(identifier)

    def find(self, text: str) -> str | None:
        """The question that a text is; None where it is none, or may be one of several."""
        found = self._exact.get(" ".join(text.split()))
        found = found or self._next_of(self._letters.get(letters(text), [])) or self._near(text)
        if found is not None:
            self._last = self._places[found]
        return found

    def _near(self, text: str) -> str | None:
        runs = _runs(text)
        if len(runs) < FEW:
            return None
        hits = Counter(identifier for run in runs for identifier in self._runs.get(run, ()))
        shares = {
            identifier: count / max(min(len(runs), self._sizes[identifier]), FEW)
            for identifier, count in hits.most_common(50)
        }
        best = max(shares.values(), default=0.0)
        if best < LEAST_SHARE:
            return None
        return self._next_of([one for one, share in shares.items() if share > best - CLEAR])

    def _next_of(self, alike: list[str]) -> str | None:
        """The only one of several, or the one that follows what was found last."""
        if len(alike) == 1:
            return alike[0]
        return next((one for one in alike if self._places[one] == self._last + 1), None)


def letters(text: str) -> str:
    """A text by its letters and digits alone, which a tokenizer does not change."""
    return "".join(character for character in text.casefold() if character.isalnum())


def _runs(text: str) -> set[int]:
    words = words_of(text)
    triples = zip(*(words[at:] for at in range(TRIPLE)), strict=False)
    return {crc32(b" ".join(triple)) for triple in triples}
