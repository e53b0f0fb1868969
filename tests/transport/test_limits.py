"""Rate limits: what the headers say, and that no minute sees more than allowed."""

import time
from collections.abc import Sequence
from typing import Any

import pytest

from meteor.chat.asking import FatalError
from meteor.core.records import Completion
from meteor.transport.ledger import Ledger
from meteor.transport.limits import MINUTE, TRANSIT, Limits, Window
from meteor.transport.waits import exhausted, waiting
from tests.transport.asking import API, ask
from tests.transport.server import Body, ChatServer, Outcome, error, serving


@pytest.mark.parametrize(
    "headers, seconds, everyone",
    [
        ({"retry-after": "7"}, 7, False),
        ({"retry-after-ms": "250"}, 0.25, False),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2s"}, 62, True),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms"}, 0.12, True),
        ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "1s"}, None, False),
        ({"retry-after": "soon"}, None, False),
        ({}, None, False),
    ],
)
def test_the_headers_say_how_long_to_wait(
    headers: dict[str, str], seconds: float | None, everyone: bool
) -> None:
    assert waiting(headers) == (seconds, everyone)


def test_a_date_in_retry_after_is_understood() -> None:
    from email.utils import formatdate

    seconds, _ = waiting({"retry-after": formatdate(time.time() + 30, usegmt=True)})
    assert seconds and 25 < seconds <= 30


def test_few_tokens_left_are_not_enough_for_a_large_request() -> None:
    headers = {"x-ratelimit-remaining-tokens": "500", "x-ratelimit-reset-tokens": "3s"}
    assert exhausted(headers, 400) is None and exhausted(headers, 600) == 3


def test_retry_after_is_waited_for() -> None:
    def fault(number: str, attempt: int, body: Body) -> Outcome | None:
        return Outcome(429, error("slow"), {"retry-after": "1"}) if attempt == 1 else None

    with serving(ChatServer(fault=fault)) as server:
        assert isinstance(ask(server, 1)[0], Completion)
        assert server.arrived[1] - server.arrived[0] >= 1


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("latency", [0.0, 0.2, 45.0, 100.0])
@pytest.mark.parametrize("arrival", [0.0, 1.0])
def test_no_minute_on_the_server_sees_more_requests_than_allowed(
    latency: float, arrival: float
) -> None:
    """An hour of simulated time: the server counts anywhere between sending and reply, at most two
    seconds after the sending.
    """
    clock = Clock()
    window = Window(600, counted_at_once=True, clock=clock)
    arrived: list[float] = []
    ends: list[tuple[float, Any]] = []
    while clock.now < 4600:
        while window.room_at(1) == 0:
            place = window.take(1)
            arrived.append(clock.now + arrival * min(latency, TRANSIT) * (len(arrived) % 2))
            ends.append((clock.now + latency, place))
        clock.now += 0.1
        while ends and ends[0][0] <= clock.now:
            window.done(ends.pop(0)[1], 1)
    arrived.sort()
    assert crowd(arrived, [1] * len(arrived)) <= 600
    assert len(arrived) > 600 * 60 * 0.9, "and little is left unused"


@pytest.mark.parametrize("counted", [0.0, 1.0])
def test_no_minute_on_the_server_sees_more_tokens_than_allowed(counted: float) -> None:
    clock = Clock()
    window = Window(10_000, counted_at_once=False, clock=clock)
    booked: list[tuple[float, int]] = []
    ends: list[tuple[float, Any, int]] = []
    number = 0
    while clock.now < 2800:
        while window.room_at(500) == 0:
            number += 1
            latency, real = 1.0 + number % 7, 50 + number * 37 % 400
            booked.append((clock.now + counted * latency, real))
            ends.append((clock.now + latency, window.take(500), real))
            ends.sort(key=lambda row: row[0])
        clock.now += 0.1
        while ends and ends[0][0] <= clock.now:
            _, place, real = ends.pop(0)
            window.done(place, real)
    booked.sort()
    times, amounts = [t for t, _ in booked], [a for _, a in booked]
    assert crowd(times, amounts) <= 10_000
    assert sum(amounts) > 10_000 * 30 * 0.7


def crowd(times: Sequence[float], amounts: Sequence[int]) -> int:
    """The most that any 60 seconds see."""
    first = inside = most = 0
    for moment, amount in zip(times, amounts, strict=True):
        inside += amount
        while times[first] <= moment - MINUTE:
            inside -= amounts[first]
            first += 1
        most = max(most, inside)
    return most


def test_a_real_server_sees_no_more_requests_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """In minutes of one second and a half."""
    from meteor.transport import limits

    monkeypatch.setattr(limits, "MINUTE", 1.5)
    monkeypatch.setattr(limits, "TRANSIT", 0.3)
    with serving(ChatServer(latency=0.02)) as server:
        api = API.model_copy(update={"requests_per_minute": 30, "concurrency": 32})
        assert len(ask(server, 80, api)) == 80
        for moment in server.arrived:
            assert sum(moment - 1.5 < other <= moment for other in server.arrived) <= 30


def test_a_real_server_sees_no_more_tokens_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    from meteor.transport import limits

    monkeypatch.setattr(limits, "MINUTE", 1.0)
    with serving(ChatServer(latency=0.02)) as server:
        api = API.model_copy(update={"tokens_per_minute": 800, "concurrency": 32})
        assert len(ask(server, 70, api)) == 70
        for moment, _ in server.took:
            assert sum(n for t, n in server.took if moment - 1.0 < t <= moment) <= 800


def test_a_request_that_no_window_lets_through_is_an_error() -> None:
    with pytest.raises(FatalError, match="tokens_per_minute"):
        Limits(None, 100).wait(101)


def test_a_restart_remembers_the_last_minute() -> None:
    with serving(ChatServer()) as server:
        ask(server, 20)
        with Ledger() as ledger:
            recent = ledger.recent(server.url, "strong", 60)
    limits = Limits(21, None)
    limits.seed(recent)
    assert limits.wait(0) == 0
    limits.take(0)
    assert 50 < limits.wait(0) <= 60
