"""The ledger's accounts: sums, export, and making it smaller."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from sqlite3 import OperationalError
from typing import Any

from meteor.core.errors import MeteorError
from meteor.transport.ledger import Ledger, ledger_path


@dataclass(frozen=True)
class Total:
    """Sums over replies; `unpriced` counts those whose price was not known."""

    model: str
    stage: str
    day: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float
    unpriced: int


def totals(ledger: Ledger) -> Iterator[Total]:
    """Sums by model, stage and day (UTC)."""
    for row in ledger.db.execute(
        "SELECT model, stage, date(created, 'unixepoch') AS day, COUNT(*), SUM(prompt_tokens),"
        " SUM(completion_tokens), TOTAL(cost), SUM(cost IS NULL)"
        " FROM replies GROUP BY model, stage, day ORDER BY day, model, stage"
    ):
        yield Total(*row)


def all_totals() -> list[Total]:
    """The sums of this machine's ledger; one that is not there is not made, one that is broken has
    none.
    """
    if not ledger_path().exists():
        return []
    try:
        with Ledger() as ledger:
            return list(totals(ledger))
    except MeteorError:
        return []


def export(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """All replies, oldest first, one mapping each."""
    rows = ledger.db.execute("SELECT * FROM replies ORDER BY created, key")
    names = [column[0] for column in rows.description]
    for row in rows:
        yield dict(zip(names, row, strict=True))


def wasted(ledger: Ledger) -> tuple[int, float]:
    """How many calls gave no answer and may have been billed, and what they cost."""
    calls, cost = ledger.db.execute("SELECT COUNT(*), TOTAL(cost) FROM wasted").fetchone()
    return int(calls), float(cost)


def prune(ledger: Ledger, days: float | None = None, megabytes: float | None = None) -> int:
    """Delete replies older than `days`, then the oldest until the file is smaller than
    `megabytes`; return how many.
    """
    gone = 0
    if days is not None:
        limit = time.time() - days * 86400
        gone += ledger.db.execute("DELETE FROM replies WHERE created < ?", (limit,)).rowcount
        _compact(ledger)
    while megabytes is not None and (size := _size(ledger)) > megabytes * 1e6:
        rows = ledger.db.execute("SELECT COUNT(*) FROM replies").fetchone()[0]
        if not rows:
            break
        surplus = max(int(rows * (1 - megabytes * 1e6 / size)), 1)
        gone += ledger.db.execute(
            "DELETE FROM replies WHERE key IN"
            " (SELECT key FROM replies ORDER BY created, key LIMIT ?)",
            (surplus,),
        ).rowcount
        _compact(ledger)
    return gone


def _compact(ledger: Ledger) -> None:
    # Another process may hold the file: the space is then used again, and not given back.
    with suppress(OperationalError):
        ledger.db.execute("VACUUM")
        ledger.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _size(ledger: Ledger) -> int:
    """Bytes in use; space that waits to be used again does not count."""
    db = ledger.db
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    free = db.execute("PRAGMA freelist_count").fetchone()[0]
    return int((pages - free) * db.execute("PRAGMA page_size").fetchone()[0])
