"""Run one query after another on DuckDB files that cannot be written: a worker's script,
which has nothing in reach but the file.

A request is `{database, query, max_rows, max_bytes}`; the reply `{rows}` with lists of values
(`{"blob": hex}` for a blob), how many `columns` they have and whether the query `reads` a table;
or `{error}`, `{refused}` or `{too_much}`.
"""

import datetime
import decimal
import json
from collections.abc import Iterator
from typing import Any

import duckdb

MEMORY = 2 << 30
"""Bytes of addresses, of which DuckDB reserves more than it fills."""
CONFIG: dict[str, Any] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "max_temp_directory_size": "0B",
    "temp_directory": "",
    "memory_limit": "512MB",
    "threads": "1",
    "lock_configuration": "true",
}
TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest", "json_each", "json_tree"})
"""What may stand in a FROM besides tables: the others read files, settings or the clock."""
LONGEST = 100_000
FETCHED = 1000


class Refused(Exception):
    """What a query may not do."""


class TooMuch(Exception):
    """More rows or bytes than are read."""


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Run the query of one request on a connection of its own."""
    try:
        connection = duckdb.connect(request["database"], read_only=True, config=CONFIG)
    except duckdb.Error as error:
        return {"broken": _first(error)}
    try:
        reads = _require_reading(connection, request["query"])
        result = connection.execute(request["query"])
        columns = len(result.description)
        return {"rows": _rows(result, request), "columns": columns, "reads": reads}
    except Refused as error:
        return {"refused": str(error)}
    except TooMuch as error:
        return {"too_much": str(error)}
    except (MemoryError, RecursionError, duckdb.OutOfMemoryException):
        return {"too_much": "memory"}
    except (duckdb.Error, ValueError) as error:
        return {"error": _first(error)}
    finally:
        connection.close()


def _first(error: Exception) -> str:
    """The first line of an error; what follows shows the query and proposes names."""
    return str(error).partition("\n")[0]


def _require_reading(connection: Any, query: str) -> bool:
    """Whether a query reads a table of the file. Raises Refused where it is more than one SELECT,
    or calls what reads files or settings or gives another result each time.
    """
    if len(query) > LONGEST:
        raise ValueError("statement too long")
    statements = connection.extract_statements(query)
    if not statements:
        raise ValueError("the text gives no rows")
    if len(statements) > 1:
        raise ValueError("You can only execute one statement at a time")
    if (kind := statements[0].type) != duckdb.StatementType.SELECT:
        raise Refused(f"a statement of the kind {kind.name}")
    (written,) = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchone()
    tree = json.loads(written)
    if tree["error"]:
        raise ValueError(f"{tree['error_type'].title()} Error: {tree['error_message']}")
    changing = "SELECT function_name FROM duckdb_functions() WHERE stability = 'VOLATILE'"
    volatile = {name for (name,) in connection.execute(changing).fetchall()}
    for node in _nodes(tree):
        name = str(node.get("function", {}).get("function_name", "")).lower()
        if node.get("type") == "TABLE_FUNCTION" and name not in TABLE_FUNCTIONS:
            raise Refused(f"the function {name}")
        if node.get("type") == "SHOW_REF":
            raise Refused("a statement of the kind SHOW")
        if node.get("sample"):
            raise Refused("a sample")
        if str(node.get("function_name", "")).lower() in volatile:
            raise Refused(f"the function {node['function_name']}")
    return any(_is_table(connection, node) for node in _nodes(tree))


def _is_table(connection: Any, node: dict[str, Any]) -> bool:
    """Whether a node is a table or view that is there, and no name that the query gives itself."""
    if node.get("type") != "BASE_TABLE":
        return False
    name = str(node.get("table_name", ""))
    there = "SELECT 1 FROM information_schema.tables WHERE lower(table_name) = lower(?)"
    return connection.execute(there, [name]).fetchone() is not None


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
        waiting.extend(value.values() if isinstance(value, dict) else value)
        waiting = [inner for inner in waiting if isinstance(inner, (dict, list))]


def _rows(result: Any, request: dict[str, Any]) -> list[list[Any]]:
    rows: list[list[Any]] = []
    size = 0
    while found := result.fetchmany(FETCHED):
        for row in found:
            rows.append([_value(value) for value in row])
            size += sum(len(str(value)) for value in rows[-1])
            if len(rows) > request["max_rows"]:
                raise TooMuch("rows")
            if size > request["max_bytes"]:
                raise TooMuch("bytes")
    return rows


def _value(value: Any) -> Any:
    """A value as JSON has it: decimals are numbers, dates and the rest texts."""
    if isinstance(value, bytes):
        return {"blob": value.hex()}
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
        return {"number": str(value)}
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_value(inner) for inner in value]
    if isinstance(value, dict):
        return {str(key): _value(inner) for key, inner in value.items()}
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
