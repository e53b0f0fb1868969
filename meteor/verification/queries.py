"""Queries on files of SQLite or DuckDB, run in child processes that can neither write nor hang, and
whether two results are the same.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from meteor.core.errors import MeteorError
from meteor.core.settings import Field, Settings
from meteor.verification.products import PRODUCTS, Product
from meteor.verification.verifying import canonical, near, rounded, shortened
from meteor.verification.workers import Gone, Pool, pool

Rows: TypeAlias = list[list[Any]]
TOO_MUCH = {
    "rows": "The query gives too many rows.",
    "bytes": "The query gives too much text.",
    "memory": "The query takes too much memory.",
}
TOO_LONG = "The query takes too long."
ROUNDING, LEAST = 1e-6, 1e-9


class QueryFails(Exception):
    """The query gives no rows; the text says why, in words for the student."""


@dataclass(frozen=True)
class Result:
    """What a query gives: rows of so many columns, and whether it reads a table for them."""

    rows: Rows
    columns: int
    reads: bool


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

    def run(self, database: Path, query: str) -> Result:
        """What a query gives. Raises QueryFails, and MeteorError where the file is no database."""
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
            return Result(reply["rows"], reply["columns"], reply["reads"])
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


SKIPPED = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\$\$.*?\$\$|--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL
)
STEPS = re.compile(r"[(\[]|[)\]]|\border\s+by\b", re.IGNORECASE)


def orders(query: str) -> bool:
    """Whether a query orders its rows at its top level: an ORDER BY in no brackets."""
    depth = 0
    for found in STEPS.finditer(SKIPPED.sub(" ", query)):
        if found[0] in "([":
            depth += 1
        elif found[0] in ")]":
            depth -= 1
        elif depth == 0:
            return True
    return False


def same_rows(one: Rows, due: Rows, ordered: bool, tolerance: float | None) -> bool:
    """Whether two results hold the same rows, each as often: in the same order if `ordered`. Two
    numbers are the same where they are `near`.
    """
    if len(one) != len(due):
        return False
    if ordered:
        return all(_same_row(a, b, tolerance) for a, b in zip(one, due, strict=True))
    left = sorted(due, key=_key)
    for row in sorted(one, key=_key):
        # What is nearly the same may be sorted a little otherwise: the first that fits goes.
        at = next((at for at, other in enumerate(left) if _same_row(row, other, tolerance)), None)
        if at is None:
            return False
        del left[at]
    return True


def _same_row(one: Sequence[Any], due: Sequence[Any], tolerance: float | None) -> bool:
    return len(one) == len(due) and all(
        same_value(x, y, tolerance) for x, y in zip(one, due, strict=True)
    )


def same_value(one: Any, due: Any, tolerance: float | None) -> bool:
    """Whether two values of a result are the same."""
    if isinstance(one, (int, float)) and isinstance(due, (int, float)):
        return near(one, due, tolerance, ROUNDING, LEAST)
    return bool(one == due)


def _key(row: Sequence[Any]) -> tuple[Any, ...]:
    """Rows sort by what is no number first, which is the same or not."""
    numbers = [value for value in row if isinstance(value, (int, float))]
    others = [value for value in row if not isinstance(value, (int, float))]
    return [(value is not None, str(value)) for value in others], numbers


def written(rows: Rows) -> str:
    """A result as a text: equal for equal results, floats with twelve digits, rows sorted."""
    return "\n".join(sorted(canonical(rounded(row)) for row in rows)) or "no rows"
