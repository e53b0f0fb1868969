"""A query on an SQLite or DuckDB database: an answer is right when it gives the rows that the gold
query gives, in the same order where the gold query orders them.

`check` is the gold query, or `{query: …}`. Nothing is written: the database is opened read-only in
a process of its own, which refuses all but SELECT and is bounded in steps, seconds, rows and bytes.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import FilePath, model_validator

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.core.verdicts import Verdict
from meteor.verification.extraction import Extraction, Part
from meteor.verification.queries import (
    Engine,
    Limits,
    QueryFails,
    Rows,
    engine,
    orders,
    same_rows,
    written,
)
from meteor.verification.verifying import BadCheck, Found, unfamiliar, verify


class Sql(Extraction, Limits):
    """Which databases, and how much a query may take."""

    take: Part = Field("fenced", description="what is taken from the answer: as everywhere")
    database: FilePath = Field(description="the file that queries are run on")
    further: tuple[FilePath, ...] = Field(
        (), description="more files of the same schema: the rows have to be the same there, too"
    )
    tolerance: float = Field(1e-6, ge=0, description="numbers may differ by this share")
    at_once: int = Field(2, gt=0, description="queries side by side")

    @model_validator(mode="after")
    def _engine_is_there(self) -> "Sql":
        if self.engine == "duckdb" and find_spec("duckdb") is None:
            raise ValueError("engine: duckdb is missing: `pip install 'meteor-pipeline[duckdb]'`")
        return self


@hookimpl
def plugin_params() -> type[Settings]:
    return Sql


@hookimpl
def verifier_verify(drafts: Sequence[Draft], params: Sql) -> Iterator[Verdict | Failed]:
    with engine(params) as running:
        gold = Gold(running)
        look = partial(_look, running=running, gold=gold, params=params)
        yield from verify(drafts, params, look, params.at_once)


class Gold:
    """The rows of gold queries, each run once a database however many answers there are."""

    def __init__(self, running: Engine) -> None:
        self._running = running
        self._rows: dict[tuple[Path, str], Rows] = {}
        self._lock = Lock()

    def rows(self, database: Path, query: str) -> Rows:
        """The rows. Raises BadCheck where the query does not run."""
        with self._lock:
            if (database, query) in self._rows:
                return self._rows[database, query]
        try:
            rows = self._running.rows(database, query)
        except QueryFails as error:
            raise BadCheck(f"the gold query does not run on {database}: {error}") from None
        with self._lock:
            self._rows[database, query] = rows
        return rows


def _look(part: str, check: Any, running: Engine, gold: Gold, params: Sql) -> Found:
    query = _query(check)
    if query is not None:  # whose fault it is comes before what the answer is
        ordered = orders(query, params.engine)
        expected = gold.rows(params.database, query)
    try:
        rows = running.rows(params.database, part)
    except QueryFails as error:
        return Found(passed=False, feedback=str(error))
    if query is None:
        return Found(passed=None, result=written(rows, ordered=False))
    result = written(rows, ordered=False)
    if wrong := _difference(rows, expected, ordered, params.tolerance):
        return Found(passed=False, feedback=wrong, result=result)
    for database in params.further:
        try:
            rows = running.rows(database, part)
        except QueryFails as error:
            return Found(passed=False, feedback=str(error), result=result)
        if not same_rows(rows, gold.rows(database, query), ordered, params.tolerance):
            wrong = "The rows are right by chance: with other data in the tables they are not."
            return Found(passed=False, feedback=wrong, result=result)
    return Found(passed=True, result=result)


def _query(check: Any) -> str | None:
    unfamiliar(check, ("query",))
    query = check.get("query") if isinstance(check, dict) else check
    if check is not None and not (isinstance(query, str) and query.strip()):
        raise BadCheck("the gold query is expected, as a text")
    return query


def _difference(rows: Rows, expected: Rows, ordered: bool, tolerance: float) -> str:
    """What tells a result from the expected one, without a value of either; empty if nothing."""
    if same_rows(rows, expected, ordered, tolerance):
        return ""
    wide, due = (len(some[0]) if some else None for some in (rows, expected))
    if wide and due and wide != due:
        return f"Returned {_count(wide, 'column')}, {due} {_is(due)} expected."
    if len(rows) != len(expected):
        return (
            f"Returned {_count(len(rows), 'row')}, {len(expected)} {_is(len(expected))} expected."
        )
    if ordered and same_rows(rows, expected, False, tolerance):
        return "The rows are right, and their order is not."
    return f"Returned {_count(len(rows), 'row')} as expected, but other values."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
