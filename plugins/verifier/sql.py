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
    Result,
    engine,
    orders,
    same_rows,
    written,
)
from meteor.verification.verifying import BadCheck, Found, Tolerant, unfamiliar, verify


class Sql(Extraction, Tolerant, Limits):
    """Which databases, and how much a query may take."""

    take: Part = Field("fenced", description="what is taken from the answer: as everywhere")
    database: FilePath = Field(description="the file that queries are run on")
    further: tuple[FilePath, ...] = Field(
        (), description="more files of the same schema: the rows have to be the same there, too"
    )
    at_once: int = Field(2, gt=0, description="queries side by side")

    @model_validator(mode="after")
    def _engine_is_there(self) -> "Sql":
        if self.engine == "duckdb" and find_spec("duckdb") is None:
            raise ValueError("engine: duckdb is missing: `pip install 'meteor-pipeline[duckdb]'`")
        return self

    @model_validator(mode="after")
    def _all_is_written(self) -> "Sql":
        for file in (self.database, *self.further):
            log = Path(f"{file}-wal") if self.engine == "sqlite" else Path(f"{file}.wal")
            if log.is_file() and log.stat().st_size:
                raise ValueError(
                    f"{log} holds what is not yet in the database, which would be read without it: "
                    "close the database in all programs"
                )
        return self


@hookimpl
def plugin_params() -> type[Settings]:
    return Sql


@hookimpl
def verifier_verify(drafts: Sequence[Draft], params: Sql) -> Iterator[Verdict | Failed]:
    with engine(params) as running:
        gold = Gold(running, (params.database, *params.further))
        look = partial(_look, running=running, gold=gold, params=params)
        yield from verify(drafts, params, look, params.at_once, gold.read)


class Gold:
    """What gold queries give, each run once a database however many answers there are."""

    def __init__(self, running: Engine, databases: Sequence[Path]) -> None:
        self._running = running
        self._databases = databases
        self._known: dict[tuple[Path, str], Result] = {}
        self._lock = Lock()

    def read(self, check: Any) -> str:
        """The gold query of a check, which runs and gives rows. Raises BadCheck."""
        unfamiliar(check, ("query",))
        query = check.get("query") if isinstance(check, dict) else check
        if not (isinstance(query, str) and query.strip()):
            raise BadCheck("the gold query is expected, as a text")
        results = [self.result(database, query) for database in self._databases]
        if not any(result.rows for result in results):
            raise BadCheck(
                "the gold query gives no rows, and every query that finds nothing would be right: "
                "leave the check out, or name a database on which it gives some "
                "(verifier.sql.further)"
            )
        return query

    def result(self, database: Path, query: str) -> Result:
        """What the query gives. Raises BadCheck where it does not run."""
        with self._lock:
            if (database, query) in self._known:
                return self._known[database, query]
        try:
            result = self._running.run(database, query)
        except QueryFails as error:
            raise BadCheck(f"the gold query does not run on {database}: {error}") from None
        with self._lock:
            self._known[database, query] = result
        return result


def _look(part: str, query: str | None, running: Engine, gold: Gold, params: Sql) -> Found:
    try:
        found = running.run(params.database, part)
    except QueryFails as error:
        return Found(passed=False, feedback=str(error))
    result = written(found.rows)
    if query is None:
        return Found(passed=None, result=result)
    due, ordered = gold.result(params.database, query), orders(query)
    if wrong := _difference(found, due, ordered, params.tolerance):
        return Found(passed=False, feedback=wrong, result=result)
    for database in params.further:
        try:
            found = running.run(database, part)
        except QueryFails as error:
            return Found(passed=False, feedback=str(error), result=result)
        due = gold.result(database, query)
        if not same_rows(found.rows, due.rows, ordered, params.tolerance):
            wrong = "The rows are right by chance: with other data in the tables they are not."
            return Found(passed=False, feedback=wrong, result=result)
    return Found(passed=True, result=result)


def _difference(found: Result, due: Result, ordered: bool, tolerance: float | None) -> str:
    """What tells a result from the expected one, without a value of either; empty if nothing."""
    if found.columns != due.columns:
        return (
            f"Returned {_count(found.columns, 'column')}, {due.columns} {_is(due.columns)} "
            "expected."
        )
    if due.reads and not found.reads:
        return "The query reads no table."
    rows, expected = found.rows, due.rows
    if same_rows(rows, expected, ordered, tolerance):
        return ""
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
