"""Queries on files of SQLite or DuckDB, run in child processes that can neither write nor hang, and
whether two results are the same.
"""

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from meteor.core.errors import MeteorError
from meteor.core.settings import Field, Settings
from meteor.verification.products import PRODUCTS, Product
from meteor.verification.verifying import BadCheck, canonical, shortened
from meteor.verification.workers import Gone, Pool, pool

Rows: TypeAlias = list[list[Any]]
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

    engine: Literal["sqlite", "duckdb"] = Field(
        "sqlite", description="what the file is of; duckdb: `pip install 'meteor-pipeline[duckdb]'`"
    )
    max_steps: int = Field(
        50_000_000, gt=0, description="of SQLite's machine for one query: the same on every machine"
    )
    seconds: float = Field(
        20, gt=0, description="for one query; max_steps should end it before (DuckDB has no steps)"
    )
    max_rows: int = Field(10_000, gt=0, description="rows of one result")
    max_bytes: int = Field(10_000_000, gt=0, description="characters of one result")


class Engine:
    """Runs queries on databases; safe to be asked by several threads."""

    def __init__(self, workers: Pool, limits: Limits) -> None:
        self._workers = workers
        self._limits = limits
        self._product = PRODUCTS[limits.engine]

    def rows(self, database: Path, query: str) -> Rows:
        """All rows of a query. Raises QueryFails, and MeteorError where the file is no database."""
        limits = self._limits
        request = {
            "database": self._product.place.format(
                uri=database.resolve().as_uri(), path=database.resolve()
            ),
            "query": query,
            **limits.model_dump(include={"max_steps", "max_rows", "max_bytes"}),
        }
        try:
            reply = self._workers.ask(request, limits.seconds)
        except Gone:
            raise QueryFails(TOO_LONG) from None
        if "broken" in reply:
            raise MeteorError(f"{database}: not {self._product.name}: {reply['broken']}")
        if "rows" in reply:
            rows: Rows = reply["rows"]
            return rows
        raise QueryFails(_words(reply, self._product))


@contextmanager
def engine(limits: Limits) -> Iterator[Engine]:
    """An engine for the time of this block."""
    product = PRODUCTS[limits.engine]
    with pool(product.script, *product.flags) as workers:
        yield Engine(workers, limits)


def _words(reply: dict[str, str], product: Product) -> str:
    """What went wrong, in words for the student."""
    if "too_much" in reply:
        return TOO_MUCH[reply["too_much"]]
    if refused := reply.get("refused"):
        return TOO_LONG if refused == "steps" else f"Not allowed here: {refused}."
    for pattern, words in product.words:
        if found := re.fullmatch(pattern, reply["error"], re.DOTALL):
            return words.format(*(shortened(part, 60) for part in found.groups()))
    raise AssertionError(reply)


@cache
def orders(query: str, engine: str = "sqlite") -> bool:
    """Whether a query orders its rows at its top level. Raises BadCheck where it cannot be read."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        statement = sqlglot.parse_one(query, dialect=engine)
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
