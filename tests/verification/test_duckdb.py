"""Queries on DuckDB files: as on SQLite's, and nothing is in reach but the file."""

import hashlib
from pathlib import Path

import pytest

from meteor.core.errors import MeteorError
from meteor.core.verdicts import Verdict
from tests.verification.asking import refused, verdict, verdicts
from tests.verification.conftest import LAKES, SCHEMA

duckdb = pytest.importorskip("duckdb")  # an extra
GOLD = "SELECT count(*) FROM lake"
AREA = "SELECT area FROM lake WHERE name = 'Cedar'"


@pytest.fixture
def lakes(tmp_path: Path) -> Path:
    """Four lakes, and a sequence."""
    (tmp_path / "of").mkdir()
    file = tmp_path / "of" / "lakes.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(SCHEMA)
        connection.executemany("INSERT INTO lake VALUES (?, ?, ?, ?)", LAKES)
        connection.execute("CREATE SEQUENCE counted")
    return file


DECIDED = [
    (AREA, AREA, True),
    ("FROM lake SELECT area WHERE name LIKE 'Ced%'", AREA, True),
    ("SELECT 88::DECIMAL(6, 2) FROM lake LIMIT 1", AREA, True),
    ("SELECT 87 FROM lake LIMIT 1", AREA, False),
    ("SELECT 88", AREA, False),
    ("WITH a AS (SELECT 88 AS b) SELECT b FROM a", AREA, False),
    ("SELECT name FROM lake ORDER BY area DESC", "SELECT name FROM lake ORDER BY area", False),
    ("SELECT name FROM lake ORDER BY area DESC", "SELECT name FROM lake", True),
    ("SELECT list(depth ORDER BY depth) FROM lake", "SELECT [12, 40, 130, NULL]", True),
    ("SELECT DATE '2024-02-29', INTERVAL 1 DAY, 'x'::BLOB, 1 / 0", None, None),
    (
        "SELECT country, count(*) FROM lake GROUP BY ALL",
        "VALUES ('Norland', 2), ('Sudland', 2)",
        True,
    ),
    ("SELECT count(*) FROM range(4)", GOLD, False),
    ("SELECT count(*) FROM range(4)", "SELECT 4", True),
    ("SELECT name FROM lake WHERE area < 0", "SELECT name FROM lake WHERE area < 5", False),
]


def test_rows_decide(lakes: Path) -> None:
    rows = [(answer, gold) for answer, gold, _ in DECIDED]
    said = verdicts("sql", rows, database=lakes, engine="duckdb")
    for (answer, _, passed), one in zip(DECIDED, said, strict=True):
        assert isinstance(one, Verdict) and one.passed is passed and one.result, answer


SAID = [
    ("SELECT area_km FROM lake", "There is no column `area_km`."),
    ("SELECT area FROM lakes", "There is no table `lakes`."),
    ("SELECT sqroot(area) FROM lake", "There is no function `sqroot`."),
    ("SELEC area FROM lake", "Not valid SQL: near `SELEC`."),
    ("SELECT 1; SELECT 2", "There is more than one statement."),
    ("-- nothing", "The statement gives no rows; a SELECT is expected."),
    ("SELECT area FROM lake LIMIT 3", "Returned 3 rows, 1 is expected."),
    ("SELECT CAST(name AS INT) FROM lake", "A value does not fit its type."),
]


def test_feedback_helps_and_shows_no_value(lakes: Path) -> None:
    rows = [(answer, AREA) for answer, _ in SAID]
    said = verdicts("sql", rows, database=lakes, engine="duckdb")
    assert [getattr(one, "feedback", one) for one in said] == [feedback for _, feedback in SAID]


FORBIDDEN = [
    "DELETE FROM lake",
    "DROP TABLE lake",
    "UPDATE lake SET area = 0",
    "INSERT INTO lake VALUES ('x', 1, 'y', 2) RETURNING 4",
    "CREATE TEMP TABLE t AS SELECT 4",
    "ATTACH '{out}' AS e",
    "COPY lake TO '{out}'",
    "COPY (SELECT 4) TO '{out}'",
    "EXPORT DATABASE '{out}'",
    "INSTALL httpfs",
    "LOAD '{secret}'",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET memory_limit",
    "PRAGMA version",
    "PRAGMA enable_profiling",
    "CALL pragma_version()",
    "USE memory",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "PREPARE p AS SELECT 4",
    "EXPLAIN ANALYZE SELECT 4",
    "SHOW TABLES",
    "DESCRIBE lake",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_text('{secret}')",
    "SELECT size FROM read_blob('{own}')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM query('SELECT 4')",
    "SELECT * FROM query_table('lake')",
    "SELECT getenv('PATH')",
    "SELECT random()",
    "SELECT 4 WHERE uuid() IS NOT NULL",
    "SELECT (SELECT max(Random()) FROM lake)",
    "SELECT nextval('counted')",
    "SELECT sleep_ms(100000)",
    "SELECT write_log('x')",
    "SELECT count(*) FROM lake USING SAMPLE 50%",
    "SELECT count(*) FROM lake TABLESAMPLE reservoir(2)",
    "PIVOT lake ON country USING sum(area)",
    "SELECT 4; DELETE FROM lake",
    "SELECT $1",
    "",
]


def test_nothing_but_reading_the_file_is_allowed(lakes: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("canary\n4\n")
    before = hashlib.sha256(lakes.read_bytes()).hexdigest()
    names = {"out": tmp_path / "out", "secret": tmp_path / "secret.csv", "own": lakes}
    rows = [(query.format(**names), GOLD) for query in FORBIDDEN]
    said = verdicts("sql", rows, database=lakes, engine="duckdb")
    for query, one in zip(FORBIDDEN, said, strict=True):
        assert isinstance(one, Verdict)
        assert one.passed is False and one.feedback and one.result is None, query
        assert "canary" not in one.feedback and len(one.feedback) < 200, query
    assert hashlib.sha256(lakes.read_bytes()).hexdigest() == before
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["lakes.duckdb", "of", "secret.csv"]


GREEDY = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "SELECT count(*) FROM " + ", ".join(f"range(1000) t{n}" for n in range(20)),
    "SELECT list(r) FROM range(10000000000) t(r)",
    "SELECT repeat('x', 900000000)",
    "SELECT repeat('x', 100000000000)",
    "SELECT r FROM range(100000000) t(r)",
    "SELECT repeat('x', 1000) FROM range(100000)",
    "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
    "SELECT " + "+".join("1" * 40_000),
    "SELECT 1 FROM " + "x" * 200_000,
    "SELECT regexp_matches(repeat('a', 5000), '(a*)*b')",
    "SELECT '\ud800'",
    "SELECT '\0'",
]


def test_greedy_queries_are_not_right_and_take_no_other_along(lakes: Path) -> None:
    rows = [(query, GOLD) for greedy in GREEDY for query in (greedy, GOLD)]
    said = verdicts("sql", rows, database=lakes, engine="duckdb", seconds=3, at_once=1)
    assert [getattr(one, "passed", None) for one in said] == [False, True] * len(GREEDY)
    assert all(len(getattr(one, "feedback", "")) < 300 for one in said)


def test_the_gold_query_and_the_file_are_the_datas_fault(lakes: Path, tmp_path: Path) -> None:
    error = refused("sql", "SELECT width FROM lake", "SELECT 1", database=lakes, engine="duckdb")
    assert "There is no column `width`." in error
    file = tmp_path / "text.duckdb"
    file.write_text("This is a text, and long enough to be one. " * 500)
    with pytest.raises(MeteorError, match="not a DuckDB database"):
        verdict("sql", AREA, AREA, database=file, engine="duckdb")


def test_sqlite_is_not_read_as_duckdb(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        connection.execute(SCHEMA)
    connection.close()
    with pytest.raises(MeteorError, match="not a DuckDB database"):
        verdict("sql", AREA, AREA, database=tmp_path / "a.sqlite", engine="duckdb")
