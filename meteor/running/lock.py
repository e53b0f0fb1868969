"""One process a stage and workspace: two that write the same outs would spoil them."""

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from meteor.core.errors import MeteorError
from meteor.running.status import FOLDER

PATIENCE = 5.0
"""Seconds in which a stage whose `dvc` was killed has ended."""


@contextmanager
def locked(stage: str, arguments: Mapping[str, Any]) -> Iterator[None]:
    """Hold the lock of a stage with these arguments, which the system takes back from a process
    that ends in whatever way. Raises MeteorError where another process holds it.
    """
    what = json.dumps([stage, *sorted(map(str, arguments.items()))])
    file = FOLDER / "locks" / f"{stage}-{hashlib.sha256(what.encode()).hexdigest()[:8]}"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as lock:
        _take(lock, stage, file)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _take(lock: IO[str], stage: str, file: Path) -> None:
    import fcntl

    until = time.monotonic() + PATIENCE
    while True:
        try:
            # A record lock: child processes do not inherit it.
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError:
            if time.monotonic() > until:
                lock.seek(0)
                raise MeteorError(
                    f"{stage} runs in this workspace already, as process {lock.read().strip()} "
                    f"({file}): wait for it, or end it with `kill`, then run `dvc repro` again"
                ) from None
            time.sleep(0.2)
