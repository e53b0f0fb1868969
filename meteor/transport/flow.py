"""How many requests are in flight: as many as the settings allow, or as many as come back in time.

A small server answers one after the other. With more in flight than it can answer within the
time-out, most replies come too late, and each is asked (and computed) again. So where more requests
are late than answered, no more stay in flight than were answered in that time; while replies come,
the number grows again.
"""

import asyncio
import logging
import time
from collections import deque

log = logging.getLogger("meteor")


class Flow:
    """The requests in flight to one model. To be used inside one event loop."""

    def __init__(self, most: int, timeout: float) -> None:
        self.most, self.timeout = most, timeout
        self.allowed = float(most)
        self.in_flight = 0
        self._quickly_up_to = float(most)
        self._answered: deque[float] = deque()
        self._late: deque[float] = deque()
        self._narrowed = -timeout
        self._left = asyncio.Event()

    async def enter(self, closing: asyncio.Event) -> None:
        """Wait until one more may be in flight, or the stage stops, and count it."""
        while self.in_flight >= max(int(self.allowed), 1) and not closing.is_set():
            self._left.clear()
            waits = [asyncio.ensure_future(e.wait()) for e in (self._left, closing)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        self.in_flight += 1

    def leave(self) -> None:
        """One is no longer in flight."""
        self.in_flight -= 1
        self._left.set()

    def answered(self) -> None:
        """A reply came in time."""
        self._answered.append(time.monotonic())
        if self.allowed < self.most:
            step = 1.0 if self.allowed < self._quickly_up_to else 1.0 / self.allowed
            self.allowed = min(self.allowed + step, float(self.most))
            self._left.set()

    def late(self, sent: float) -> None:
        """No reply came in time to a request sent at `sent` (monotonic)."""
        now = time.monotonic()
        self._late.append(now)
        for times in (self._answered, self._late):
            while times and times[0] < now - self.timeout:
                times.popleft()
        # Requests that were sent before the last narrowing say nothing about it.
        if len(self._late) <= len(self._answered) or sent < self._narrowed:
            return
        before = int(self.allowed)
        self.allowed = float(max(min(len(self._answered), before // 2), 1))
        self._quickly_up_to = max(min(self._quickly_up_to, before / 2), self.allowed)
        self._narrowed = now
        if int(self.allowed) < before:
            log.warning(
                "the endpoint answers %d requests in %g s and leaves %d without a reply: %d stay in"
                " flight now (api.concurrency is %d)",
                *(len(self._answered), self.timeout, len(self._late), int(self.allowed), self.most),
            )
