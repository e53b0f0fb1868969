"""Tables of separated values: which sign separates and which one stands around cells is seen from
the first lines; a row that cannot be read costs that row alone.
"""

import csv
import itertools
import logging
import re
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from meteor.core.records import Failed
from meteor.sources.encodings import encoding_of, text
from meteor.sources.unpacking import LONGEST_LINE, opened

log = logging.getLogger("meteor")
DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'")
SNIFFED = 200
"""Lines from which the separator is seen."""
SAID = re.compile(r"\ufeff?\"?sep=(.)\"?\s*")
"""The line with which spreadsheets say what separates."""


class Dialect(NamedTuple):
    """What separates cells, and what stands around them."""

    delimiter: str
    quote: str


def rows_of(
    file: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
) -> Iterator[tuple[int, dict[str, str] | Failed]]:
    """The rows under the header, each with the number of its line. Empty lines are no rows."""
    csv.field_size_limit(LONGEST_LINE)
    encoding = encoding or encoding_of(file)
    with opened(file) as data:
        lines = iter(text(data, encoding))
        first = list(itertools.islice(lines, SNIFFED))
        said = SAID.fullmatch(first[0]) if first else None
        above = first[:1] if said else []
        first = first[len(above) :]
        how = dialect_of(first, delimiter or (said[1] if said else None), quote)
        records = Records(itertools.chain(first, lines), how, len(above))
        header = next((cells for _, cells in records if isinstance(cells, list)), [])
        names = _apart([name.strip().lstrip("\ufeff") for name in header], file)
        records.width = len(names)
        for number, cells in records:
            if isinstance(cells, str):
                yield number, Failed(id=f"{file.name}:{number}", error=cells)
            else:
                yield number, dict(zip(names, cells, strict=True))


def dialect_of(lines: list[str], delimiter: str | None = None, quote: str | None = None) -> Dialect:
    """The signs by which most rows have as many cells as the header; what is given is not sought.
    Of quotes that fit alike the ones that stand around the header's cells are meant.
    """

    def fit(how: Dialect) -> tuple[float, bool, int]:
        rows = [cells for _, cells in Records(iter(lines), how) if isinstance(cells, list)]
        width = len(rows[0]) if rows else 0
        same = sum(len(cells) == width for cells in rows)
        others = tuple(sign for sign in QUOTES if sign != how.quote)
        head = rows[0] if rows else []
        bare = not any(cell[:1] in others and cell[:1] == cell[-1:] for cell in head if cell)
        return (same / max(len(rows), 1) if width > 1 else 0.0, bare, width)

    signs = (delimiter,) if delimiter else DELIMITERS
    around = (quote,) if quote else QUOTES
    tried = [Dialect(sign, mark) for mark in around for sign in signs]
    return max(tried, key=fit) if len(tried) > 1 and lines else tried[0]


def _apart(names: list[str], file: Path) -> list[str]:
    """The names of the columns; what stands a second time gets a number."""
    seen: dict[str, int] = {}
    apart = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        apart.append(f"{name} ({seen[name]})" if seen[name] > 1 else name)
        if name and seen[name] > 1:
            log.warning("%s: two columns are named %r; one is read as %r", file, name, apart[-1])
    return apart


class Records:
    """The records of lines: cells, or what is wrong. With `width` set, a record has so many.
    `above`: how many lines of the file stand above them.
    """

    def __init__(self, lines: Iterable[str], how: Dialect, above: int = 0) -> None:
        self.width: int | None = None
        self._lines, self._again = iter(lines), deque[str]()
        self._taken: list[str] = []
        self._line = above
        self._how: Any = {"delimiter": how.delimiter, "quotechar": how.quote, "strict": True}
        d, q = re.escape(how.delimiter), re.escape(how.quote)
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
            if wrong is not None:
                yield start, self._mended(wrong)
            elif any(cells):
                yield start, cells

    def _next_lines(self) -> Iterator[str]:
        """The lines, those first that a broken record has swallowed."""
        while True:
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                return
            self._line += 1
            line = line.replace("\0", "")
            self._taken.append(line)
            yield line

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
