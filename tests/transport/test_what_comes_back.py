"""The client follows what comes back: slow servers, long waits, refused settings, filters."""

import time
from typing import Any

import pytest

from meteor.chat.asking import FatalError
from meteor.core.records import Completion, Failed
from meteor.transport import patience
from meteor.transport.session import converse
from plugins.teacher.chat_api import ChatApi
from tests.transport.asking import API, answering, ask, asked
from tests.transport.server import Body, ChatServer, Outcome, error, serving


class OneByOne(ChatServer):
    """A server that answers one request after the other, and goes on with one that is given up."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds, self.free_at = seconds, 0.0
        self.fault = self.queue

    def queue(self, number: str, attempt: int, body: Body) -> None:
        now = time.monotonic()
        self.free_at = max(self.free_at, now) + self.seconds
        self.latency = self.free_at - now


def test_a_slow_server_is_not_asked_again_and_again() -> None:
    """16 rows at 0.2 s each, 16 in flight, 1 s for a reply: it made seven requests a row."""
    with serving(OneByOne(0.2)) as server:
        api = API.model_copy(update={"concurrency": 16, "timeout": 1.0, "max_retries": 8})
        assert all(isinstance(row, Completion) for row in ask(server, 16, api))
        assert len(server.arrived) < 48


def test_a_few_late_replies_narrow_nothing() -> None:
    def fault(number: str, attempt: int, body: Body) -> Outcome | None:
        return Outcome(hang=True) if attempt == 1 and "is 7?" in str(body) else None

    with serving(ChatServer(fault=fault, latency=0.05)) as server:
        api = API.model_copy(update={"timeout": 1.0})
        assert len(ask(server, 60, api)) == 60
        assert len(server.arrived) == 61 and server.most_in_flight == API.concurrency


@pytest.mark.parametrize("wait", ["86400", "99999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_that_is_too_long_stops_the_stage_and_says_until_when(wait: str) -> None:
    fault = answering(429, error("slow down"), {"retry-after": wait})
    with serving(ChatServer(fault=fault)) as server:
        with pytest.raises(
            FatalError, match=r"asks to wait \d+ s \(until .*longest_wait \(600 s\)"
        ):
            ask(server, 3)
        assert len(server.arrived) <= 3


@pytest.mark.parametrize("wait", ["inf", "nan", "-5", "soon", "0", "Mon, 01 Jan 2001 00:00:00 GMT"])
def test_what_is_no_time_to_wait_is_left_to_the_back_off(wait: str) -> None:
    def fault(number: str, attempt: int, body: Body) -> Outcome | None:
        headers = {"retry-after": wait}
        return Outcome(429, error("slow down"), headers) if attempt == 1 else None

    with serving(ChatServer(fault=fault)) as server:
        assert isinstance(ask(server, 1)[0], Completion)
        assert 0.2 < server.arrived[1] - server.arrived[0] < 30


def test_a_wait_worth_a_word_is_told(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(patience, "WORTH_A_WORD", 0.5)

    def fault(number: str, attempt: int, body: Body) -> Outcome | None:
        headers = {"retry-after": "1"}
        return Outcome(429, error("slow down"), headers) if attempt == 1 else None

    with serving(ChatServer(fault=fault)) as server:
        assert len(ask(server, 4)) == 4
    assert caplog.text.count("it asks to wait 1 s (until 2") == 1


FILTERED = {"message": "The response was filtered", "param": "prompt", "code": "content_filter"}


@pytest.mark.parametrize(
    "status, body, said",
    [
        (400, {"error": FILTERED}, "filter refuses the question"),
        (403, {"error": {"code": 403, "message": "flagged by moderation"}}, "filter refuses"),
        (200, {"object": "error", "message": "bad tokens", "code": 400}, "refuses the request"),
        (422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096"}, "longer than"),
        (400, error("input length and `max_tokens` exceed context limit: 9 + 9"), "longer than"),
    ],
)
def test_a_question_that_is_refused_fails_its_row_alone(status: int, body: Any, said: str) -> None:
    def fault(number: str, attempt: int, request: Body) -> Outcome | None:
        return Outcome(status, body) if "is 3?" in str(request) else None

    with serving(ChatServer(fault=fault)) as server:
        rows = ask(server, 20)
        (failed,) = [row for row in rows if isinstance(row, Failed)]
        assert failed.id == "q3" and said in failed.error and len(server.arrived) == 20


@pytest.mark.parametrize(
    "status, body, said",
    [
        (400, [{"error": {"code": 400, "message": "API key not valid."}}], "refuses the API key"),
        (200, {"error": {"message": "Incorrect API key", "code": 401}}, "refuses the API key"),
        (400, error("Model Not Exist", "invalid_request_error"), "does not know the model"),
        (400, error("m is not a valid model ID"), "does not know the model"),
        (400, error("/chat/completions: Invalid model name passed in model=m"), "know the model"),
        (400, error("Budget has been exceeded! Current cost: 1", "budget_exceeded"), "used up"),
        (429, error("please check your plan", "exceeded_current_quota_error"), "is used up"),
        (400, error("Access denied.", "Arrearage"), "is used up"),
        (400, [{"error": {"message": 'Unknown name "seed": Cannot find field.'}}], "`seed: null`"),
        (
            422,
            {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs"}]},
            "teacher.chat_api.seed",
        ),
        (
            400,
            error("Unsupported value: 'temperature' does not support 0.7", "unsupported_value"),
            r"`temperature: null` below teacher.chat_api",
        ),
        (400, error("Unrecognized request argument supplied: top_k"), "`own_fields: false`"),
        (400, error("Unknown parameter", "unknown_parameter", "min_p"), r"min_p out of `extra`"),
    ],
)
def test_what_is_wrong_for_every_row_is_named_with_what_to_write(
    status: int, body: Any, said: str
) -> None:
    with serving(ChatServer(fault=answering(status, body))) as server:
        teacher = ChatApi(base_url=server.url, model="strong", extra={"min_p": 0.1})
        with pytest.raises(FatalError) as caught:
            list(converse(teacher, asked(200, teacher), API))
        assert said in str(caught.value) and len(server.arrived) <= API.concurrency


def test_a_rate_limit_that_speaks_of_tokens_or_a_quota_of_a_minute_is_waited_for() -> None:
    minute = {
        "code": 429,
        "message": "You exceeded your current quota for a minute.",
        "details": [{"@type": "RetryInfo", "retryDelay": "1s"}],
    }
    bodies = [error("Too many tokens, please wait before trying again."), [{"error": minute}]]

    def fault(number: str, attempt: int, body: Body) -> Outcome | None:
        return Outcome(429, bodies[attempt - 1]) if attempt <= 2 else None

    with serving(ChatServer(fault=fault)) as server:
        assert isinstance(ask(server, 1)[0], Completion)
        assert server.arrived[2] - server.arrived[1] >= 1
