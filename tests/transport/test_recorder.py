"""The recorder: one for all sessions of a process, and gone soon after it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from meteor.chat.settings import ChatSettings
from meteor.core.errors import MeteorError
from meteor.core.records import Completion
from meteor.transport import session
from meteor.transport.ledger import Ledger
from meteor.transport.session import converse
from tests.transport.asking import API, KEY, ask, asked
from tests.transport.server import Body, ChatServer, Outcome, error, serving


def recorders() -> list[psutil.Process]:
    """Those of this process that run."""
    found = []
    for child in psutil.Process().children():
        if (
            child.status() != psutil.STATUS_ZOMBIE
            and "meteor.transport.recorder" in child.cmdline()
        ):
            found.append(child)
    return found


def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come true")


def test_sessions_share_a_recorder_whatever_they_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    until(lambda: not recorders())
    with serving(ChatServer()) as server, serving(ChatServer()) as other:
        assert len(ask(server, 5)) == 5
        (recorder,) = recorders()
        assert len(ask(server, 5, text="Is {} right?")) == 5
        assert len(ask(other, 5)) == 5
        assert len(ask(server, 5)) == 5, "from the ledger"
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        assert len(ask(server, 5, API.model_copy(update={"timeout": 9}), text="Why {}?")) == 5
        assert recorders() == [recorder]
        assert server.sent.total() == 15 and KEY in server.keys_seen


def test_a_stage_whose_replies_are_all_in_the_ledger_starts_none() -> None:
    with serving(ChatServer()) as server:
        ask(server, 3)
        (recorder,) = recorders()
        recorder.kill()
        recorder.wait(10)
        assert len(ask(server, 3)) == 3 and recorders() == []
        assert len(ask(server, 4)) == 4 and len(recorders()) == 1, "another is started"


def test_sessions_at_the_same_moment_never_pay_for_the_same_request() -> None:
    with serving(ChatServer(latency=0.2)) as server, ThreadPoolExecutor(3) as threads:
        rows = list(threads.map(lambda _: ask(server, 30), range(3)))
        assert [len(found) for found in rows] == [30] * 3
        assert len(server.sent) == 30 == server.sent.total() and len(recorders()) == 1


def test_a_recorder_that_dies_is_an_error_and_no_wait_for_ever() -> None:
    with serving(ChatServer(latency=60)) as server:
        rows = converse(
            settings := ChatSettings(base_url=server.url, model="m"), asked(3, settings)
        )
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(lambda: list(rows))
            until(lambda: server.in_flight == 3)
            recorders()[0].kill()
            with pytest.raises(MeteorError, match="recorder of the chat client ended"):
                waiting.result(60)


def test_a_reply_that_cannot_be_written_stops_the_stage() -> None:
    def spoil(*_: object) -> None:
        with Ledger() as ledger:
            ledger.db.execute("ALTER TABLE replies RENAME TO gone")

    with serving(ChatServer(fault=spoil)) as server:
        with pytest.raises(MeteorError, match="no such table"):
            ask(server, 1)
        assert server.sent.total() == 1


def test_what_a_session_leaves_behind_is_finished_and_claimed_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One request is answered and one fails after their session has ended."""
    monkeypatch.setattr(session, "GRACE", 0.0)

    def fault(number: str, attempt: int, body: Body) -> Outcome | None:
        return Outcome(500, error("Down")) if "is 2?" in str(body) else None

    with serving(ChatServer(fault=fault)) as server:
        ask(server, 1)
        server.latency = 1.0
        settings = ChatSettings(base_url=server.url, model="strong")
        rows = converse(settings, asked(3, settings), API)
        assert next(rows).id == "q0", "from the ledger"
        until(lambda: server.in_flight == 2)
        rows.close()  # type: ignore[attr-defined]
        with Ledger() as ledger:
            assert count(ledger, "replies") == 1 and count(ledger, "claims") == 2
            until(lambda: count(ledger, "claims") == 0)
            assert count(ledger, "replies") == 2
        assert len(recorders()) == 1


def count(ledger: Ledger, table: str) -> int:
    return int(ledger.db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


@pytest.mark.parametrize("end", ["by itself", "killed", "while a process that it forked lives on"])
def test_a_recorder_ends_with_its_process(end: str) -> None:
    with serving(ChatServer()) as server:
        script = (
            "import os, sys, time\n"
            "from tests.transport.asking import *\n"
            "from tests.transport.test_recorder import recorders\n"
            f"settings = ChatSettings(base_url={server.url!r}, model='strong')\n"
            "list(converse(settings, asked(3, settings), API))\n"
            f"forked = os.fork() if {'forked' in end} else -1\n"
            "if not forked:\n    time.sleep(600)\n"
            "print(recorders()[0].pid, forked, flush=True)\n"
            f"if {end == 'killed'}:\n    time.sleep(600)\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        recorder, forked = (int(word) for word in process.stdout.readline().split())
        try:
            if end == "killed":
                process.kill()
            process.wait(60)
            until(lambda: ended(recorder))
        finally:
            process.kill()
            if forked > 0:
                os.kill(forked, signal.SIGKILL)


def ended(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_long_prompts_arrive_whole() -> None:
    """They come in many pieces over the socket."""
    text = "What is {}? " + "And why? ÄÖÜ " * 20_000
    with serving(ChatServer()) as server:
        rows = ask(server, 12, text=text)
        assert all(isinstance(row, Completion) for row in rows)
        sent = {body["messages"][0]["content"] for body in server.bodies}
        assert sent == {text.format(n) for n in range(12)}
