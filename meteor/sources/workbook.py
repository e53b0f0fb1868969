"""Sheets of a workbook (`.xlsx`); what stands in a cell that was merged over several rows holds for
each of them.
"""

import itertools
import logging
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.sources.bounded import require_text
from meteor.sources.headers import LOOKED_AT, UNSAID, Named, header_of
from meteor.sources.separated import apart
from meteor.sources.values import is_nothing, shortened

log = logging.getLogger("meteor")
MERGED = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')
CHUNK, LONGEST_REFERENCE = 2**20, 100
Merged = dict[int, list[tuple[int, int]]]
"""By the first row of a merged cell: its column, counted from 0, and its last row."""


def rows_of(
    file: Path, sheet: str | None = None, named: Named = UNSAID
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a sheet (the first one where none is named), each with its number."""
    try:
        import openpyxl
    except ImportError:
        raise MeteorError(
            f"{file}: to read .xlsx, run `pip install openpyxl` (the extra `xlsx`)"
        ) from None
    try:
        require_text(file)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except MeteorError:
        raise
    except Exception as error:
        raise MeteorError(f"{file}: not a workbook: {shortened(str(error))}") from None
    try:
        found = _sheet(file, book, sheet)
        found.reset_dimensions()  # what a sheet says of its size may be a million empty columns
        rows = enumerate(found.iter_rows(values_only=True), start=1)
        filled = ((n, cells) for n, cells in rows if not all(map(is_nothing, cells)))
        first = list(itertools.islice(filled, LOOKED_AT))
        names, above = header_of([cells for _, cells in first], named, file)
        header = apart(names, file)
        data = itertools.chain(first[above:], filled)
        for number, cells in _below(data, _merged(file, found)):
            row = itertools.zip_longest(header, cells[: len(header)])
            yield number, {name: cell for name, cell in row if name}
    finally:
        book.close()


def _sheet(file: Path, book: Any, sheet: str | None) -> Any:
    """The sheet that is named, or else the first; others are told."""
    names = [found.title for found in book.worksheets]
    if sheet is None:
        if others := ", ".join(map(repr, names[1:])):
            said = "%s: the rows are those of sheet %r; %s: not read, `sheet` names another"
            log.warning(said, file, names[0], others)
        return book.worksheets[0]
    if sheet not in names:
        raise MeteorError(f"{file}: there is no sheet {sheet!r}, but {', '.join(names)}")
    return book[sheet]


def _below(
    rows: Iterator[tuple[int, tuple[Any, ...]]], merged: Merged
) -> Iterator[tuple[int, list[Any]]]:
    """Rows with what stands above them in a merged cell."""
    holds: dict[int, tuple[int, Any]] = {}
    for number, row in rows:
        cells = list(row)
        holds = {at: (last, value) for at, (last, value) in holds.items() if number <= last}
        for at, (_, value) in holds.items():
            cells.extend([None] * (at + 1 - len(cells)))
            cells[at] = value
        holds |= {at: (last, cells[at]) for at, last in merged.get(number, ()) if at < len(cells)}
        yield number, cells


def _merged(file: Path, sheet: Any) -> Merged:
    """The merged cells of a sheet over several rows, which a reader of rows does not tell."""
    found: Merged = {}
    with zipfile.ZipFile(file) as archive, archive.open(sheet._worksheet_path) as content:
        before = b""
        while chunk := content.read(CHUNK):
            text = before + chunk
            for cell in MERGED.finditer(text):
                first, last = int(cell[2]), int(cell[3])
                if last > first:
                    found.setdefault(first, []).append((_place(cell[1]), last))
            before = text[-LONGEST_REFERENCE:]
    return found


def _place(column: bytes) -> int:
    """The place of a column, from 0: of A, B, ..., Z, AA, ..."""
    place = 0
    for letter in column:
        place = place * 26 + letter - ord("A") + 1
    return place - 1
