"""Tables as CSV: what DVC's plots and spreadsheets read."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from meteor.core.jsonl import replacing
from meteor.core.shown import cell

DIGITS = 6
"""Of a number that is no whole one."""


def write_table(
    file: Path, header: Sequence[str], rows: Iterable[Sequence[object]], digits: int = DIGITS
) -> None:
    """Write a CSV file with a header, whole or not at all; numbers with `digits` digits, and texts
    so that no spreadsheet takes one for a formula.
    """
    with replacing(file) as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(header)
        table.writerows([_cell(value, digits) for value in row] for row in rows)


def _cell(value: object, digits: int) -> object:
    if isinstance(value, str):
        return cell(value)
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value
