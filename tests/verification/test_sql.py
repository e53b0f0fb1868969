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
        ("SELECT 88", AREA, True),
        ("SELECT 88.00000001", AREA, True),
        ("SELECT '88.0'", AREA, False),
        ("SELECT 87", AREA, False),
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
        ("SELECT 7", "Returned 1 row as expected, but other values."),
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
