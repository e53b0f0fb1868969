"""Queries on SQLite files, run in child processes that can neither write nor hang, and whether two
results are the same.
"""

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from meteor.core.errors import MeteorError
from meteor.core.settings import Field, Settings
from meteor.verification.verifying import BadCheck, canonical, shortened
from meteor.verification.workers import Gone, Pool, pool

Rows: TypeAlias = list[list[Any]]
WORDS = (
    (r"no such column: (.*)", "There is no column `{0}`."),
    (r"no such table: (.*)", "There is no table `{0}`."),
    (r"no such function: (.*)", "There is no function `{0}`."),
    (r"ambiguous column name: (.*)", "The column `{0}` stands in more than one table: name one."),
    (r"near \"(.*)\": syntax error", "Not valid SQL: near `{0}`."),
    (r"incomplete input", "Not valid SQL: the end is missing."),
    (r"You can only execute one statement at a time.*", "There is more than one statement."),
    (r"the text gives no rows", "The statement gives no rows; a SELECT is expected."),
    (r"(?:string or blob|statement) too (?:big|long).*", "A value or the query is too long."),
    (r"misuse of aggregate.*?: (.*)", "The aggregate `{0}` stands where none may stand."),
    (r"(.*)", "Not valid SQL: {0}."),
)
TOO_MUCH = {
    "rows": "The query gives too many rows.",
    "bytes": "The query gives too much text.",
    "memory": "The query takes too much memory.",
}
TOO_LONG = "The query takes too long."


class QueryFails(Exception):
    """The query gives no rows; the text says why, in words for the student."""


class Limits(Settings):
    """How much one query may take."""

    max_steps: int = Field(
        50_000_000, gt=0, description="of SQLite's machine for one query: the same on every machine"
    )
    seconds: float = Field(20, gt=0, description="for one query; max_steps should end it before")
    max_rows: int = Field(10_000, gt=0, description="rows of one result")
    max_bytes: int = Field(10_000_000, gt=0, description="characters of one result")


class Engine:
    """Runs queries on databases; safe to be asked by several threads."""

    def __init__(self, workers: Pool, limits: Limits) -> None:
        self._workers = workers
        self._limits = limits

    def rows(self, database: Path, query: str) -> Rows:
        """All rows of a query. Raises QueryFails, and MeteorError where the file is no database."""
        limits = self._limits
        request = {
            "database": f"{database.resolve().as_uri()}?mode=ro&immutable=1",
            "query": query,
            **limits.model_dump(include={"max_steps", "max_rows", "max_bytes"}),
        }
        try:
            reply = self._workers.ask(request, limits.seconds)
        except Gone:
            raise QueryFails(TOO_LONG) from None
        if "broken" in reply:
            raise MeteorError(f"{database}: not an SQLite database: {reply['broken']}")
        if "rows" in reply:
            rows: Rows = reply["rows"]
            return rows
        raise QueryFails(_words(reply))


@contextmanager
def engine(limits: Limits) -> Iterator[Engine]:
    """An engine for the time of this block."""
    with pool("sql_worker.py", "-I", "-S") as workers:
        yield Engine(workers, limits)


def _words(reply: dict[str, str]) -> str:
    """What went wrong, in words for the student."""
    if "too_much" in reply:
        return TOO_MUCH[reply["too_much"]]
    if refused := reply.get("refused"):
        return TOO_LONG if refused == "steps" else f"Not allowed here: {refused}."
    for pattern, words in WORDS:
        if found := re.fullmatch(pattern, reply["error"], re.DOTALL):
            return words.format(*(shortened(part, 60) for part in found.groups()))
    raise AssertionError(reply)


@cache
def orders(query: str) -> bool:
    """Whether a query orders its rows at its top level. Raises BadCheck where it cannot be read."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        statement = sqlglot.parse_one(query, dialect="sqlite")
    except (SqlglotError, RecursionError):
        raise BadCheck("the gold query is no SQL that sqlglot can read") from None
    return statement.args.get("order") is not None


def same_rows(one: Rows, other: Rows, ordered: bool, tolerance: float) -> bool:
    """Whether two results hold the same rows, each as often: in the same order if `ordered`. Two
    numbers are the same where they differ by no more than the share `tolerance`.
    """
    if len(one) != len(other):
        return False
    if not ordered:
        one, other = sorted(one, key=_key), sorted(other, key=_key)
    return all(
        len(a) == len(b) and all(same_value(x, y, tolerance) for x, y in zip(a, b, strict=True))
        for a, b in zip(one, other, strict=True)
    )


def same_value(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two values of a result are the same."""
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other or math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance * 1e-3)
    return bool(one == other)


def _key(row: Sequence[Any]) -> list[tuple[int, Any]]:
    """Rows sort so that numbers that are nearly the same stand at one place."""
    return [
        (0, "") if value is None
        else (1, float(f"{value:.6g}")) if isinstance(value, (int, float))
        else (2, str(value))
        for value in row
    ]  # fmt: skip


def written(rows: Rows, ordered: bool) -> str:
    """A result as a text: equal for equal results, floats with twelve digits, rows sorted unless
    their order counts.
    """
    lines = [canonical([_rounded(value) for value in row]) for row in rows]
    return "\n".join(lines if ordered else sorted(lines)) or "no rows"


def _rounded(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    short = float(f"{value:.12g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short
