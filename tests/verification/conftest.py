"""A small database, and one of the same schema with other rows."""

import sqlite3
from pathlib import Path

import pytest

SCHEMA = "CREATE TABLE lake (name TEXT PRIMARY KEY, area REAL, country TEXT, depth INTEGER)"
LAKES = [
    ("Alder", 12.5, "Norland", 40),
    ("Birch", 3.25, "Norland", 12),
    ("Cedar", 88.0, "Sudland", 130),
    ("Dogwood", 41.0, "Sudland", None),
]


def write_database(file: Path, rows: list[tuple[str, float, str, int | None]]) -> Path:
    """An SQLite file with lakes in it."""
    with sqlite3.connect(file) as connection:
        connection.execute(SCHEMA)
        connection.executemany("INSERT INTO lake VALUES (?, ?, ?, ?)", rows)
    connection.close()
    return file


@pytest.fixture
def lakes(tmp_path: Path) -> Path:
    """Four lakes."""
    return write_database(tmp_path / "lakes.sqlite", LAKES)


@pytest.fixture
def other_lakes(tmp_path: Path) -> Path:
    """The same lakes in another country, and one more."""
    rows = [(name, area, "Norland", depth) for name, area, _, depth in LAKES]
    return write_database(tmp_path / "other.sqlite", [*rows, ("Elm", 1.0, "Sudland", 3)])
