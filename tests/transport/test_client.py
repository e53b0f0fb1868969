"""The client against a server that refuses and falls over."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import closing
from itertools import islice
from typing import Any

import pytest

from meteor.chat.asking import FatalError, Request, Writing
from meteor.chat.settings import ChatSettings
from meteor.core.records import Completion, Failed
from meteor.report.accounts import export
from meteor.running.processes import process_name
from meteor.transport import session
from meteor.transport.faults import of_status
from meteor.transport.ledger import Ledger
from meteor.transport.session import converse
from tests.transport.asking import API, answering, ask, asked
from tests.transport.server import Body, ChatServer, Outcome, error, refusals, serving, tokens


@pytest.mark.parametrize(
    "status, body, said",
    [
        (401, error("Incorrect API key"), "refuses the API key"),
        (403, error("Not for this country"), "refuses the API key"),
        (404, error("The model strong does not exist", "model_not_found"), "does not know the mod"),
        (429, error("You exceeded your quota", "insufficient_quota"), "quota is used up"),
        (402, error("Insufficient credits"), "quota is used up"),
        (400, error("Unknown parameter", "unknown_parameter", "top_k"), "the setting 'top_k'"),
        (422, "Unexpected fields in the request: {'top_k'}", "the setting 'top_k'"),
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


def test_an_address_where_nobody_answers_stops_the_stage_soon() -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    settings = ChatSettings(base_url=url, model="strong")
    with pytest.raises(FatalError, match=r"nobody answers there \(no reply: .*Connect call failed"):
        list(converse(settings, asked(4, settings), API))


def test_an_endpoint_that_always_fails_stops_the_stage() -> None:
    api = API.model_copy(update={"max_retries": 1})
    with (
        serving(ChatServer(fault=answering(500, error("Down")))) as server,
        pytest.raises(FatalError, match="10 requests in a row were given up after 2 attempts"),
    ):
        ask(server, 100, api)


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
            "from tests.transport.test_client import *\n"
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
