"""Rate limits: no 60 seconds on the server see more requests or tokens than allowed.

The server may count a request at any moment between its sending and its reply, so its place is
free again 60 seconds after the reply: that holds however long it was on its way. For requests
(counted on arrival) two seconds on the way are granted, so that slow models are not held back.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from meteor.chat.asking import FatalError

MINUTE = 60.0
TRANSIT = 2.0
"""Most seconds from sending to the server's counting of a request."""


@dataclass
class Place:
    """An amount that one request takes in a window."""

    amount: int
    sent: float
    taken: bool = True


@dataclass
class Window:
    """What was used in the last minute. Times are those of `clock`, in seconds."""

    limit: int
    counted_at_once: bool
    clock: Callable[[], float] = time.monotonic
    used: int = 0
    _freed: list[tuple[float, int, Place]] = field(default_factory=list)
    _number: "itertools.count[int]" = field(default_factory=itertools.count)

    def room_at(self, amount: int) -> float | None:
        """When there is room for `amount`: 0 for now, None for when a reply has come."""
        now = self.clock()
        while self._freed and self._freed[0][0] <= now:
            place = heapq.heappop(self._freed)[2]
            if place.taken:
                place.taken = False
                self.used -= place.amount
        if self.used + amount <= self.limit:
            return 0.0
        return self._freed[0][0] if self._freed else None

    def take(self, amount: int) -> Place:
        """Take the place of a request that is sent now."""
        place = Place(amount, self.clock())
        self.used += amount
        if self.counted_at_once:
            self._free(place, place.sent + TRANSIT + MINUTE)
        return place

    def done(self, place: Place, amount: int) -> None:
        """The request's reply is there; it took `amount` in truth."""
        if place.taken:
            self.used += amount - place.amount
            place.amount = amount
            self._free(place, self.clock() + MINUTE)

    def seed(self, earlier: Iterable[tuple[float, int]]) -> None:
        """Count replies of earlier processes: how long ago each ended, and its amount."""
        for age, amount in earlier:
            place = Place(amount, self.clock() - age)
            self.used += amount
            self._free(place, place.sent + MINUTE)

    def _free(self, place: Place, moment: float) -> None:
        heapq.heappush(self._freed, (moment, next(self._number), place))


@dataclass
class Taken:
    """The places of one request in both windows."""

    request: Place | None
    tokens: Place | None


class Limits:
    """Both windows of a model at an endpoint, and a pause that the server asked for."""

    def __init__(self, requests: int | None, tokens: int | None) -> None:
        self.requests = Window(requests, counted_at_once=True) if requests else None
        self.tokens = Window(tokens, counted_at_once=False) if tokens else None
        self.paused_until = 0.0

    def seed(self, recent: list[tuple[float, int]]) -> None:
        """Count what earlier processes used in the last minute."""
        if self.requests:
            self.requests.seed((age, 1) for age, _ in recent)
        if self.tokens:
            self.tokens.seed(recent)

    def pause(self, seconds: float) -> None:
        """Send nothing for so long."""
        self.paused_until = max(self.paused_until, time.monotonic() + seconds)

    def wait(self, tokens: int) -> float:
        """Seconds until a request of so many tokens may be tried; 0 for now.

        Raises FatalError for one that no window would ever let through.
        """
        if self.tokens and tokens > self.tokens.limit:
            raise FatalError(
                f"one request may take {tokens} tokens, more than api.tokens_per_minute "
                f"({self.tokens.limit}): raise it, or lower max_tokens"
            )
        now = time.monotonic()
        waits = [self.paused_until - now]
        for window, amount in ((self.requests, 1), (self.tokens, tokens)):
            moment = window.room_at(amount) if window else 0.0
            waits.append(0.05 if moment is None else moment - now if moment else 0.0)
        return max(*waits, 0.0)

    def take(self, tokens: int) -> Taken:
        """Take the places of a request that is sent now."""
        return Taken(
            self.requests.take(1) if self.requests else None,
            self.tokens.take(tokens) if self.tokens else None,
        )

    def done(self, taken: Taken, tokens: int) -> None:
        """The request has ended, after so many tokens."""
        if self.requests and taken.request:
            self.requests.done(taken.request, 1)
        if self.tokens and taken.tokens:
            self.tokens.done(taken.tokens, tokens)


async def admitted(limits: Limits, turn: asyncio.Lock, tokens: int, closing: asyncio.Event) -> bool:
    """Wait in line until a request may be sent, and say whether it still may; the caller takes
    its places at once.
    """
    async with turn:
        while not closing.is_set():
            seconds = limits.wait(tokens)
            if seconds <= 0:
                return True
            try:
                await asyncio.wait_for(closing.wait(), min(seconds, 5.0))
            except TimeoutError:
                continue
        return False
