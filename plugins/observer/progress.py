"""Progress of a stage: a bar with rate and time left on a terminal, lines in a log."""

import logging
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from meteor.running.observers import hookimpl

log = logging.getLogger("meteor")
EVERY = 15.0
"""Seconds between two lines in a log."""


@hookimpl
def rows_done(stage: str, what: str, done: int, total: int) -> None:
    title = f"{stage}: {what}"
    if sys.stderr.isatty():
        _on_terminal(title, done, total)
    else:
        _in_log(title, done, total)


@hookimpl
def stage_finished() -> None:
    _close()


@hookimpl
def stage_failed() -> None:
    _close()


@dataclass
class _Lines:
    """What a log has been told; times are in seconds."""

    start: float = field(default_factory=time.monotonic)
    shown: float = 0.0
    last: float = 0.0


_lines = _Lines()
_bar: Any = None


def _on_terminal(title: str, done: int, total: int) -> None:
    global _bar
    if done == 0:
        from tqdm import tqdm

        _close()
        _bar = tqdm(desc=title, total=total, unit="", leave=False)
    elif _bar is not None:
        _bar.update(done - _bar.n)
        if done >= total:
            _close()


def _close() -> None:
    global _bar
    if _bar is not None:
        _bar.close()
        _bar = None


def _in_log(title: str, done: int, total: int) -> None:
    global _lines
    now = time.monotonic()
    if done == 0:
        _lines = _Lines()
        return
    if done == 1:
        _lines.shown = now
    # Rows come in batches: speak of the last whole one, when the next begins to arrive.
    elif now - _lines.shown >= EVERY:
        _lines.shown = now
        rate = (done - 1) / max(_lines.last - _lines.start, 1e-9)
        left = (total - done + 1) / rate
        log.info("%s: %d/%d, %.2g/s, %.0f s left", title, done - 1, total, rate, left)
    _lines.last = now
