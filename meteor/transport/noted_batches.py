"""The open batches that the ledger notes, so that a stage that was killed finds them again."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from meteor.transport.ledger import Ledger


@dataclass(frozen=True)
class Batch:
    """An open batch: the uploaded file, and the id of the batch where it is known."""

    file: str
    batch: str | None
    created: float
    keys: frozenset[str]


def open_batch(
    ledger: Ledger,
    file: str,
    keys: Iterable[str],
    *,
    endpoint: str,
    stage: str,
    run: str,
    worst: float,
) -> None:
    """Note an uploaded file and its lines, before a batch is made of it; `worst` is what it may
    cost at most.
    """
    lines = [(key, file) for key in keys]
    with ledger.reading():
        ledger.db.execute("PRAGMA synchronous = FULL")
    with ledger.writing():
        ledger.db.execute(
            "INSERT INTO batches (file, endpoint, created, stage, run, worst)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (file, endpoint, time.time(), stage, run, worst),
        )
        ledger.db.executemany("INSERT INTO batch_lines VALUES (?, ?)", lines)
        ledger.db.executemany("DELETE FROM reserved WHERE key = ?", ((key,) for key, _ in lines))


def name_batch(ledger: Ledger, file: str, batch: str) -> None:
    """Note the id of the batch that was made of a file."""
    with ledger.writing():
        ledger.db.execute("UPDATE batches SET batch = ? WHERE file = ?", (batch, file))


def close_batch(ledger: Ledger, file: str) -> None:
    """Forget a batch whose replies are all written."""
    with ledger.writing():
        ledger.db.execute("DELETE FROM batches WHERE file = ?", (file,))


def batches(ledger: Ledger, endpoint: str) -> list[Batch]:
    """The open batches of an endpoint, oldest first."""
    lines = "SELECT key FROM batch_lines WHERE file = ?"
    with ledger.reading():
        found = ledger.db.execute(
            "SELECT file, batch, created FROM batches WHERE endpoint = ? ORDER BY created",
            (endpoint,),
        ).fetchall()
        return [
            Batch(file, batch, created, frozenset(k for (k,) in ledger.db.execute(lines, (file,))))
            for file, batch, created in found
        ]
