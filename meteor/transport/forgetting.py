"""Forgetting: replies that shall be asked, and paid, anew."""

from meteor.chat.replies import end_of
from meteor.transport.ledger import Ledger


def forget(
    ledger: Ledger, stage: str | None = None, model: str | None = None, failed: bool = False
) -> int:
    """Delete the replies of a stage (`judge`: of all its checkpoints) or a model, or those that
    fail their rows (cut off, filtered, refused), or what is all of these; return how many.
    """
    conditions = [
        ("(stage = ? OR stage LIKE ? || '@%')", (stage, stage)),
        ("model = ?", (model,)),
    ]
    chosen = [pair for pair in conditions if pair[1][0] is not None]
    where = " AND ".join(["1", *(text for text, _ in chosen)])
    values = [value for _, given in chosen for value in given]
    with ledger.writing():
        rows = ledger.db.execute(f"SELECT key, finish_reason FROM replies WHERE {where}", values)
        keys = [(key,) for key, ended in rows if not failed or end_of(ended) != "stop"]
        ledger.db.executemany("DELETE FROM replies WHERE key = ?", keys)
    return len(keys)
