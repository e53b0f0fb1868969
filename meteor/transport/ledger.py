"""The ledger: every finished reply of a paid model, in one SQLite file for the user.

A reply is written before it is used and found again by a key over everything that shapes it, so
that a stage that is killed, edited or tried anew pays for each call once. The file lies in the
user's cache folder, outside DVC's outs; METEOR_LEDGER moves it. It holds no API key.
"""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from meteor.chat.replies import Reply
from meteor.core.errors import MeteorError
from meteor.running.processes import lives

VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY,
    created REAL NOT NULL,
    stage TEXT NOT NULL,
    run TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    text TEXT NOT NULL,
    finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    prompt_bytes INTEGER NOT NULL,
    seconds REAL NOT NULL,
    cost REAL,
    usage TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS replies_by_time ON replies (created);
CREATE TABLE IF NOT EXISTS claims (
    key TEXT PRIMARY KEY,
    owner TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    file TEXT PRIMARY KEY,
    batch TEXT,
    endpoint TEXT NOT NULL,
    created REAL NOT NULL,
    stage TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS batch_lines (
    key TEXT NOT NULL,
    file TEXT NOT NULL REFERENCES batches (file) ON DELETE CASCADE,
    PRIMARY KEY (key, file)
) WITHOUT ROWID;
"""


ORIGIN = ("key", "created", "stage", "run", "endpoint", "model")
COLUMNS = (*ORIGIN, *(field.name for field in fields(Reply)))
PUT = (
    f"INSERT OR IGNORE INTO replies ({', '.join(COLUMNS)})"
    f" VALUES ({', '.join(f':{name}' for name in COLUMNS)})"
)


@dataclass(frozen=True)
class Batch:
    """An open batch: the uploaded file, and the id of the batch where it is known."""

    file: str
    batch: str | None
    created: float
    keys: frozenset[str]


@dataclass(frozen=True)
class Habit:
    """Means over earlier replies of a model, for estimates."""

    calls: int
    tokens_per_byte: float
    completion_tokens: float
    seconds: float


def ledger_path() -> Path:
    """METEOR_LEDGER, or a file in the user's cache folder."""
    if moved := os.environ.get("METEOR_LEDGER"):
        return Path(moved).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("meteor") / "ledger.sqlite"


class Ledger:
    """An open ledger. Several processes may have the same file open; each write is a transaction
    of its own and is on its way to the disk when the method returns.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = (path or ledger_path()).absolute()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.db = sqlite3.connect(
                self.path, timeout=60, isolation_level=None, check_same_thread=False
            )
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise MeteorError(
                f"{self.path}: the ledger cannot be opened ({error}); METEOR_LEDGER moves it"
            ) from None

    def _prepare(self) -> None:
        self.db.execute("PRAGMA foreign_keys = ON")
        version = self.db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise sqlite3.Error(f"version {version} is newer than this program knows")
        if version < VERSION:
            self._create()
        # A killed process loses nothing under NORMAL; only a power cut may take the last replies.
        self.db.execute("PRAGMA synchronous = NORMAL")

    def _create(self) -> None:
        """Several processes may come here at once; the change to WAL does not wait by itself."""
        for attempt in range(50):
            try:
                self.db.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError:
                if attempt == 49:
                    raise
                time.sleep(0.1)
        self.db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that writes: whole, or not at all."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    # --- replies ---------------------------------------------------------------------------------

    def get(self, key: str) -> Reply | None:
        """The reply of a request; None where it was never finished."""
        row = self.db.execute(
            "SELECT text, finish_reason, prompt_tokens, completion_tokens, prompt_bytes, seconds,"
            " cost, usage FROM replies WHERE key = ?",
            (key,),
        ).fetchone()
        return Reply(*row) if row else None

    def put(
        self, key: str, reply: Reply, *, stage: str, run: str, endpoint: str, model: str
    ) -> None:
        """Write a reply. One that is there already stays: it was paid and may have been used."""
        origin = {"stage": stage, "run": run, "endpoint": endpoint, "model": model}
        self.put_all([(key, reply, origin)])

    def put_all(self, rows: Sequence[tuple[str, Reply, Mapping[str, str]]]) -> list[Reply]:
        """Write replies in one transaction, and return them; beside each key and reply stand the
        other arguments of `put`.
        """
        now = time.time()
        values = [{"key": k, "created": now, **where, **vars(reply)} for k, reply, where in rows]
        with self._writing():
            self.db.executemany(PUT, values)
            self.db.executemany("DELETE FROM claims WHERE key = :key", values)
        return [reply for _, reply, _ in rows]

    def claim(self, key: str, owner: str) -> bool:
        """Claim a request before it is sent. False while another that lives has it: its reply will
        be here soon. `owner` is a `process_name`, with `#` and a number behind it where a process
        sends for several.
        """
        return key in self.claim_all([key], owner)

    def claim_all(self, keys: Sequence[str], owner: str) -> set[str]:
        """Claim requests in one transaction, and return those that the owner has now."""
        with self._writing():
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
        self.db.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, owner))

    def release_all(self, owner: str) -> None:
        """Give up all claims of a process."""
        self.db.execute("DELETE FROM claims WHERE owner = ?", (owner,))

    def recent(self, endpoint: str, model: str, seconds: float) -> list[tuple[float, int]]:
        """Replies of the last `seconds`: how long ago each ended (seconds), and its tokens."""
        now = time.time()
        rows = self.db.execute(
            "SELECT created, prompt_tokens + completion_tokens FROM replies"
            " WHERE created > ? AND endpoint = ? AND model = ? ORDER BY created",
            (now - seconds, endpoint, model),
        )
        return [(max(now - created, 0.0), tokens) for created, tokens in rows]

    def spent(self, run: str) -> float:
        """What a run has paid so far, in all processes."""
        found = self.db.execute("SELECT SUM(cost) FROM replies WHERE run = ?", (run,)).fetchone()
        return float(found[0] or 0.0)

    def habit(self, model: str, stage: str) -> Habit | None:
        """Means over the replies of a model in a stage (else in all stages); None for none."""
        for where, arguments in (
            ("model = ? AND stage = ?", (model, stage)),
            ("model = ?", (model,)),
        ):
            calls, prompt, size, completion, seconds = self.db.execute(
                "SELECT COUNT(*), SUM(prompt_tokens), SUM(prompt_bytes), SUM(completion_tokens),"
                f" AVG(NULLIF(seconds, 0)) FROM replies WHERE {where}",
                arguments,
            ).fetchone()
            if calls and size:
                return Habit(calls, prompt / size, completion / calls, seconds or 0.0)
        return None

    # --- batches ---------------------------------------------------------------------------------

    def open_batch(self, file: str, endpoint: str, stage: str, keys: Iterable[str]) -> None:
        """Note an uploaded file and its lines, before a batch is made of it."""
        self.db.execute("PRAGMA synchronous = FULL")
        batch = (file, endpoint, time.time(), stage)
        with self._writing():
            self.db.execute("INSERT INTO batches VALUES (?, NULL, ?, ?, ?)", batch)
            self.db.executemany(
                "INSERT INTO batch_lines VALUES (?, ?)", ((key, file) for key in keys)
            )

    def name_batch(self, file: str, batch: str) -> None:
        """Note the id of the batch that was made of a file."""
        self.db.execute("UPDATE batches SET batch = ? WHERE file = ?", (batch, file))

    def close_batch(self, file: str) -> None:
        """Forget a batch whose replies are all written."""
        self.db.execute("DELETE FROM batches WHERE file = ?", (file,))

    def batches(self, endpoint: str) -> list[Batch]:
        """The open batches of an endpoint, oldest first."""
        found = self.db.execute(
            "SELECT file, batch, created FROM batches WHERE endpoint = ? ORDER BY created",
            (endpoint,),
        ).fetchall()
        lines = "SELECT key FROM batch_lines WHERE file = ?"
        return [
            Batch(file, batch, created, frozenset(k for (k,) in self.db.execute(lines, (file,))))
            for file, batch, created in found
        ]
