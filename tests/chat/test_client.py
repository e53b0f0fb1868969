"""The client against a server that refuses, limits and falls over."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from meteor.accounts import export, prune, totals
from meteor.chat import session
from meteor.chat.asking import FatalError, Request, Writing
from meteor.chat.faults import exhausted, of_status, waiting
from meteor.chat.limits import MINUTE, TRANSIT, Limits, Window
from meteor.chat.session import converse
from meteor.chat.settings import ChatSettings, WritingSettings
from meteor.core.errors import MeteorError, SettingsError
from meteor.core.records import Completion, Failed
from meteor.core.settings import Api
from meteor.ledger import Ledger, Reply
from meteor.processes import process_name
from tests.chat.server import Body, ChatServer, Fault, Outcome, error, refusals, serving, tokens

API = Api(concurrency=8, timeout=5, max_retries=4)
KEY = "sk-recognisable-0123456789"


def asked(
    count: int, settings: ChatSettings, text: str = "What is {}?", context: Any = None
) -> Iterator[Writing]:
    for n in range(count):
        messages = (("user", text.format(n)),)
        request = Request(settings.model, messages, 50, context=context or {})
        yield Writing(f"q{n}", request, "fail")


def ask(server: ChatServer, count: int, api: Api = API, **more: Any) -> list[Completion | Failed]:
    settings = ChatSettings(base_url=server.url, model="strong")
    return list(converse(settings, asked(count, settings, **more), api))


def answering(status: int, body: Any, headers: dict[str, str] | None = None) -> Fault:
    return lambda number, attempt, request: Outcome(status, body, headers or {})


@pytest.mark.parametrize(
    "status, body, said",
    [
        (401, error("Incorrect API key"), "refuses the API key"),
        (403, error("Not for this country"), "refuses the API key"),
        (404, error("The model strong does not exist", "model_not_found"), "does not know the mod"),
        (429, error("You exceeded your quota", "insufficient_quota"), "quota is used up"),
        (402, error("Insufficient credits"), "quota is used up"),
        (400, error("Unknown parameter", "unknown_parameter", "top_k"), "the setting 'top_k'"),
        (422, "Unexpected fields in the request: {'top_k'}", "refuses a setting"),
    ],
)
def test_what_cannot_heal_stops_the_stage_at_once(status: int, body: Any, said: str) -> None:
    with serving(ChatServer(fault=answering(status, body))) as server:
        with pytest.raises(FatalError, match=said) as caught:
            ask(server, 500)
        assert "strong" in str(caught.value) and server.url in str(caught.value)
        assert "\n" not in str(caught.value)
        assert len(server.arrived) <= API.concurrency, "nobody was asked twice"


def test_a_prompt_that_is_too_long_is_a_failed_row() -> None:
    def fault(number: str, attempt: int, body: Body) -> Outcome | None:
        if "What is 3?" not in json.dumps(body):
            return None
        message = "This model's maximum context length is 8192 tokens."
        return Outcome(400, error(message, "context_length_exceeded", "messages"))

    with serving(ChatServer(fault=fault)) as server:
        rows = ask(server, 6)
        (failed,) = [row for row in rows if isinstance(row, Failed)]
        assert failed.id == "q3" and "longer than the model's window" in failed.error
        assert len(rows) == 6 and len(server.arrived) == 6


def test_a_dead_endpoint_stops_the_stage() -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    settings = ChatSettings(base_url=url, model="strong")
    api = API.model_copy(update={"max_retries": 1})
    with pytest.raises(FatalError, match="10 requests in a row were given up after 2 attempts"):
        list(converse(settings, asked(100, settings), api))


def test_an_endpoint_that_wants_another_name_for_the_limit_gets_it() -> None:
    def fault(number: str, attempt: int, body: Body) -> Outcome | None:
        if "max_tokens" not in body:
            return None
        message = "Unsupported parameter: use 'max_completion_tokens' instead."
        return Outcome(400, error(message, "unsupported_parameter", "max_tokens"))

    with serving(ChatServer(fault=fault)) as server:
        assert all(isinstance(row, Completion) for row in ask(server, 30))
        assert sum("max_tokens" in body for body in server.bodies) <= API.concurrency


def test_an_answer_cut_off_is_a_failed_row_unless_allowed() -> None:
    with serving(ChatServer(lambda body: ("Half an ans", "length"))) as server:
        (row,) = ask(server, 1)
        assert isinstance(row, Failed) and "cut off" in row.error
        settings = ChatSettings(base_url=server.url, model="strong")
        allowed = [Writing("q0", next(asked(1, settings)).request, "accept")]
        (row,) = converse(settings, allowed, API)
        assert isinstance(row, Completion) and len(server.arrived) == 1


def test_requests_stay_in_flight_up_to_the_concurrency() -> None:
    with serving(ChatServer(latency=0.1)) as server:
        ask(server, 60)
        assert server.most_in_flight == API.concurrency


def test_equal_requests_are_paid_once_however_many_ask_for_them() -> None:
    with serving(ChatServer(latency=0.2)) as server:
        assert len(ask(server, 20, text="What is it?")) == 20
        assert len(server.arrived) == 1


def test_two_processes_never_pay_for_the_same_request() -> None:
    with serving(ChatServer(latency=0.2)) as server:
        script = (
            "from tests.chat.test_client import *\n"
            f"settings = ChatSettings(base_url={server.url!r}, model='strong')\n"
            "assert len(list(converse(settings, asked(80, settings), API))) == 80\n"
        )
        both = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]
        assert [process.wait(60) for process in both] == [0, 0]
        assert len(server.sent) == 80 and server.sent.total() == 80


def test_a_claim_of_a_process_that_has_ended_counts_no_longer() -> None:
    ended = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name, own = process_name(ended.pid), process_name(os.getpid())
    with Ledger() as ledger:
        assert ledger.claim("k", name)
        assert not ledger.claim("k", own)
        ended.communicate()
        assert ledger.claim("k", own)


def test_the_key_of_a_request_holds_all_that_shapes_the_answer() -> None:
    base = Request("m", (("user", "a"),), 5, {"temperature": 1})
    others = [
        Request("n", (("user", "a"),), 5, {"temperature": 1}),
        Request("m", (("user", "b"),), 5, {"temperature": 1}),
        Request("m", (("system", "a"),), 5, {"temperature": 1}),
        Request("m", (("user", "a"),), 6, {"temperature": 1}),
        Request("m", (("user", "a"),), 5, {"temperature": 1, "seed": 1}),
        Request("m", (("user", "a"),), 5, {"temperature": 1}, context={"sample": 1}),
    ]
    keys = {request.key("http://x/v1") for request in [base, *others]}
    assert len(keys | {base.key("http://y/v1")}) == 8


def test_a_listener_that_goes_away_stops_the_requests() -> None:
    with serving(ChatServer(latency=0.05)) as server:
        settings = ChatSettings(base_url=server.url, model="strong")
        rows = converse(settings, asked(1000, settings), API)
        assert len(list(islice(rows, 5))) == 5
        rows.close()  # type: ignore[attr-defined]
        so_far = len(server.arrived)
        time.sleep(0.3)
        assert len(server.arrived) == so_far < 200
        with Ledger() as ledger:
            assert len(list(export(ledger))) == server.sent.total()


# --- limits --------------------------------------------------------------------------------------


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
    from meteor.chat import limits

    monkeypatch.setattr(limits, "MINUTE", 1.5)
    monkeypatch.setattr(limits, "TRANSIT", 0.3)
    with serving(ChatServer(latency=0.02)) as server:
        api = API.model_copy(update={"requests_per_minute": 30, "concurrency": 32})
        assert len(ask(server, 80, api)) == 80
        for moment in server.arrived:
            assert sum(moment - 1.5 < other <= moment for other in server.arrived) <= 30


def test_a_real_server_sees_no_more_tokens_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    from meteor.chat import limits

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


# --- budget --------------------------------------------------------------------------------------


def priced(stage: float | None = None, run: float | None = None) -> Api:
    price = {"input": 100.0, "output": 1000.0, "date": "2026-01-01"}
    return Api.model_validate(
        {
            **API.model_dump(),
            "prices": {"strong": price},
            "max_cost": {"stage": stage, "run": run},
        }
    )


def test_a_run_stops_before_the_call_that_may_pass_the_budget() -> None:
    with serving(ChatServer(latency=0.01)) as server:
        budget = 0.5
        with pytest.raises(FatalError, match=r"distill: the budget is spent.*max_cost.stage"):
            ask(server, 200, priced(stage=budget))
        with Ledger() as ledger:
            paid = ledger.spent("test")
            assert len(list(export(ledger))) == server.sent.total() > 5
        assert budget - 0.06 < paid <= budget, "the worst case of one call is about 0.053"
        so_far = server.sent.total()

        with pytest.raises(FatalError, match="the budget is spent"):
            fresh(lambda: ask(server, 200, priced(stage=budget)))
        assert server.sent.total() == so_far, "what is in the ledger is in the budget"

        assert len(fresh(lambda: ask(server, 200, priced(stage=50)))) == 200
        assert server.sent.total() == 200 and set(server.sent.values()) == {1}


def test_a_budget_for_the_run_counts_all_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(ChatServer()) as server:
        assert len(ask(server, 10, priced(run=0.4))) == 10
        monkeypatch.setenv("METEOR_STAGE", "judge@base")
        with pytest.raises(FatalError, match=r"judge@base.*max_cost.run"):
            ask(server, 60, priced(run=0.4), text="Is {} right?")
        with Ledger() as ledger:
            assert 0.3 < ledger.spent("test") <= 0.4


def fresh(action: Callable[[], Any]) -> Any:
    """As in a new process."""
    from meteor.chat import budget

    budget._stages.clear()
    return action()


def test_an_unknown_price_is_an_error_under_a_budget() -> None:
    with serving(ChatServer()) as server:
        api = Api.model_validate({"max_cost": {"run": 1.0}})
        with pytest.raises(SettingsError, match="no price for 'strong'"):
            ask(server, 1, api)
        assert server.arrived == []


# --- secrets and settings ------------------------------------------------------------------------


def test_the_key_is_found_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not even where the endpoint says it aloud."""
    monkeypatch.setenv("STRONG_KEY", KEY)
    said = ""

    def loud(body: Body) -> tuple[str, str]:
        return f"I was called with {KEY}.", "stop"

    with serving(ChatServer(loud)) as server:
        settings = ChatSettings(base_url=server.url, model="strong", api_key_env="STRONG_KEY")
        said += repr(list(converse(settings, asked(3, settings), API)))
        assert server.keys_seen == {KEY}
    for fault in (
        answering(401, error(f"Incorrect API key provided: {KEY}")),
        answering(400, error(f"The key {KEY} may not do that")),
        answering(500, f"<h1>{KEY}</h1>"),
    ):
        with serving(ChatServer(fault=fault)) as server:
            settings = ChatSettings(base_url=server.url, model="strong", api_key_env="STRONG_KEY")
            api = API.model_copy(update={"max_retries": 0})
            try:
                said += repr(list(converse(settings, asked(3, settings), api)))
            except MeteorError as problem:
                said += repr(problem) + str(problem)
    assert "***" in said and KEY not in said
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert files and not any(KEY.encode() in file.read_bytes() for file in files)


@pytest.mark.parametrize(
    "field, value",
    [("api_key_env", KEY), ("base_url", f"https://user:{KEY}@example.org/v1"), ("base_url", "x")],
)
def test_settings_refuse_a_key_without_repeating_it(field: str, value: str) -> None:
    from meteor.core.settings import parse_settings

    with pytest.raises(SettingsError, match=field) as caught:
        parse_settings(WritingSettings, {"model": "m", field: value}, Path("params.yaml"))
    assert KEY not in str(caught.value)


def test_openai_without_a_key_is_an_error_before_any_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    settings = ChatSettings(model="gpt-4o")
    with pytest.raises(SettingsError, match="OPENAI_API_KEY is not set"):
        list(converse(settings, asked(1, settings), API))


# --- the ledger ----------------------------------------------------------------------------------


def test_the_ledger_has_totals_and_shrinks() -> None:
    with Ledger() as ledger:
        for number in range(400):
            reply = Reply("text " * 200, "stop", 10, 20, 30, 1.5, 0.01 if number % 2 else None)
            stage = "distill" if number < 300 else "judge@base"
            ledger.put(
                f"k{number}", reply, stage=stage, run="r", endpoint="http://x", model="strong"
            )
        rows = {row.stage: row for row in totals(ledger)}
        assert rows["distill"].calls == 300 and rows["judge@base"].calls == 100
        assert rows["distill"].cost == pytest.approx(1.5) and rows["distill"].unpriced == 150
        assert (rows["distill"].prompt_tokens, rows["distill"].completion_tokens) == (3000, 6000)
        assert ledger.get("k5") is not None
        ledger.db.execute("UPDATE replies SET created = 1000 WHERE stage = 'judge@base'")
        assert prune(ledger, days=1) == 100
        assert 0 < prune(ledger, megabytes=0.2) < 300
        assert ledger.path.stat().st_size <= 200_000
        assert ledger.get("k299") is not None, "the newest stay"


def test_a_ledger_that_cannot_be_opened_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("METEOR_LEDGER", str(tmp_path / "file" / "ledger.sqlite"))
    with pytest.raises(MeteorError, match="METEOR_LEDGER moves it"):
        Ledger()


def test_faults_read_any_body() -> None:
    bodies: list[Any] = [None, "", "<b>no</b>", [], {"detail": "x"}, {"error": "x"}]
    for body in [*bodies, {"error": None}]:
        assert of_status(500, {}, body).kind == "retry"


def test_a_bad_day_is_survived() -> None:
    """Every row ends as done although requests fail in all ways that heal."""
    with serving(ChatServer(fault=refusals)) as server:
        api = API.model_copy(update={"timeout": 2, "max_retries": 8, "concurrency": 32})
        rows = ask(server, 300, api)
        assert all(isinstance(row, Completion) for row in rows) and len(rows) == 300
        assert set(server.sent.values()) == {1}
    assert session.GRACE > 0 and tokens("two words") == 2
