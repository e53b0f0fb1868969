"""Batch mode: each row is paid once, whatever is killed, expires or fails."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from meteor.chat.asking import FatalError, Request, Writing
from meteor.chat.settings import ChatSettings
from meteor.core.records import Completion, Failed
from meteor.core.settings import Api
from meteor.transport.ledger import Ledger
from meteor.transport.noted_batches import batches
from meteor.transport.session import converse
from tests.transport.batches import BatchServer
from tests.transport.server import fraction, serving

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
            "from tests.transport.test_batch import *\n"
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
            assert batches(ledger, server.url) == []


@pytest.mark.parametrize("parts, batches", [((":30", "0:30"), 1), ((":20", "10:30"), 2)])
def test_two_stages_that_begin_at_the_same_moment_submit_each_row_once(
    parts: tuple[str, str], batches: int, tmp_path: Path
) -> None:
    """All or some rows are the same. The first has noted nothing yet when the second looks."""
    with serving(BatchServer()) as server:
        server.slow = 1.0
        both = [begin(server, f"rows(30, settings)[{part}]", tmp_path / part) for part in parts]
        wait(lambda: all((tmp_path / part).exists() for part in parts))
        (tmp_path / "go").touch()
        assert [process.wait(60) for process in both] == [0, 0]
        assert len(server.tried) == 30 == server.tried.total() == server.paid.total()
        files = [name for name in server.files if "batch" not in name]
        assert len(server.batches) == len(files) == batches
        with Ledger() as ledger:
            assert ledger.db.execute("SELECT COUNT(*) FROM claims").fetchone() == (0,)


@pytest.mark.parametrize("state", ["submitted", "answered"])
def test_what_another_stage_does_between_a_look_and_the_claim_is_seen(
    state: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with serving(BatchServer(moment=2.0)) as server:
        claim = Ledger.claim_all
        others: list[subprocess.Popen[bytes]] = []
        (tmp_path / "go").touch()

        def late(ledger: Ledger, keys: Sequence[str], owner: str) -> set[str]:
            if not others:
                others.append(begin(server, "rows(10, settings)", tmp_path / "ready"))
                wait(lambda: bool(batches(ledger, server.url)))
                if state == "answered":
                    assert others[0].wait(60) == 0
            return claim(ledger, keys, owner)

        monkeypatch.setattr(Ledger, "claim_all", late)
        assert all(isinstance(row, Completion) for row in batched(server, 10))
        assert others[0].wait(60) == 0
        assert len(server.batches) == 1 and server.tried.total() == 10


def test_a_stage_that_dies_while_it_uploads_keeps_no_row_from_others(tmp_path: Path) -> None:
    with serving(BatchServer()) as server:
        server.slow = 2.0
        process = begin(server, "rows(10, settings)", tmp_path / "ready")
        (tmp_path / "go").touch()
        wait(lambda: server.begun > 0)
        process.kill()
        process.wait()
        server.slow = 0.0
        assert all(isinstance(row, Completion) for row in batched(server, 10))
        assert len(server.batches) == 1 and server.tried.total() == 10


def begin(server: BatchServer, asked: str, ready: Path) -> "subprocess.Popen[bytes]":
    """A process that says when it is ready, and then waits for the others."""
    script = (
        "from tests.transport.test_batch import *\n"
        f"settings = ChatSettings(base_url={server.url!r}, model='strong', mode='batch')\n"
        f"Path({str(ready)!r}).touch()\n"
        f"wait(Path({str(ready.parent / 'go')!r}).exists)\n"
        f"rows = list(converse(settings, {asked}, API))\n"
        "assert all(isinstance(row, Completion) for row in rows) and rows\n"
    )
    return subprocess.Popen([sys.executable, "-c", script])


def wait(true: Callable[[], bool]) -> None:
    for _ in range(3000):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come true")


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
