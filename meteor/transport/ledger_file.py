"""The file of the ledger: opening it, its tables, and what is said when it cannot be used."""

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from meteor.core.errors import MeteorError

log = logging.getLogger("meteor")
VERSION = 2
FIRST = """
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
SECOND = """
ALTER TABLE replies ADD COLUMN thought TEXT NOT NULL DEFAULT '';
ALTER TABLE batches ADD COLUMN run TEXT NOT NULL DEFAULT '';
ALTER TABLE batches ADD COLUMN worst REAL NOT NULL DEFAULT 0;
CREATE TABLE wasted (
    created REAL NOT NULL,
    stage TEXT NOT NULL,
    run TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    cost REAL NOT NULL,
    why TEXT NOT NULL
);
CREATE TABLE runs (
    run TEXT PRIMARY KEY,
    paid REAL NOT NULL
) WITHOUT ROWID;
INSERT INTO runs SELECT run, TOTAL(cost) FROM replies GROUP BY run;
CREATE TABLE reserved (
    key TEXT NOT NULL,
    owner TEXT NOT NULL,
    run TEXT NOT NULL,
    amount REAL NOT NULL,
    PRIMARY KEY (key, owner)
) WITHOUT ROWID;
"""
"""`wasted`: what was paid and gave no answer; `runs`: what each run paid, all in all; `reserved`:
the worst cases of requests under way, where a run has a budget.
"""
LOCKED = 10.0
"""Seconds between two words about a ledger that another process has locked."""
PATIENCE = 600.0
"""Seconds after which a locked ledger is an error."""


class LedgerError(MeteorError):
    """The ledger cannot be read or written."""


def ledger_path() -> Path:
    """METEOR_LEDGER, or a file in the user's cache folder."""
    if moved := os.environ.get("METEOR_LEDGER"):
        return Path(moved).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("meteor") / "ledger.sqlite"


class LedgerFile:
    """An open file. Several processes may have the same one open; each write is a transaction of
    its own and is on its way to the disk when it ends. Raises LedgerError for all that goes wrong.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = (path or ledger_path()).absolute()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.db = sqlite3.connect(
                self.path, timeout=LOCKED, isolation_level=None, check_same_thread=False
            )
            self._prepare()
            self._file = self._number()
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(
                f"{self.path}: the ledger cannot be opened ({error}); METEOR_LEDGER moves it"
            ) from None

    def _prepare(self) -> None:
        self.db.execute("PRAGMA foreign_keys = ON")
        version = self._known_version()
        if version < VERSION:
            self._create()
        # A killed process loses nothing under NORMAL; only a power cut may take the last replies.
        self.db.execute("PRAGMA synchronous = NORMAL")

    def _known_version(self) -> int:
        version = int(self.db.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            raise sqlite3.DatabaseError(f"version {version} is newer than this program knows")
        return version

    def _create(self) -> None:
        """Several processes may come here at once; the change to WAL does not wait by itself."""
        for attempt in range(50):
            try:
                self.db.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if attempt == 49 or "locked" not in str(error):
                    raise
                time.sleep(0.1)
        self._begin()
        try:
            steps = {0: FIRST + SECOND, 1: SECOND}.get(self._known_version(), "")
            for statement in filter(str.strip, steps.split(";")):
                self.db.execute(statement)
            self.db.execute(f"PRAGMA user_version = {VERSION}")
        except BaseException:
            self._roll_back()
            raise
        self.db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn what SQLite says into a LedgerError."""
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError(
                f"{self.path}: the ledger cannot be used ({error}); where it is damaged, move it "
                "away, or METEOR_LEDGER to another place, and run again"
            ) from None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that writes: whole, or not at all."""
        with self.reading():
            self._begin()
            try:
                self._known_version()
                yield
                self.db.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        if self._number() != self._file:
            raise LedgerError(
                f"{self.path}: the ledger was deleted or replaced while it was in use; run again"
            )

    def _begin(self) -> None:
        """Begin to write, however long another process does, up to the patience."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.db.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                log.warning("%s: another process has locked the ledger; waiting", self.path)

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            self.db.execute("ROLLBACK")

    def _number(self) -> tuple[int, int] | None:
        """What tells this file from another under its name; None where there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
