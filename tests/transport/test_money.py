"""Budgets, the ledger, and the key that is found nowhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meteor.chat.asking import FatalError
from meteor.chat.replies import Reply
from meteor.chat.settings import ChatSettings, WritingSettings
from meteor.core.errors import MeteorError, SettingsError
from meteor.core.settings import Api
from meteor.report.accounts import export, prune, totals
from meteor.running.context import Context, working
from meteor.transport.ledger import Ledger
from meteor.transport.session import converse
from tests.transport.asking import API, KEY, ask, asked
from tests.transport.server import ChatServer, serving


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


def test_a_budget_for_the_run_counts_all_stages() -> None:
    with serving(ChatServer()) as server:
        assert len(ask(server, 10, priced(run=0.4))) == 10
        told = pytest.raises(FatalError, match=r"judge@base.*max_cost.run")
        with working(Context("judge@base")), told:
            ask(server, 60, priced(run=0.4), text="Is {} right?")
        with Ledger() as ledger:
            assert 0.3 < ledger.spent("test") <= 0.4


def fresh(action: Callable[[], Any]) -> Any:
    """As in a new process."""
    from meteor.transport import budget

    budget._stages.clear()
    return action()


def test_an_unknown_price_is_an_error_under_a_budget() -> None:
    with serving(ChatServer()) as server:
        api = Api.model_validate({"max_cost": {"run": 1.0}})
        with pytest.raises(SettingsError, match="no price for 'strong'"):
            ask(server, 1, api)
        assert server.arrived == []


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
