"""Sheets of a workbook (`.xlsx`): the first row that is not empty is the header."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.sources.unpacking import require_text
from meteor.sources.values import is_nothing, shortened


def rows_of(file: Path, sheet: str | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
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
        if sheet is not None and sheet not in book.sheetnames:
            there = ", ".join(book.sheetnames)
            raise MeteorError(f"{file}: there is no sheet {sheet!r}, but {there}")
        found = book[sheet] if sheet is not None else book.worksheets[0]
        found.reset_dimensions()  # what a sheet says of its size may be a million empty columns
        header: list[str] | None = None
        for number, cells in enumerate(found.iter_rows(values_only=True), start=1):
            if all(is_nothing(cell) for cell in cells):
                continue
            if header is None:
                header = ["" if cell is None else str(cell).strip() for cell in cells]
                continue
            named = itertools.zip_longest(header, cells[: len(header)])
            yield number, {name: cell for name, cell in named if name}
    finally:
        book.close()
