"""Tables of separated values: which sign separates and whether cells are quoted is seen from the
first lines; a row that cannot be read costs that row alone.
"""

import csv
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from meteor.core.records import Failed
from meteor.sources.encodings import encoding_of, text
from meteor.sources.unpacking import LONGEST_LINE, opened

DELIMITERS = (",", ";", "\t", "|")
SNIFFED = 200
"""Lines from which the separator is seen."""


def rows_of(
    file: Path, *, encoding: str | None = None, delimiter: str | None = None, quote: str = '"'
) -> Iterator[tuple[int, dict[str, str] | Failed]]:
    """The rows under the header, each with the number of its line. Empty lines are no rows."""
    csv.field_size_limit(LONGEST_LINE)
    encoding = encoding or encoding_of(file)
    with opened(file) as data:
        lines = iter(text(data, encoding))
        first = list(itertools.islice(lines, SNIFFED))
        sign = delimiter or delimiter_of(first, quote)
        records = Records(itertools.chain(first, lines), sign, quote)
        header = next((cells for _, cells in records if isinstance(cells, list)), [])
        names = [name.strip().lstrip("\ufeff") for name in header]
        records.width = len(names)
        for number, cells in records:
            if isinstance(cells, str):
                yield number, Failed(id=f"{file.name}:{number}", error=cells)
            else:
                yield number, dict(zip(names, cells, strict=True))


def delimiter_of(lines: list[str], quote: str = '"') -> str:
    """The sign that separates: the one by which most rows have as many cells as the header."""

    def fit(sign: str) -> tuple[float, int]:
        read = Records(iter(lines), sign, quote)
        rows = [cells for _, cells in read if isinstance(cells, list)]
        width = len(rows[0]) if rows else 0
        same = sum(len(cells) == width for cells in rows)
        return (same / max(len(rows), 1) if width > 1 else 0.0, width)

    return max(DELIMITERS, key=fit)


class Records:
    """The records of lines: cells, or what is wrong. With `width` set, a record has so many."""

    def __init__(self, lines: Iterable[str], delimiter: str, quote: str) -> None:
        self.width: int | None = None
        self._lines, self._again = iter(lines), deque[str]()
        self._taken: list[str] = []
        self._line = 0
        self._how: Any = {"delimiter": delimiter, "quotechar": quote, "strict": True}
        d, q = re.escape(delimiter), re.escape(quote)
        self._inner = re.compile(rf"(?<!^)(?<!{d}){q}(?!{d}|\r?\n?$)")
        self._reader = csv.reader(self._next_lines(), **self._how)

    def __iter__(self) -> Iterator[tuple[int, list[str] | str]]:
        while True:
            self._taken.clear()
            start = self._line + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                wrong: str | None = str(error)
                cells = []
            else:
                wrong = self._misfit(cells)
            if wrong is None and not any(cells):
                continue
            if wrong is None:
                yield start, cells
                continue
            yield start, self._mended(wrong)

    def _next_lines(self) -> Iterator[str]:
        """The lines, those first that a broken record has swallowed."""
        while True:
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                return
            self._line += 1
            self._taken.append(line.replace("\0", ""))
            yield self._taken[-1]

    def _misfit(self, cells: list[str]) -> str | None:
        if self.width is None or len(cells) == self.width or not any(cells):
            return None
        return f"{len(cells)} cells where the header has {self.width}"

    def _mended(self, wrong: str) -> list[str] | str:
        """The one way to read the first line of a record that is none: its inner quotes doubled,
        or its quotes taken as they stand. The lines after it are read again.
        """
        line, *rest = self._taken
        self._again.extendleft(reversed(rest))
        self._line -= len(rest)
        self._reader = csv.reader(self._next_lines(), **self._how)
        quote = self._how["quotechar"]
        doubled = self._inner.sub(quote * 2, line)
        for one, how in ((doubled, {}), (line, {"quoting": csv.QUOTE_NONE})):
            if not how and self.width is None:
                continue
            try:
                cells = next(csv.reader([one], **{**self._how, **how}), [])
            except csv.Error:
                continue
            if cells and self._misfit(cells) is None and self.width is not None:
                return cells
        return wrong
