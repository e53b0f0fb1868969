"""Nearly the same text, among a million: MinHash over word triples, banded, sorted on disk.

The signatures lie in a file; a band is sorted at a time, so memory grows by few bytes a row only.
Jaccard similarity of the sets of word triples, estimated from 128 hashes (standard error below
0.045). Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, chapter 3.
"""

import re
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

HASHES, BANDS = 128, 32
"""Bands of 4: a pair of similarity 0.6 is seen with 98.8 %, one of 0.8 always, one of 0.1 never."""
TRIPLE = 3
UNSPACED = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Thai, Lao, Tibetan, Burmese, Khmer, Japanese, Chinese: without blanks, each sign is a word."""
SIGNS = "\u0900-\u0963\u0966-\u0dff"
"""Of India's scripts, whose vowels are marks."""
WORD = re.compile(rf"[{UNSPACED}]|(?:[^\W{UNSPACED}]|[{SIGNS}])+")
OPTIONAL = re.compile("[\u0591-\u05bd\u05bf-\u05c7\u0640\u064b-\u065f\u0670\u200b-\u200f\u00ad]")
"""Vowels of Hebrew and Arabic, which mostly are left out, and marks that nobody sees."""
ASCII_WORDS = bytes(
    ord(sign.lower()) if WORD.match(sign) else ord(" ") for sign in map(chr, range(128))
).ljust(256)
"""ASCII in small letters, with blanks for what is in no word: quicker than the pattern."""
NEIGHBOURS = 8
"""In a band, rows of one value are compared with so many before them, and with the first."""
CHUNK = 100_000
BLOCK = 4096
AT_ONCE = 16
"""Blocks of the file (16 MiB) that are in memory at a time."""

Indices = NDArray[np.int64]
Shares = NDArray[np.float32]


class Signatures:
    """The signatures of texts, in the order in which they were added: 128 hashes of 16 bits each,
    in blocks that lie band by band, so that one band is read without the others.
    """

    def __init__(self, file: Path) -> None:
        self.file, self.count = file, 0
        self._out: IO[bytes] = file.open("wb")
        self._block = np.zeros((BLOCK, HASHES), dtype=np.uint16)

    def add(self, words: Sequence[bytes]) -> None:
        """Append a text by its words."""
        from rensa import RMinHash

        sketch = RMinHash(num_perm=HASHES, seed=1)
        sketch.update(triples(words))
        digest = np.frombuffer(array("I", sketch.digest()), dtype=np.uint32)
        self._block[self.count % BLOCK] = digest.astype(np.uint16)
        self.count += 1
        if self.count % BLOCK == 0:
            self._write()

    def pairs(self, rows: Indices, least: float) -> Iterator[tuple[Indices, Indices, Shares]]:
        """Yield pairs among `rows` that are at least so similar, the one that stands earlier in
        `rows` first, with their similarity; a pair may come again.
        """
        if self.count % BLOCK:
            self._write()
        self._out.flush()
        if len(rows) < 2:
            return
        for band in range(BANDS):
            values = self._band(band)[rows]
            order = np.argsort(values, kind="stable")
            for earlier, later in _neighbours(values[order]):
                for start in range(0, len(earlier), CHUNK):
                    left = rows[order[earlier[start : start + CHUNK]]]
                    right = rows[order[later[start : start + CHUNK]]]
                    near: Shares = (self._of(left) == self._of(right)).mean(1, dtype=np.float32)
                    kept = near >= least
                    if kept.any():
                        yield left[kept], right[kept], near[kept]

    def close(self) -> None:
        """Close the file."""
        self._out.close()

    def _write(self) -> None:
        by_band = self._block.view(np.uint64).T
        self._out.write(np.ascontiguousarray(by_band).tobytes())

    def _blocks(self) -> NDArray[np.uint64]:
        """The file as blocks by bands by rows. It is mapped anew each time, since what was looked
        at stays in memory as long as the map.
        """
        blocks = -(-self.count // BLOCK)
        shape = (blocks, BANDS, BLOCK)
        return np.asarray(np.memmap(self.file, dtype=np.uint64, mode="r", shape=shape))

    def _band(self, band: int) -> NDArray[np.uint64]:
        """The values of all rows in a band: read, since a map brings what lies around it, too."""
        size = BLOCK * np.dtype(np.uint64).itemsize
        values = np.zeros((-(-self.count // BLOCK), BLOCK), dtype=np.uint64)
        with self.file.open("rb") as signatures:
            for block, row in enumerate(values):
                signatures.seek((block * BANDS + band) * size)
                signatures.readinto(row.data)
        return values.reshape(-1)

    def _of(self, rows: Indices) -> NDArray[np.uint16]:
        """The signatures of some rows: few blocks of the file after others."""
        found = np.empty((len(rows), BANDS), dtype=np.uint64)
        order = np.argsort(rows)
        edges = range(AT_ONCE * BLOCK, self.count, AT_ONCE * BLOCK)
        for part in np.split(order, np.searchsorted(rows[order], edges)):
            found[part] = self._blocks()[rows[part] // BLOCK, :, rows[part] % BLOCK]
        return found.view(np.uint16)


def words_of(text: str) -> list[bytes]:
    """The words of a text, in small letters, in UTF-8. Forms of one letter are one: wide ones,
    ligatures, those with and without marks that are optional.
    """
    if text.isascii():
        return text.encode().translate(ASCII_WORDS).split()
    plain = OPTIONAL.sub("", unicodedata.normalize("NFKC", text).casefold())
    return [word.encode("utf-8", "replace") for word in WORD.findall(plain)]


def triples(words: Sequence[bytes]) -> list[bytes]:
    """The runs of three words of a text; a text of fewer words is one run."""
    if len(words) <= TRIPLE:
        return [b" ".join(words)]
    return list(map(b" ".join, zip(words, words[1:], words[2:], strict=False)))


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
