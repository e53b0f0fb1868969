"""Replies that are paid and that the ledger cannot take: kept in a file until it can.

A disk may be full, the ledger read-only, deleted or locked for good while requests are under way.
Their replies go into a file of one's own beside the ledger, else in the workspace, else in the
folder for temporary files, and the next session takes them up.
"""

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from meteor.chat.replies import Reply
from meteor.core.errors import MeteorError
from meteor.transport.ledger import Ledger

log = logging.getLogger("meteor")
Row = tuple[str, Reply, Mapping[str, str]]


def rescue(ledger: Path, rows: Sequence[Row]) -> Path | None:
    """Write replies to a new file in the first place that takes them; None where none does."""
    lines = [json.dumps({"key": key, "reply": vars(r), "origin": {**o}}) for key, r, o in rows]
    for folder in _places(ledger):
        file = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(".jsonl", _prefix(ledger), folder)
            file = Path(name)
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write("".join(line + "\n" for line in lines))
                out.flush()
                os.fsync(out.fileno())
            return file
        except OSError:
            if file:
                with suppress(OSError):
                    file.unlink()
    return None


def take_up(ledger: Ledger) -> int:
    """Write what was rescued to the ledger, delete the files, and return how many replies."""
    count = 0
    for file in _files(ledger.path):
        rows = list(_rows(file))
        if rows:
            ledger.put_all(rows)
            log.info("%s: %d replies that were paid earlier are in the ledger now", file, len(rows))
        with suppress(OSError):
            file.unlink()
        count += len(rows)
    return count


def told(error: MeteorError, ledger: Path, rows: Sequence[Row]) -> str:
    """What is said where replies could not be written, after they were rescued."""
    file = rescue(ledger, rows)
    if not file:
        return f"{error}; {len(rows)} paid replies could be written nowhere"
    return f"{error}; {len(rows)} paid replies are in {file}, and the next run takes them up"


def _places(ledger: Path) -> list[Path]:
    return [ledger.parent, Path(".meteor").absolute(), Path(tempfile.gettempdir())]


def _prefix(ledger: Path) -> str:
    return f"meteor-replies-{hashlib.sha256(str(ledger).encode()).hexdigest()[:12]}-"


def _files(ledger: Path) -> Iterator[Path]:
    """Rescued files of this ledger; only one's own, since others may write to some places."""
    for folder in _places(ledger):
        for file in sorted(folder.glob(f"{_prefix(ledger)}*.jsonl")):
            with suppress(OSError):
                there = file.lstat()
                if there.st_uid == os.getuid() and not file.is_symlink() and file.is_file():
                    yield file


def _rows(file: Path) -> Iterator[Row]:
    """The replies in a file; a line that is not whole is left out."""
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError, KeyError, TypeError):
            row = json.loads(line)
            yield row["key"], Reply(**row["reply"]), row["origin"]
