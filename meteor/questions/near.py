"""Nearly the same text, among a million: MinHash over word triples, banded, sorted on disk.

The signatures lie in a file; a band is sorted at a time, so memory grows by some bytes a row only.
Jaccard similarity of the sets of word triples, estimated from 128 hashes (standard error below
0.045). Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, chapter 3.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

HASHES, BANDS = 128, 32
"""Bands of 4: a pair of similarity 0.6 is seen with 98.8 %, one of 0.8 always, one of 0.1 never."""
TRIPLE = 3
NEIGHBOURS = 8
"""In a band, rows of one value are compared with so many before them, and with the first."""
CHUNK = 100_000

Indices = NDArray[np.int64]
Shares = NDArray[np.float32]


class Signatures:
    """The signatures of texts, in the order in which they were added."""

    def __init__(self, file: Path) -> None:
        self.file, self.count = file, 0
        self._out: IO[bytes] = file.open("wb")

    def add(self, text: str) -> None:
        """Append a text."""
        from rensa import RMinHash

        sketch = RMinHash(num_perm=HASHES, seed=1)
        sketch.update(triples(text))
        self._out.write(np.asarray(sketch.digest(), dtype=np.uint32).tobytes())
        self.count += 1

    def pairs(self, rows: Indices, least: float) -> Iterator[tuple[Indices, Indices, Shares]]:
        """Yield pairs among `rows` that are at least so similar, the one that stands earlier in
        `rows` first, with their similarity; a pair may come again.
        """
        self._out.flush()
        if len(rows) < 2:
            return
        matrix = np.memmap(self.file, dtype=np.uint32, mode="r", shape=(self.count, HASHES))
        width = HASHES // BANDS
        for band in range(BANDS):
            part = np.ascontiguousarray(matrix[:, band * width : (band + 1) * width][rows])
            values = _mixed(part)
            order = np.lexsort((np.arange(len(rows)), values))
            for earlier, later in _neighbours(values[order]):
                a, b = rows[order[earlier]], rows[order[later]]
                for start in range(0, len(a), CHUNK):
                    left, right = a[start : start + CHUNK], b[start : start + CHUNK]
                    near: Shares = (matrix[left] == matrix[right]).mean(axis=1, dtype=np.float32)
                    kept = near >= least
                    if kept.any():
                        yield left[kept], right[kept], near[kept]

    def close(self) -> None:
        """Close the file."""
        self._out.close()


def triples(text: str) -> list[str]:
    """The runs of three words of a text; a text of fewer words is one run."""
    words = re.findall(r"\w+", text.lower())
    if len(words) <= TRIPLE:
        return [" ".join(words)]
    return [" ".join(words[i : i + TRIPLE]) for i in range(len(words) - TRIPLE + 1)]


def _mixed(part: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """One number for each row of a band."""
    value = np.zeros(len(part), dtype=np.uint64)
    for column in part.T:
        value = (value ^ column) * np.uint64(0x9E3779B97F4A7C15)
        value ^= value >> np.uint64(29)
    return value


def _neighbours(values: NDArray[np.uint64]) -> Iterator[tuple[Indices, Indices]]:
    """Positions of equal values in a sorted array: each with the NEIGHBOURS before it, and with
    the first of its run.
    """
    for distance in range(1, NEIGHBOURS + 1):
        earlier = np.flatnonzero(values[distance:] == values[:-distance])
        if len(earlier) == 0:
            return
        yield earlier, earlier + distance
    fresh = np.concatenate(([True], values[1:] != values[:-1]))
    starts = np.flatnonzero(fresh)
    first = starts[np.cumsum(fresh) - 1]
    far = np.flatnonzero(np.arange(len(values)) - first > NEIGHBOURS)
    yield first[far], far
