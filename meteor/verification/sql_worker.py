"""Run one query after another on SQLite files that cannot be written: a worker's script,
with the standard library alone.

A request is `{database, query, max_steps, max_rows, max_bytes}`; the reply `{rows}` with lists of
values (`{"blob": hex}` for a blob), with how many `columns` they have and whether the query `reads`
a table; or `{error}`.
"""

import sqlite3
from contextlib import suppress
from typing import Any

MEMORY = 1 << 30
EVERY = 1000
HARMLESS = """
    abs char coalesce concat concat_ws format glob hex ifnull iif instr length like likelihood
    likely lower ltrim max min nullif octet_length printf quote replace round rtrim sign soundex
    substr substring trim typeof unhex unicode unlikely upper if
    avg count group_concat string_agg sum total median percentile percentile_cont percentile_disc
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value
    nth_value
    acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2
    mod pi pow power radians sin sinh sqrt tan tanh trunc
    date time datetime julianday unixepoch strftime timediff current_date current_time
    current_timestamp
    json json_array json_array_length json_extract json_insert json_object json_patch json_quote
    json_remove json_replace json_set json_type json_valid json_group_array json_group_object
    -> ->> match bm25 highlight snippet
"""
FUNCTIONS = frozenset(HARMLESS.split())
"""What a query may call: nothing that is random, loads or reads a file."""

GIVEN = ("json_each", "json_tree", "sqlite_")
"""What is read like a table, and holds what the query says, or the names of tables."""

ACTIONS = {
    sqlite3.SQLITE_ATTACH: "ATTACH",
    sqlite3.SQLITE_DETACH: "DETACH",
    sqlite3.SQLITE_PRAGMA: "PRAGMA",
    sqlite3.SQLITE_TRANSACTION: "a transaction",
    sqlite3.SQLITE_SAVEPOINT: "a transaction",
}
READING = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE)
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 100_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 50,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1000,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Run the query of one request on a connection of its own."""
    refused: list[str] = []
    tables: set[str] = set()
    try:
        connection = sqlite3.connect(request["database"], uri=True, isolation_level=None)
    except sqlite3.Error as error:
        return {"broken": str(error)}
    try:
        connection.text_factory = lambda text: text.decode(errors="replace")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.Error as error:
            return {"broken": str(error)}
        with suppress(sqlite3.Error):  # so that a query that reads them makes no table of them
            connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").fetchall()
        for limit, value in LIMITS.items():
            connection.setlimit(limit, value)
        connection.set_progress_handler(_steps(request["max_steps"], refused), EVERY)
        connection.set_authorizer(_authorizer(refused, tables))
        cursor = connection.execute(request["query"])
        if cursor.description is None:
            raise ValueError("the text gives no rows")
        columns = len(cursor.description)
        return {"rows": _rows(cursor, request), "columns": columns, "reads": bool(tables)}
    except TooMuch as error:
        return {"too_much": str(error)}
    except MemoryError:
        return {"too_much": "memory"}
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        return {"refused": refused[0]} if refused else {"error": str(error)}
    finally:
        connection.close()


class TooMuch(Exception):
    """More rows or bytes than are read."""


def _steps(limit: int, refused: list[str]) -> Any:
    left = [limit // EVERY]

    def handler() -> int:
        left[0] -= 1
        if left[0] < 0:
            refused.append("steps")
        return left[0] < 0

    return handler


def _authorizer(refused: list[str], tables: set[str]) -> Any:
    def decide(action: int, first: str | None, second: str | None, *place: str | None) -> int:
        if action == sqlite3.SQLITE_FUNCTION:
            if (second or "").lower() in FUNCTIONS:
                return sqlite3.SQLITE_OK
            refused.append(f"the function {second}")
        elif action in READING:
            if not (first or "").lower().startswith(("pragma_", "sqlite_db", "sqlite_stmt")):
                if action == sqlite3.SQLITE_READ and not (first or "").startswith(GIVEN):
                    tables.add(first or "")
                return sqlite3.SQLITE_OK
            refused.append(f"the table {first}")
        else:
            refused.append(ACTIONS.get(action, "a statement that writes"))
        return sqlite3.SQLITE_DENY

    return decide


def _rows(cursor: sqlite3.Cursor, request: dict[str, Any]) -> list[list[Any]]:
    rows, size = [], 0
    for row in cursor:
        rows.append([_value(value) for value in row])
        size += sum(len(str(value)) for value in rows[-1])
        if len(rows) > request["max_rows"]:
            raise TooMuch("rows")
        if size > request["max_bytes"]:
            raise TooMuch("bytes")
    return rows


def _value(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"blob": value.hex()}
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return {"number": str(value)}
    return value
