"""Which texts stand inside longer ones, among a million: words are numbers on disk, a few runs of
five words of each text are looked for in all the others, and what has one is compared in full.
"""

from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from meteor.sources.near import TRIPLE, Indices

LEAST_WORDS = 8
"""A text of fewer is in many others by chance."""
ENOUGH_WORDS = 16
"""A text of fewer must stand in the other one whole."""
RUN, ANCHORS = 5, 4
MANY = 50
"""A run that so many texts have is a phrase, and tells nothing."""
CHUNK = 1000
FILTER, SPARSE = 26, 4
"""Most bits of a run's hash by which most runs are passed over: 8 MiB, one bit for each; for few
anchors so many more than their number has.
"""
FACTOR = np.uint32(0x9E3779B1)
HALF = np.uint64(32)
SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")

Words = NDArray[np.uint32]


class WordRuns:
    """The words of texts, in the order in which they were added."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._out: IO[bytes] = file.open("wb")
        self._counts = array("I")

    def add(self, words: Sequence[bytes]) -> None:
        """Append a text; one of too few words counts as none."""
        numbers = array("I")
        if len(words) >= LEAST_WORDS:
            numbers.extend(map(crc32, words))
            self._out.write(numbers)
        self._counts.append(len(numbers))

    def inside(self, ones: Indices, others: Indices, least: float) -> Iterator[tuple[int, int]]:
        """Yield pairs of one of `ones` and one of `others` of which the shorter has at least this
        share of its word triples in the longer, or all of them where it is short.
        """
        self._out.flush()
        starts = np.concatenate([[0], np.cumsum(self._counts, dtype=np.int64)])
        if not len(ones) or not len(others) or not starts[-1]:
            return
        for shorter, longer in ((ones, others), (others, ones)):
            for pairs in self._candidates(starts, shorter, longer):
                words = self._words()
                sizes = starts[pairs + 1] - starts[pairs]
                for short, long in pairs[sizes[:, 0] <= sizes[:, 1]].tolist():
                    a, b = (words[starts[row] : starts[row + 1]] for row in (short, long))
                    needed = least if len(a) >= ENOUGH_WORDS else 1.0
                    if _share(a, b) >= needed:
                        yield (short, long) if shorter is ones else (long, short)

    def close(self) -> None:
        """Close the file."""
        self._out.close()

    def _words(self) -> Words:
        """The file. It is mapped anew for each chunk of rows, since what was looked at stays in
        memory as long as the map.
        """
        return np.asarray(np.memmap(self.file, dtype=np.uint32, mode="r"))

    def _candidates(self, starts: Indices, shorter: Indices, longer: Indices) -> Iterator[Indices]:
        """Pairs of rows of which the longer has one of the anchors of the shorter."""
        hashes, owners = self._anchors(starts, shorter)
        size = min(FILTER, len(hashes).bit_length() + SPARSE)
        known = np.zeros(2**size // 8, dtype=np.uint8)
        np.bitwise_or.at(known, *_bit(hashes, size))
        for chunk in _chunks(longer):
            runs, rows = _runs(self._words(), starts, chunk)
            place, bit = _bit(runs, size)
            hit = np.flatnonzero(known[place] & bit)
            runs, rows = runs[hit], rows[hit]
            left, right = (np.searchsorted(hashes, runs, side) for side in SIDES)
            counts = right - left
            found = counts > 0
            left, counts, rows = left[found], counts[found], rows[found]
            places = np.repeat(left, counts) + _counting(counts)
            pairs = np.stack([owners[places].astype(np.int64), np.repeat(rows, counts)], 1)
            yield np.unique(pairs, axis=0)

    def _anchors(self, starts: Indices, rows: Indices) -> tuple[Words, Words]:
        """Some runs of each text, evenly spaced, sorted, without those that many have; and whose
        they are.
        """
        rows = rows[starts[rows + 1] - starts[rows] >= LEAST_WORDS]
        parts = [_anchored(self._words(), starts, chunk) for chunk in _chunks(rows)]
        anchors = np.concatenate([np.zeros(0, dtype=np.uint64), *parts])
        anchors.sort()
        hashes, owners = (anchors >> HALF).astype(np.uint32), anchors.astype(np.uint32)
        phrases = np.unique(hashes[MANY:][hashes[MANY:] == hashes[:-MANY]])
        kept = np.ones(len(hashes), dtype=np.bool_)
        ends = (np.searchsorted(hashes, phrases, side) for side in SIDES)
        for left, right in zip(*ends, strict=True):
            kept[left:right] = False
        return hashes[kept], owners[kept]


def _bit(hashes: Words, size: int) -> tuple[Words, NDArray[np.uint8]]:
    """Where the bit of a hash's first `size` bits stands: the byte, and the bit in it."""
    bits = hashes >> np.uint32(32 - size)
    return bits >> np.uint32(3), np.uint8(1) << (bits & np.uint32(7)).astype(np.uint8)


def _anchored(words: Words, starts: Indices, rows: Indices) -> NDArray[np.uint64]:
    """The anchors of some rows, each with its row in the lower half."""
    last = starts[rows + 1] - starts[rows] - RUN
    steps = np.linspace(0.0, 1.0, ANCHORS)
    places = (starts[rows][:, None] + last[:, None] * steps).astype(np.int64)
    hashes = _hashed(words, places.reshape(-1)).astype(np.uint64)
    return hashes << HALF | np.repeat(rows, ANCHORS).astype(np.uint64)


def _runs(words: Words, starts: Indices, rows: Indices) -> tuple[Words, Indices]:
    """Every run of some texts, and whose it is."""
    counts = np.maximum(starts[rows + 1] - starts[rows] - RUN + 1, 0)
    places = np.repeat(starts[rows], counts) + _counting(counts)
    return _hashed(words, places), np.repeat(rows, counts)


def _hashed(words: Words, places: Indices) -> Words:
    hashes = np.zeros(len(places), dtype=np.uint32)
    for offset in range(RUN):
        hashes = (hashes ^ words[places + offset]) * FACTOR
        hashes ^= hashes >> np.uint32(15)
    return hashes


def _share(short: Words, long: Words) -> float:
    """The share of the word triples of one text that another one has."""
    a, b = (_triples(words.tolist()) for words in (short, long))
    return len(a & b) / len(a) if a else 0.0


def _triples(words: list[int]) -> set[tuple[int, ...]]:
    return set(zip(*(words[at:] for at in range(TRIPLE)), strict=False))


def _counting(counts: Indices) -> Indices:
    """0, 1, 2, ... for each of some counts, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - counts, counts)


def _chunks(rows: Indices) -> Iterator[Indices]:
    edges = [*range(0, len(rows), CHUNK), len(rows)]
    return (rows[start:end] for start, end in pairwise(edges))
