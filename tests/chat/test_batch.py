"""Batch mode: each row is paid once, whatever is killed, expires or fails."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from meteor.chat.asking import FatalError, Request, Writing
from meteor.chat.session import converse
from meteor.chat.settings import ChatSettings
from meteor.core.records import Completion, Failed
from meteor.core.settings import Api
from meteor.ledger import Ledger
from tests.chat.batches import BatchServer
from tests.chat.server import fraction, serving

API = Api(timeout=10, batch_poll=0.1, max_retries=4)


def rows(count: int, settings: ChatSettings) -> list[Writing]:
    return [
        Writing(f"q{n}", Request(settings.model, (("user", f"What is {n}?"),), 50), "fail")
        for n in range(count)
    ]


def batched(server: BatchServer, count: int, api: Api = API) -> list[Completion | Failed]:
    settings = ChatSettings(base_url=server.url, model="strong", mode="batch")
    return list(converse(settings, rows(count, settings), api))


def test_a_batch_answers_all_rows_and_shares_its_keys_with_online_calls() -> None:
    with serving(BatchServer()) as server:
        assert all(isinstance(row, Completion) for row in batched(server, 20))
        assert len(server.batches) == 1 and server.paid.total() == 20
        online = ChatSettings(base_url=server.url, model="strong")
        assert len(list(converse(online, rows(25, online), API))) == 25
        assert len(server.arrived) == 5, "only the new rows were asked online"


def test_failed_and_expired_lines_alone_are_sent_again() -> None:
    def fate(batch: int, key: str, attempt: int) -> str:
        draw = fraction(key)
        if attempt == 1 and draw < 0.3:
            return "expired"
        if attempt == 1 and draw < 0.5:
            return "500"
        return "ok"

    with serving(BatchServer(fate)) as server:
        assert all(isinstance(row, Completion) for row in batched(server, 40))
        assert set(server.paid.values()) == {1} and len(server.paid) == 40
        again = sum(attempts == 2 for attempts in server.tried.values())
        assert 5 < again < 35 and len(server.batches) == 2


def test_a_line_that_cannot_heal_is_a_failed_row() -> None:
    def fate(batch: int, key: str, attempt: int) -> str:
        return "400" if fraction(key) < 0.3 else "ok"

    with serving(BatchServer(fate)) as server:
        failed = [row for row in batched(server, 20) if isinstance(row, Failed)]
        assert 0 < len(failed) < 20 and "the line failed" in failed[0].error
        assert server.tried.total() == 20


def test_files_stay_within_the_limits() -> None:
    with serving(BatchServer(max_lines=7)) as server:
        api = API.model_copy(update={"batch_lines": 7})
        assert len(batched(server, 20, api)) == 20
        assert [len(server.files[f"file-{n}"].splitlines()) for n in range(3)] == [7, 7, 6]
    with serving(BatchServer()) as server:
        api = API.model_copy(update={"batch_megabytes": 0.002})
        assert len(batched(server, 30, api)) == 30
        sent = [content for name, content in server.files.items() if name.startswith("file")]
        assert len(sent) > 1 and all(len(content) <= 2000 for content in sent)


def test_a_batch_refused_for_a_limit_is_tried_again_and_else_stops_the_stage() -> None:
    with serving(BatchServer()) as server:
        server.refuse = ["token_limit_exceeded"]
        assert len(batched(server, 5)) == 5
        server.refuse = ["invalid_json_line"]
        with pytest.raises(FatalError, match="invalid_json_line"):
            batched(server, 6)


@pytest.mark.parametrize("moment", ["before the batch has a name", "while it is under way"])
def test_a_killed_stage_finds_its_batch_again(moment: str, own_ledger: Path) -> None:
    """The process dies between upload and completion; with it, or not, the batch's name."""
    with serving(BatchServer(moment=2.0)) as server:
        script = (
            "from tests.chat.test_batch import *\n"
            f"settings = ChatSettings(base_url={server.url!r}, model='strong', mode='batch')\n"
            "list(converse(settings, rows(10, settings), API))\n"
        )
        process = subprocess.Popen([sys.executable, "-c", script])
        while not server.batches:
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(0.3)
        process.kill()
        process.wait()
        assert server.paid.total() == 0
        if moment == "before the batch has a name":
            with Ledger() as ledger:
                ledger.db.execute("UPDATE batches SET batch = NULL")
        assert all(isinstance(row, Completion) for row in batched(server, 10))
        assert len(server.batches) == 1 and set(server.paid.values()) == {1}
        with Ledger() as ledger:
            assert ledger.batches(server.url) == []


def test_a_budget_holds_back_what_a_batch_might_cost() -> None:
    prices = {"strong": {"input": 0, "output": 2e4, "batch": 0.5, "date": "2026-01-01"}}
    api = Api.model_validate({**API.model_dump(), "prices": prices, "max_cost": {"stage": 2.0}})
    with serving(BatchServer()) as server:
        with pytest.raises(FatalError, match="the budget is spent"):
            batched(server, 20, api)
        # 50 tokens may cost 0.5 a row; an answer really takes fewer, so more batches follow the
        # first one of four rows.
        with Ledger() as ledger:
            assert 4 < server.paid.total() < 20 and ledger.spent("test") <= 2.0
