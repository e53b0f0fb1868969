"""Budgets under accounts that do not tell, several processes, and replies that are no answer."""

import subprocess
import sys
from typing import Any

import pytest

from meteor.chat.asking import FatalError
from meteor.core.settings import Api
from meteor.report.accounts import wasted
from meteor.transport.forgetting import forget
from meteor.transport.ledger import Ledger
from tests.transport.asking import API, ask
from tests.transport.dialects import content
from tests.transport.server import ChatServer, Outcome, serving
from tests.transport.test_money import priced

WORST = 0.053
"""Of one call in `asking`: 29 bytes of prompt and 50 tokens of answer."""


@pytest.mark.parametrize(
    "kind, usage",
    [
        ("stage", {"prompt_tokens": 0, "completion_tokens": 0}),
        ("run", {"prompt_tokens": None, "completion_tokens": None}),
        ("run", {"total_tokens": 30}),
        ("stage", "none"),
    ],
)
def test_an_account_that_does_not_tell_is_never_free(kind: str, usage: Any) -> None:
    reply = Outcome(200, content("Yes.", usage=usage))
    with serving(ChatServer(fault=lambda *_: reply)) as server:
        with pytest.raises(FatalError, match="the budget is spent"):
            ask(server, 100, priced(**{kind: 0.5}))
        assert len(server.arrived) == 9, "0.5 has room for nine calls at their worst"


def test_two_processes_of_one_run_share_its_budget() -> None:
    with serving(ChatServer(latency=0.05)) as server:
        script = (
            "import sys\n"
            "from tests.transport.test_budgets import *\n"
            "from tests.transport.asking import *\n"
            "from meteor.running.context import Context, working\n"
            f"settings = ChatSettings(base_url={server.url!r}, model='strong')\n"
            "with working(Context('judge@' + sys.argv[1])):\n"
            "    try:\n"
            "        rows = asked(60, settings, text=sys.argv[1] + ' {}')\n"
            "        list(converse(settings, rows, priced(run=0.8)))\n"
            "    except FatalError:\n"
            "        sys.exit(7)\n"
        )
        both = [subprocess.Popen([sys.executable, "-c", script, name]) for name in ("a", "b")]
        assert [process.wait(60) for process in both] == [7, 7]
        with Ledger() as ledger:
            assert 0.8 - 2 * WORST < ledger.spent("test") <= 0.8
            assert ledger.reserved("test") == 0


def test_what_gave_no_answer_is_in_the_budget_of_the_run() -> None:
    """Half of the replies are empty, and each is billed."""

    def reply(number: str, attempt: int, body: Any) -> Outcome | None:
        return Outcome(200, content("")) if attempt == 1 else None

    with serving(ChatServer(fault=reply)) as server:
        with pytest.raises(FatalError, match="the budget is spent"):
            ask(server, 100, priced(run=0.8))
        with Ledger() as ledger:
            calls, cost = wasted(ledger)
            assert calls >= len(server.arrived) / 2 - 1 and cost > 0.1
            assert 0.8 - WORST < ledger.spent("test") <= 0.8


def test_bills_above_the_limit_pass_a_budget_by_what_is_in_flight() -> None:
    """Hidden thoughts: 200 tokens are billed where 50 were asked for."""
    usage = {"prompt_tokens": 5, "completion_tokens": 200}
    fault = Outcome(200, content("Yes.", usage=usage))
    with serving(ChatServer(fault=lambda *_: fault, latency=0.02)) as server:
        api = priced(stage=1.0)
        with pytest.raises(FatalError, match="the budget is spent"):
            ask(server, 100, api)
        with Ledger() as ledger:
            assert ledger.spent("test") <= 1.0 + api.concurrency * 0.15


def test_the_ledger_forgets_by_stage_model_and_failure() -> None:
    with serving(ChatServer(lambda body: ("Half", "length"))) as server:
        api = Api.model_validate({**API.model_dump(), "first_failures": None})
        assert len(ask(server, 12, api)) == 12
        server.write = lambda body: ("Whole.", "stop")
        assert len(ask(server, 20, api)) == 20
        with Ledger() as ledger:
            assert forget(ledger, stage="judge") == 0 and forget(ledger, model="weak") == 0
            assert forget(ledger, stage="distill", model="strong", failed=True) == 12
            assert forget(ledger, failed=True) == 0
            assert forget(ledger, stage="distill") == 8
        assert len(ask(server, 20, api)) == 20 and server.sent.total() == 40
