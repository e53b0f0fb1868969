"""Progress of a stage: a bar with rate and time left on a terminal, lines in a log."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

log = logging.getLogger("meteor")
T = TypeVar("T")
EVERY = 15.0
"""Seconds between two lines in a log."""


def track(rows: Iterable[T], title: str, total: int) -> Iterator[T]:
    """Yield `rows` unchanged and show how far they are."""
    return _bar(rows, title, total) if sys.stderr.isatty() else _lines(rows, title, total)


def _bar(rows: Iterable[T], title: str, total: int) -> Iterator[T]:
    from tqdm import tqdm

    yield from tqdm(rows, desc=title, total=total, unit="row", leave=False)


def _lines(rows: Iterable[T], title: str, total: int) -> Iterator[T]:
    start = time.monotonic()
    shown = last = 0.0
    for done, row in enumerate(rows):
        now = time.monotonic()
        if done == 0:
            shown = now
        # Rows come in batches: speak of the last whole one, when the next begins to arrive.
        elif now - shown >= EVERY:
            shown = now
            rate = done / max(last - start, 1e-9)
            left = (total - done) / rate
            log.info("%s: %d/%d, %.1f rows/s, %.0f s left", title, done, total, rate, left)
        last = now
        yield row
