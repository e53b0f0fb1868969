"""Queries that would write, read elsewhere, hang or fill memory: not right, and no harm done."""

import hashlib
import threading
from pathlib import Path

import psutil
import pytest

from tests.verification.asking import verdict, verdicts

GOLD = "SELECT count(*) FROM lake"
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
JOIN = "SELECT count(*) FROM " + ", ".join(f"lake AS l{n}" for n in range(30))

FORBIDDEN = [
    "DELETE FROM lake",
    "DROP TABLE lake",
    "UPDATE lake SET area = 0",
    "INSERT INTO lake VALUES ('x', 1, 'y', 2) RETURNING 4",
    "CREATE TABLE t AS SELECT 4",
    "CREATE TEMP TABLE t AS SELECT 4",
    "ATTACH DATABASE '{elsewhere}' AS e",
    "VACUUM INTO '{elsewhere}'",
    "VACUUM",
    "PRAGMA writable_schema = ON",
    "PRAGMA table_info(lake)",
    "SELECT * FROM pragma_table_info('lake')",
    "PRAGMA journal_mode = WAL",
    "BEGIN IMMEDIATE",
    "SELECT load_extension('{elsewhere}')",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('{elsewhere}', 'x')",
    "SELECT random()",
    "SELECT hex(randomblob(4))",
    "SELECT sleep(100)",
    "SELECT fts3_tokenizer('simple')",
    "REINDEX",
    "ANALYZE",
    "SELECT 4; DELETE FROM lake",
]
MANY = ", ".join(f"lake {name}" for name in "abcdefghijklm")
COUNTING = "WITH RECURSIVE n(i) AS (SELECT {} UNION ALL SELECT {} FROM n) SELECT i FROM n"
GREEDY = [
    "SELECT randomblob(1000000000)",
    "SELECT zeroblob(1000000000)",
    "SELECT length(zeroblob(900000000))",
    "SELECT replace(hex(zeroblob(400000)), '0', '0000000000')",
    "SELECT printf('%.*c', 1000000000, 'x')",
    "SELECT group_concat(a.name || b.name || c.name) FROM " + MANY,
    "SELECT '" + "a" * 900 + "' LIKE '" + "%a" * 5000 + "b'",
    "SELECT " + "(" * 5000 + "1" + ")" * 5000,
    "SELECT " + "+".join("1" * 40000),
    "SELECT " + " UNION ALL SELECT ".join("1" * 5000),
    COUNTING.format("1", "i + 1"),
    COUNTING.format("1", "i + 1") + " ORDER BY -i",
    COUNTING.format("hex(zeroblob(400000))", "i || ''"),
    COUNTING.format("hex(zeroblob(400000))", "i || ''") + " ORDER BY i",
    "SELECT json_group_array(a.name) FROM " + MANY,
    "x" * 200_000,
    "SELECT '\ud800'",
    "SELECT '\0'",
]  # fmt: skip


@pytest.mark.parametrize("query", FORBIDDEN)
def test_nothing_but_reading_is_allowed(query: str, lakes: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.sqlite"
    before = hashlib.sha256(lakes.read_bytes()).hexdigest()
    said = verdict("sql", query.format(elsewhere=elsewhere), GOLD, database=lakes)
    assert said.passed is False and said.feedback and said.result is None
    assert hashlib.sha256(lakes.read_bytes()).hexdigest() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["lakes.sqlite"]


@pytest.mark.parametrize("query", [ENDLESS, JOIN], ids=["recursion", "join"])
def test_a_query_without_end_is_ended_after_so_many_steps(query: str, lakes: Path) -> None:
    said = verdict("sql", query, GOLD, database=lakes, max_steps=1_000_000)
    assert (said.passed, said.feedback) == (False, "The query takes too long.")


def test_what_no_step_ends_the_clock_ends(lakes: Path) -> None:
    """The next answer gets a new process, and what hung is gone."""
    rows = [(ENDLESS, GOLD), (GOLD, GOLD), (JOIN, GOLD), (GOLD, GOLD)]
    said = verdicts("sql", rows, database=lakes, max_steps=10**12, seconds=3, at_once=1)
    assert [one.passed for one in said] == [False, True, False, True]  # type: ignore[union-attr]
    assert not [child for child in psutil.Process().children() if is_sql_worker(child)]


def is_sql_worker(child: psutil.Process) -> bool:
    """Whether it still runs; one that has ended and waits to be read of has no command line."""
    try:
        return "sql_worker" in " ".join(child.cmdline())
    except psutil.NoSuchProcess:  # psutil counts a zombie as one
        return False


@pytest.mark.parametrize("query", GREEDY, ids=lambda query: query[:40])
def test_a_greedy_query_is_not_right_and_takes_no_other_along(query: str, lakes: Path) -> None:
    rows = [(query, GOLD), (GOLD, GOLD)]
    greedy, modest = verdicts("sql", rows, database=lakes, max_steps=5_000_000, at_once=1)
    assert greedy.passed is False and len(greedy.feedback) < 300  # type: ignore[union-attr]
    assert modest.passed is True  # type: ignore[union-attr]


def test_two_blocks_of_which_one_is_right(lakes: Path) -> None:
    both = f"```sql\nSELECT 0\n```\nor\n```sql\n{GOLD}\n```"
    said = verdict("sql", both, GOLD, database=lakes)
    assert (said.passed, said.feedback) == (False, "The answer has 2 fenced blocks; give one.")
    assert verdict("sql", both, GOLD, database=lakes, take="last_fenced").passed is True


def test_the_gold_query_stands_in_no_argument_list(lakes: Path, tmp_path: Path) -> None:
    seen: list[str] = []
    gold = "SELECT count(*) AS canary_of_gold FROM lake"
    rows = [(ENDLESS, gold)]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            for process in psutil.Process().children(recursive=True):
                try:
                    seen.append(" ".join([*process.cmdline(), *process.environ().values()]))
                except psutil.Error:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    verdicts("sql", rows, database=lakes, seconds=1, max_steps=10**12)
    ended.set()
    watcher.join()
    assert any("sql_worker" in line for line in seen)
    assert not any("canary_of_gold" in line for line in seen)
