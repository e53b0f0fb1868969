"""The work folder of a training that was killed, so that the next one goes on from there.

It stands outside the outs of a stage, which DVC deletes before the stage runs: in the folder that
METEOR_WORK names, or `.meteor/training`. Its name says all that shapes the training, so nothing
else ever goes on from it, and it is removed when the training has ended well.
"""

import fcntl
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

from meteor.core.fingerprint import fingerprint

log = logging.getLogger("meteor")
LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "deepspeed")


@contextmanager
def work_folder(out: Path, start: Path, shapes: Sequence[Any]) -> Iterator[tuple[Path, int]]:
    """The folder for the training of `out` from the checkpoint `start`, which nobody else uses
    meanwhile, and the file descriptor that holds it: whoever inherits it holds it too, so a
    training process whose stage was killed keeps the folder until it has ended.

    What earlier trainings of `out` with other settings have left is removed. `shapes` are JSON
    values: rows, settings, seed.
    """
    root = Path(os.environ.get("METEOR_WORK") or Path(".meteor") / "training").resolve()
    root.mkdir(parents=True, exist_ok=True)
    folder = root / f"{out.name}-{_digest(start, shapes)}"
    _sweep(root, out, folder)
    with _lock(folder).open("w") as lock:
        if not _take(lock, wait=False):
            log.info("waiting for another training of %s to end", out)
            _take(lock, wait=True)
        folder.mkdir(exist_ok=True)
        yield folder, lock.fileno()


def remove(folder: Path) -> None:
    """Remove a work folder that is held."""
    shutil.rmtree(folder, ignore_errors=True)
    _lock(folder).unlink(missing_ok=True)


def last_state(folder: Path) -> Path | None:
    """The newest whole state of a training in its work folder; half-written ones are removed.

    The trainer writes `trainer_state.json` after all else.
    """
    states = sorted(folder.glob("checkpoint-*"), key=lambda f: int(f.name.split("-")[1]))
    for state in reversed(states):
        try:
            json.loads((state / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            shutil.rmtree(state)
        else:
            return state
    return None


def versions() -> dict[str, str]:
    """The versions of the libraries that train."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _digest(start: Path, shapes: Sequence[Any]) -> str:
    whole = json.dumps([*shapes, versions(), fingerprint(start)], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _sweep(root: Path, out: Path, but: Path) -> None:
    for folder in root.glob(f"{out.name}-*"):
        if folder.is_dir() and folder != but:
            with _lock(folder).open("w") as lock:
                if _take(lock, wait=False):
                    remove(folder)


def _lock(folder: Path) -> Path:
    return folder.with_name(folder.name + ".lock")


def _take(lock: IO[str], wait: bool) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
