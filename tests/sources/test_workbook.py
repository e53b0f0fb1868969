"""Sheets as people fill them: merged cells, several sheets, names that stand twice."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from meteor.sources.workbook import rows_of


def book(path: Path, *rows: list[Any], merged: tuple[str, ...] = (), more: str = "") -> Path:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for cells in merged:
        made.active.merge_cells(cells)
    if more:
        made.create_sheet(more).append(["Question"])
    made.save(path)
    return path


def test_a_cell_that_was_merged_over_rows_holds_for_each(tmp_path: Path) -> None:
    file = book(
        tmp_path / "a.xlsx",
        ["FAQ", None, None],
        *(["A", "Why?", "So."], [None, "How?", None], [None, None, None], [None, "Who?", "He."]),
        ["B", "When?", "Now."],
        merged=("A1:C1", "A2:A5", "C2:C3"),
    )
    read = [list(row.values()) for _, row in rows_of(file)]
    assert read == [
        *(["A", "Why?", "So."], ["A", "How?", "So."], ["A", "Who?", "He."], ["B", "When?", "Now."]),
    ]
    file = book(
        tmp_path / "b.xlsx",
        ["Topic", "Question", "Answer"],
        *(["A", "Why?", "So."], [None, "How?", None], [None, "Who?", "He."], ["B", "When?", None]),
        merged=("A2:A4", "C2:C3"),
    )
    assert [tuple(row.values()) for _, row in rows_of(file)] == [
        ("A", "Why?", "So."),
        ("A", "How?", "So."),
        ("A", "Who?", "He."),
        ("B", "When?", None),
    ]


def test_other_sheets_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = book(tmp_path / "a.xlsx", ["Question"], ["Why?"], more="Old")
    assert [row for _, row in rows_of(file)] == [{"Question": "Why?"}]
    assert "the rows are those of sheet 'Sheet'; 'Old': not read" in caplog.text
    caplog.clear()
    assert list(rows_of(file, "Old")) == [] and not caplog.text


def test_a_name_that_stands_twice_hides_no_column(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = book(
        tmp_path / "a.xlsx", ["Q", None, "A", None, "A"], ["Why?", "-", "So.", "-", "Or so."]
    )
    assert [row for _, row in rows_of(file)] == [{"Q": "Why?", "A": "So.", "A (2)": "Or so."}]
    assert "two columns are named 'A'; one is read as 'A (2)'" in caplog.text
