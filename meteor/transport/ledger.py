"""The ledger: every finished reply of a paid model, in one SQLite file for the user.

A reply is written before it is used and found again by a key over everything that shapes it, so
that a stage that is killed, edited or tried anew pays for each call once. The file lies in the
user's cache folder, outside DVC's outs; METEOR_LEDGER moves it. It holds no API key.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from meteor.chat.replies import Reply, no_answer
from meteor.running.processes import lives
from meteor.transport.ledger_file import LedgerError, LedgerFile, ledger_path

REPLY = tuple(field.name for field in fields(Reply))
COLUMNS = ("key", "created", "stage", "run", "endpoint", "model", *REPLY)
PUT = (
    f"INSERT OR REPLACE INTO replies ({', '.join(COLUMNS)})"
    f" VALUES ({', '.join(f':{name}' for name in COLUMNS)})"
)
GET = f"SELECT {', '.join(REPLY)} FROM replies WHERE key = ?"
PAY = (
    "INSERT INTO runs VALUES (:run, :cost)"
    " ON CONFLICT (run) DO UPDATE SET paid = paid + excluded.paid"
)


@dataclass(frozen=True)
class Habit:
    """Means over earlier replies of a model, for estimates; `spread` is the standard deviation of
    the answers' tokens, `own` whether the replies are of the stage that was asked about.
    """

    calls: int
    tokens_per_byte: float
    completion_tokens: float
    seconds: float
    spread: float = 0.0
    own: bool = True


class Ledger(LedgerFile):
    """An open ledger: replies, claims and what was paid."""

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- replies ---------------------------------------------------------------------------------

    def get(self, key: str) -> Reply | None:
        """The reply of a request; None where it was never finished."""
        with self.reading():
            row = self.db.execute(GET, (key,)).fetchone()
        return Reply(*row) if row else None

    def put(
        self, key: str, reply: Reply, *, stage: str, run: str, endpoint: str, model: str
    ) -> None:
        """Write a reply. An answer that is there already stays: it was paid and may have been
        used.
        """
        origin = {"stage": stage, "run": run, "endpoint": endpoint, "model": model}
        self.put_all([(key, reply, origin)])

    def put_all(self, rows: Sequence[tuple[str, Reply, Mapping[str, str]]]) -> list[Reply]:
        """Write replies in one transaction, and return them; beside each key and reply stand the
        other arguments of `put`. What was reserved for them is free again.
        """
        now = time.time()
        values = [{"key": k, "created": now, **where, **vars(reply)} for k, reply, where in rows]
        with self.writing():
            for value in values:
                there = self.db.execute(GET, (value["key"],)).fetchone()
                if not there or no_answer(Reply(*there)):
                    self.db.execute(PUT, value)
            self.db.executemany("DELETE FROM claims WHERE key = :key", values)
            self.db.executemany("DELETE FROM reserved WHERE key = :key", values)
            self.db.executemany(PAY, [value for value in values if value["cost"]])
        return [reply for _, reply, _ in rows]

    # --- claims ----------------------------------------------------------------------------------

    def claim(self, key: str, owner: str) -> bool:
        """Claim a request before it is sent. False while another that lives has it: its reply will
        be here soon. `owner` is a `process_name`, with `#` and a number behind it where a process
        sends for several.
        """
        return key in self.claim_all([key], owner)

    def claim_all(self, keys: Sequence[str], owner: str) -> set[str]:
        """Claim requests in one transaction, and return those that the owner has now."""
        with self.writing():
            return {key for key in keys if self._claim(key, owner)}

    def _claim(self, key: str, owner: str) -> bool:
        if self.db.execute("INSERT OR IGNORE INTO claims VALUES (?, ?)", (key, owner)).rowcount:
            return True
        found = self.db.execute("SELECT owner FROM claims WHERE key = ?", (key,)).fetchone()[0]
        if found == owner or lives(found):
            return bool(found == owner)
        self.db.execute("UPDATE claims SET owner = ? WHERE key = ?", (owner, key))
        return True

    def release(self, key: str, owner: str) -> None:
        """Give up a claim without a reply."""
        with self.writing():
            self.db.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, owner))

    def release_all(self, owner: str) -> None:
        """Give up all claims of a process, and all that it has reserved."""
        with self.writing():
            self.db.execute("DELETE FROM claims WHERE owner = ?", (owner,))
            self.db.execute("DELETE FROM reserved WHERE owner = ?", (owner,))

    # --- money -----------------------------------------------------------------------------------

    def spent(self, run: str) -> float:
        """What a run has paid so far, in all processes."""
        with self.reading():
            row = self.db.execute("SELECT paid FROM runs WHERE run = ?", (run,)).fetchone()
        return float(row[0]) if row else 0.0

    def unpriced(self, run: str) -> int:
        """How many replies of a run had no price, and count as nothing in what it has paid."""
        with self.reading():
            asked = "SELECT COUNT(*) FROM replies WHERE run = ? AND cost IS NULL"
            return int(self.db.execute(asked, (run,)).fetchone()[0])

    def reserve(self, key: str, owner: str, run: str, amount: float, limit: float) -> bool:
        """Reserve the worst case of a request of a run, unless what all its processes have paid
        and reserved leaves no room below the limit.
        """
        with self.writing():
            if self.spent(run) + self._reserved(run) + amount > limit * (1 + 1e-9):
                return False
            row = (key, owner, run, amount)
            self.db.execute("INSERT OR REPLACE INTO reserved VALUES (?, ?, ?, ?)", row)
        return True

    def reserved(self, run: str) -> float:
        """What requests under way of a run may cost at worst."""
        with self.writing():
            return self._reserved(run)

    def _reserved(self, run: str) -> float:
        owners = self.db.execute("SELECT DISTINCT owner FROM reserved WHERE run = ?", (run,))
        for (owner,) in owners.fetchall():
            if not lives(owner):
                self.db.execute("DELETE FROM reserved WHERE owner = ?", (owner,))
        row = self.db.execute(
            "SELECT (SELECT TOTAL(amount) FROM reserved WHERE run = :run)"
            " + (SELECT TOTAL(worst) FROM batches WHERE run = :run)",
            {"run": run},
        ).fetchone()
        return float(row[0])

    def unreserve(self, key: str) -> None:
        """A request was not sent, or cost nothing."""
        with self.writing():
            self.db.execute("DELETE FROM reserved WHERE key = ?", (key,))

    def waste(self, key: str, cost: float, why: str, origin: Mapping[str, str]) -> None:
        """Note what a request cost, or may have cost, that gave no answer."""
        row = {"key": key, "created": time.time(), "cost": cost, "why": why, **origin}
        with self.writing():
            self.db.execute(
                "INSERT INTO wasted"
                " VALUES (:created, :stage, :run, :endpoint, :model, :cost, :why)",
                row,
            )
            self.db.execute(PAY, row)
            self.db.execute("DELETE FROM reserved WHERE key = :key", row)

    # --- what was ---------------------------------------------------------------------------------

    def recent(self, endpoint: str, model: str, seconds: float) -> list[tuple[float, int]]:
        """Replies of the last `seconds`: how long ago each ended (seconds), and its tokens."""
        now = time.time()
        with self.reading():
            rows = self.db.execute(
                "SELECT created, prompt_tokens + completion_tokens FROM replies"
                " WHERE created > ? AND endpoint = ? AND model = ? ORDER BY created",
                (now - seconds, endpoint, model),
            ).fetchall()
        return [(max(now - created, 0.0), tokens) for created, tokens in rows]

    def habit(self, model: str, stage: str) -> Habit | None:
        """Means over the replies of a model in a stage (else in all stages); None for none."""
        for own, where, arguments in (
            (True, "model = ? AND stage = ?", (model, stage)),
            (False, "model = ?", (model,)),
        ):
            with self.reading():
                calls, prompt, size, answer, square, seconds = self.db.execute(
                    "SELECT COUNT(*), SUM(prompt_tokens), SUM(prompt_bytes),"
                    " AVG(completion_tokens), AVG(1.0 * completion_tokens * completion_tokens),"
                    " AVG(NULLIF(seconds, 0))"
                    f" FROM replies WHERE {where}",
                    arguments,
                ).fetchone()
            if calls and size:
                spread = max(square - answer**2, 0.0) ** 0.5
                return Habit(calls, prompt / size, answer, seconds or 0.0, spread, own)
        return None


__all__ = ["Habit", "Ledger", "LedgerError", "ledger_path"]
