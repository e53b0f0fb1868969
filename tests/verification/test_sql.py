"""Queries: equal rows pass, and what is wrong is said in words that do not give it away."""

from pathlib import Path

import pytest

from meteor.core.errors import SettingsError
from tests.verification.asking import fenced, refused, verdict, verdicts

AREA = "SELECT area FROM lake WHERE name = 'Cedar'"
ALL = "SELECT name, area FROM lake"
BY_AREA = "SELECT name FROM lake ORDER BY area"


@pytest.mark.parametrize(
    ("answer", "gold", "passed"),
    [
        (AREA, AREA, True),
        (fenced("select area from lake where name like 'ced%';", "sql"), AREA, True),
        ("SELECT max(area) FROM lake", AREA, True),
        ("SELECT max(area) + 0.00000001 FROM lake", AREA, True),
        ("SELECT max(area) || '' FROM lake", AREA, False),
        ("SELECT max(area) - 1 FROM lake", AREA, False),
        ("SELECT name, area FROM lake ORDER BY name DESC", ALL, True),
        ("SELECT area, name FROM lake", ALL, False),
        ("SELECT name, area FROM lake UNION ALL SELECT name, area FROM lake", ALL, False),
        ("SELECT name FROM lake ORDER BY area DESC", BY_AREA, False),
        ("SELECT name FROM lake ORDER BY area", BY_AREA, True),
        ("SELECT depth FROM lake WHERE area = 41", "SELECT NULL", True),
        ("SELECT x'00ff'", "SELECT x'00ff'", True),
        ("WITH b AS (SELECT * FROM lake WHERE area > 40) SELECT count(*) FROM b", "SELECT 2", True),
    ],
)  # fmt: skip
def test_rows_decide(answer: str, gold: str, passed: bool, lakes: Path) -> None:
    assert verdict("sql", answer, gold, database=lakes).passed is passed


@pytest.mark.parametrize(
    ("answer", "feedback"),
    [
        ("SELECT area_km FROM lake", "There is no column `area_km`."),
        ("SELECT area FROM lakes", "There is no table `lakes`."),
        ("SELECT sqroot(area) FROM lake", "There is no function `sqroot`."),
        ("SELEC area FROM lake", "Not valid SQL: near `SELEC`."),
        ("SELECT area FROM lake WHERE (", "Not valid SQL: the end is missing."),
        ("SELECT 1; SELECT 2", "There is more than one statement."),
        ("-- nothing", "The statement gives no rows; a SELECT is expected."),
        ("SELECT area FROM lake LIMIT 3", "Returned 3 rows, 1 is expected."),
        ("SELECT area FROM lake WHERE name = 'Zo'", "Returned 0 rows, 1 is expected."),
        ("SELECT 1, 2", "Returned 2 columns, 1 is expected."),
        ("SELECT min(area) FROM lake", "Returned 1 row as expected, but other values."),
        ("SELECT 88", "The query reads no table."),
        ("", "The answer is empty."),
    ],
)
def test_feedback_helps(answer: str, feedback: str, lakes: Path) -> None:
    said = verdict("sql", answer, AREA, database=lakes)
    assert (said.passed, said.feedback) == (False, feedback)


def test_another_order_is_said(lakes: Path) -> None:
    said = verdict("sql", "SELECT name FROM lake ORDER BY area DESC", BY_AREA, database=lakes)
    assert said.feedback == "The rows are right, and their order is not."


def test_more_databases_find_what_is_right_by_chance(lakes: Path, other_lakes: Path) -> None:
    chance = "SELECT count(*) FROM lake WHERE area > 40"
    gold = "SELECT count(*) FROM lake WHERE country = 'Sudland'"
    assert verdict("sql", chance, gold, database=lakes).passed
    said = verdict("sql", chance, gold, database=lakes, further=[other_lakes])
    assert not said.passed and "by chance" in said.feedback
    assert verdict("sql", gold, gold, database=lakes, further=[other_lakes]).passed


def test_the_result_is_the_same_for_the_same_rows_whatever_is_expected(lakes: Path) -> None:
    queries = [ALL, "SELECT name, area * 1.0 FROM lake ORDER BY area", "SELECT 1", "SELECT"]
    results = [verdict("sql", query, None, database=lakes) for query in queries]
    assert [said.passed for said in results] == [None, None, None, None]
    assert results[0].result == results[1].result != results[2].result == "[1]"
    assert results[3].result is None
    assert verdict("sql", ALL, AREA, database=lakes).result == results[0].result


def test_a_gold_query_that_does_not_run_is_the_datas_fault(lakes: Path) -> None:
    error = refused("sql", "SELECT width FROM lake", "SELECT 1", database=lakes)
    assert "There is no column `width`." in error
    assert "the gold query is expected" in refused("sql", 3, "SELECT 1", database=lakes)
    assert "unknown key 'qery'" in refused("sql", {"qery": AREA}, "SELECT 1", database=lakes)


def test_a_database_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Path does not point to a file"):
        verdict("sql", AREA, AREA, database=tmp_path / "nowhere.sqlite")
    (tmp_path / "text.sqlite").write_text("This is a text, and long enough to be one. " * 100)
    with pytest.raises(Exception, match="not an SQLite database"):
        verdict("sql", AREA, AREA, database=tmp_path / "text.sqlite")


def test_many_answers_side_by_side_keep_their_order(lakes: Path) -> None:
    rows = [(f"SELECT {number}", f"SELECT {number % 7}") for number in range(40)]
    said = verdicts("sql", rows, database=lakes, at_once=4)
    assert [one.passed for one in said] == [number < 7 for number in range(40)]  # type: ignore[union-attr]


ORDERED = "SELECT name FROM lake WHERE area > 1 /* by size */ ORDER /* now */ BY area"


@pytest.mark.parametrize(
    ("answer", "gold", "passed"),
    [
        ("SELECT 1000001 + min(area) * 0 FROM lake", "SELECT 1000001 FROM lake LIMIT 1", True),
        ("SELECT 1000002 FROM lake LIMIT 1", "SELECT 1000001 FROM lake LIMIT 1", False),
        ("SELECT 8336818.0 FROM lake LIMIT 1", "SELECT 8336817.0 FROM lake LIMIT 1", False),
        ("SELECT area * 1.00000001 FROM lake", "SELECT area FROM lake", True),
        ("SELECT name FROM lake ORDER BY area DESC", ORDERED, False),
        ("SELECT name FROM lake ORDER BY area", ORDERED, True),
        ("SELECT name FROM lake ORDER BY area DESC",
         "SELECT name FROM (SELECT name FROM lake ORDER BY area)", True),
        ("SELECT name FROM lake ORDER BY area DESC",
         "SELECT name FROM lake WHERE name <> 'ORDER BY'", True),
        ("SELECT name FROM lake", "SELECT name FROM lake NOT INDEXED", True),
        ("SELECT name FROM lake WHERE depth NOT NULL",
         "SELECT name FROM lake WHERE depth NOTNULL AND area NOT NULL", True),
        ("SELECT sum(area), country FROM lake GROUP BY 2",
         "SELECT sum(area), country FROM lake GROUP BY country ORDER BY country", True),
    ],
)  # fmt: skip
def test_close_cases(answer: str, gold: str, passed: bool, lakes: Path) -> None:
    said = verdict("sql", answer, gold, database=lakes)
    assert said.passed is passed, said


@pytest.mark.parametrize(
    "query",
    ["SELECT 88.0", "WITH a AS (SELECT 88.0 AS x) SELECT x FROM a", "VALUES (88.0)",
     "SELECT 88.0 FROM sqlite_schema LIMIT 1", "SELECT value FROM json_each('[88.0]')"],
)  # fmt: skip
def test_a_constant_is_no_answer_where_the_gold_query_reads_a_table(
    query: str, lakes: Path
) -> None:
    said = verdict("sql", query, AREA, database=lakes)
    assert (said.passed, said.feedback) == (False, "The query reads no table.")
    assert verdict("sql", query, "SELECT 88", database=lakes).passed is True


def test_columns_count_where_there_are_no_rows(lakes: Path, other_lakes: Path) -> None:
    gold = "SELECT name FROM lake WHERE country = 'Sudland' AND area < 5"
    assert "gives no rows" in refused("sql", gold, "SELECT 1", database=lakes)
    settings = {"database": lakes, "further": [other_lakes]}
    said = verdict("sql", "SELECT 1, 2 FROM lake WHERE 0", gold, **settings)
    assert said.feedback == "Returned 2 columns, 1 is expected."
    assert verdict("sql", gold, gold, **settings).passed is True
    said = verdict("sql", "SELECT name FROM lake WHERE 0", gold, **settings)
    assert said.passed is False and "by chance" in said.feedback


def test_rows_of_which_noise_changes_the_order_are_the_same(lakes: Path) -> None:
    """12345.65 with noise is 12345.6 or 12345.7 in six digits, before or behind the other row."""
    due = "SELECT 12345.65, 'b' FROM lake WHERE depth = 12 UNION ALL SELECT 12345.7, 'a'"
    for noise in ("12345.649999999", "12345.650000001"):
        said = verdict("sql", due.replace("12345.65", noise), due, database=lakes)
        assert said.passed is True, said
    due = "SELECT area * 0 + 1.0, 5 FROM lake WHERE depth = 12 UNION ALL SELECT 1.0, 3"
    noisy = "SELECT 1.0000000001, 5 FROM lake WHERE depth = 12 UNION ALL SELECT 1.0, 3"
    assert verdict("sql", noisy, due, database=lakes).passed is True


def test_equal_numbers_give_equal_results(lakes: Path) -> None:
    queries = ["SELECT 0.1 + 0.2, 1.0, -0.0, 1e16", "SELECT 0.3, 1, 0, 10000000000000000"]
    assert len({verdict("sql", query, None, database=lakes).result for query in queries}) == 1


def test_a_database_with_a_log_of_writes_beside_it_is_refused(lakes: Path) -> None:
    Path(f"{lakes}-wal").write_bytes(b"x" * 100)
    with pytest.raises(SettingsError, match="close the database"):
        verdict("sql", AREA, AREA, database=lakes)
    Path(f"{lakes}-wal").write_bytes(b"")
    assert verdict("sql", AREA, AREA, database=lakes).passed is True
