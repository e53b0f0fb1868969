"""Tables of separated values: which sign separates, which one stands around cells, how it is
escaped, and which row is the header is seen from the first lines; a row that cannot be read costs
that row alone.
"""

import csv
import itertools
import logging
import re
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from meteor.core.records import Failed
from meteor.sources.encodings import encoding_of, text
from meteor.sources.headers import LOOKED_AT, MOST_ABOVE, UNSAID, Named, header_of, usual_names
from meteor.sources.unpacking import LONGEST_LINE, opened
from meteor.sources.values import shortened

log = logging.getLogger("meteor")
DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'")
SNIFFED = 200
"""Lines from which the separator is seen."""
SAID = re.compile(r"\ufeff?\"?sep=(.)\"?\s*")
"""The line with which spreadsheets say what separates."""
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
ESCAPED = "\\\"'N0\n\r\t,;|"
"""Signs that MySQL writes a backslash before. One before another sign is text, and so, then, is
every other that stands before no quote.
"""


class Dialect(NamedTuple):
    """What separates cells, and what stands around them; where a backslash escapes, whether only
    before a quote (Spark) or everywhere (MySQL).
    """

    delimiter: str
    quote: str
    escapes: Literal["", "quotes", "all"] = ""


def rows_of(
    file: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    named: Named = UNSAID,
) -> Iterator[tuple[int, dict[str, str] | Failed]]:
    """The rows under the header, each with the number of its line. Empty lines are no rows."""
    csv.field_size_limit(LONGEST_LINE)
    encoding = encoding or encoding_of(file)
    with opened(file) as data:
        lines = iter(text(data, encoding))
        first = list(itertools.islice(lines, SNIFFED))
        said = SAID.fullmatch(first[0]) if first else None
        above = int(said is not None)
        delimiter = delimiter or (said[1] if said else None)
        if count := lines_above(first[above:], delimiter, quote, named):
            shown = shortened("; ".join(filter(None, map(str.strip, first[above:][:count]))))
            log.warning("%s: above the table stands %s", file, shown)
        above += count
        first = first[above:]
        how = dialect_of(first, delimiter, quote)
        header, no_data = header_of(_cells(first, how)[:LOOKED_AT], named, file)
        names = apart(header, file)
        records = Records(itertools.chain(first, lines), how, above)
        head = (cells for _, cells in records if isinstance(cells, list))
        next(itertools.islice(head, no_data, no_data), None)
        records.width = len(names)
        records.least = max((at for at, name in enumerate(names, start=1) if name), default=0)
        for number, cells in records:
            if isinstance(cells, str):
                yield number, Failed(id=f"{file.name}:{number}", error=cells)
            else:
                yield number, dict(zip(names, cells, strict=False))


def lines_above(
    lines: list[str], delimiter: str | None, quote: str | None, named: Named = UNSAID
) -> int:
    """How many lines stand above a header of usual names, and tell of the table; comments (`#`)
    tell of any.
    """
    start = _comments(lines, delimiter, quote)
    for place in range(start, min(len(lines), start + MOST_ABOVE + 1)):
        how = dialect_of(lines[place:], delimiter, quote)
        rows = _cells(lines[place:], how)
        sizes = [sum(map(bool, row)) for row in rows]
        if rows and usual_names(rows[0], named) > 1:
            told = (sum(map(bool, row)) < sizes[0] for row in _cells(lines[:place], how))
            return place if all(told) else start
        alike = sum(len(row) == len(rows[0]) for row in rows)
        if sizes and sizes[0] > 1 and 2 * alike > len(rows):
            break
    return start


def _comments(lines: list[str], delimiter: str | None, quote: str | None) -> int:
    """How many lines at the beginning are comments, which have fewer cells than a row."""
    count = next((at for at, line in enumerate(lines) if not line.startswith("#")), 0)
    how = dialect_of(lines[count:], delimiter, quote) if count else Dialect(",", '"')
    row = next(iter(_cells(lines[count:], how)), []) if count else []
    return count if all(len(cells) < len(row) for cells in _cells(lines[:count], how)) else 0


def _cells(lines: list[str], how: Dialect) -> list[list[str]]:
    return [cells for _, cells in Records(iter(lines), how) if isinstance(cells, list)]


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
    best = max(tried, key=fit) if len(tried) > 1 and lines else tried[0]
    return _escaping(lines, best)


def _escaping(lines: list[str], plain: Dialect) -> Dialect:
    """The dialect with backslashes that escape, where more of the lines can be read so."""

    def faults(how: Dialect) -> int:
        rows = [cells for _, cells in Records(iter(lines), how)]
        width = len(rows[0]) if rows else 0
        return sum(isinstance(cells, str) or len(cells) != width for cells in rows)

    if not any(f"\\{plain.quote}" in line for line in lines):
        return plain
    everywhere = all(found[1] in ESCAPED for line in lines for found in ESCAPE.finditer(line))
    escaped = plain._replace(escapes="all" if everywhere else "quotes")
    return escaped if faults(escaped) < faults(plain) else plain


def apart(names: list[str], file: Path) -> list[str]:
    """The names of the columns; what stands a second time gets a number."""
    seen: dict[str, int] = {}
    found: list[str] = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        again = name and seen[name] > 1
        found.append(f"{name} ({seen[name]})" if again else name)
        if again:
            log.warning("%s: two columns are named %r; one is read as %r", file, name, found[-1])
    return found


class Records:
    """The records of lines: cells, or what is wrong. With `width` set, a record has so many;
    beyond it may stand empty ones, and those after the `least` may lack. `above`: how many lines of
    the file stand above them.
    """

    def __init__(self, lines: Iterable[str], how: Dialect, above: int = 0) -> None:
        self.width: int | None = None
        self.least = 0
        self._lines, self._again = iter(lines), deque[str]()
        self._taken: list[str] = []
        self._line = above
        self._how: Any = {"delimiter": how.delimiter, "quotechar": how.quote, "strict": True}
        d, q = re.escape(how.delimiter), re.escape(how.quote)
        self._escapes = how.escapes
        self._before_quotes = re.compile(rf"(\\+){q}")
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
            if self._again:
                line = self._again.popleft()
            elif (raw := next(self._lines, None)) is not None:
                line = self._unescaped(raw.replace("\0", ""))
            else:
                return
            self._line += 1
            self._taken.append(line)
            yield line

    def _unescaped(self, line: str) -> str:
        """A line whose quotes are doubled where a backslash stood before them."""
        if not self._escapes or "\\" not in line:
            return line
        quote: str = self._how["quotechar"]
        if self._escapes == "all":
            signs = {"\\": "\\", quote: quote * 2, "0": "", "N": "\\N"}
            signs = {sign: signs.get(sign, sign) for sign in ESCAPED}
            return ESCAPE.sub(lambda found: signs.get(found[1], found[0]), line)

        def before_quote(found: re.Match[str]) -> str:
            pairs, is_escaped = divmod(len(found[1]), 2)
            return "\\" * pairs + quote * (1 + is_escaped)

        return self._before_quotes.sub(before_quote, line)

    def _misfit(self, cells: list[str]) -> str | None:
        if self.width is None or len(cells) == self.width or not any(cells):
            return None
        if self.least <= len(cells) and not any(cells[self.width :]):
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
        # Of one column nothing is apart.
        return [line.rstrip("\r\n")] if self.width == 1 else wrong
