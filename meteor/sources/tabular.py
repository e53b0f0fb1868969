"""Questions about a table that stands in their row: the table in Markdown, and SQL as it is written
where it stands in parts.
"""

from collections.abc import Mapping
from typing import Any

from meteor.sources.values import as_text, is_nothing

AGGREGATES = ("", "MAX", "MIN", "COUNT", "SUM", "AVG")
OPERATORS = ("=", ">", "<", "OP")
"""The codes of WikiSQL (salesforce/WikiSQL, lib/query.py)."""
CONDITION = ("column_index", "operator_index", "condition")
AROUND = ("context", "pre_text", "table", "post_text", "paragraphs")
"""What a question is about, in the order of a report."""


def with_table(row: dict[str, Any]) -> list[Any] | None:
    """A row with a table (WikiTableQuestions, FinQA, TAT-QA, WikiSQL), which stands in `context`
    with the text around it.
    """
    table = _markdown(row.get("table"))
    if table is None:
        return None
    texts = {name: as_text(row[name]) for name in AROUND if not is_nothing(row.get(name))}
    texts["table"] = table
    return [{**row, "context": "\n\n".join(texts[name] or "" for name in AROUND if name in texts)}]


def _markdown(value: Any) -> str | None:
    if isinstance(value, Mapping):
        head, rows = value.get("header"), value.get("rows", value.get("table"))
    else:
        head, rows = None, value
    if not isinstance(rows, list) or not all(isinstance(cells, list) for cells in rows):
        return None
    lines = [*([head] if isinstance(head, list) else []), *rows]
    if not lines:
        return None
    shown = [f"| {' | '.join(map(_cell, cells))} |" for cells in lines]
    return "\n".join([shown[0], "|" + " --- |" * len(lines[0]), *shown[1:]])


def _cell(value: Any) -> str:
    text = "" if is_nothing(value) else as_text(value) or ""
    return " ".join(text.replace("|", "\\|").split())


def with_query(row: dict[str, Any]) -> list[Any] | None:
    """A row of WikiSQL, whose `sql` is an object: as it is written, in `query`."""
    sql = row.get("sql")
    if not isinstance(sql, Mapping) or not {"sel", "agg", "conds"} <= sql.keys():
        return None
    written = sql.get("human_readable")
    return [{**row, "query": written if isinstance(written, str) else _written(sql, row)}]


def _written(sql: Mapping[str, Any], row: Mapping[str, Any]) -> str | None:
    """SQL of its parts; columns have the names of the header, or else those of WikiSQL's
    databases. None where a code stands for nothing.
    """
    table = row.get("table")
    header = table.get("header") if isinstance(table, Mapping) else None

    def column(place: int) -> str:
        return str(header[place]) if isinstance(header, list) else f"col{place}"

    conds = sql["conds"]
    try:
        if isinstance(conds, Mapping):
            conds = list(zip(*(conds[name] for name in CONDITION), strict=True))
        chosen, function = column(sql["sel"]), AGGREGATES[sql["agg"]]
        tests = [f"{column(at)} {OPERATORS[sign]} {_literal(value)}" for at, sign, value in conds]
    except (LookupError, TypeError, ValueError):
        return None
    what = f"{function}({chosen})" if function else chosen
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    return f"SELECT {what} FROM table{where}"


def _literal(value: Any) -> str:
    if isinstance(value, (int, float)):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"
