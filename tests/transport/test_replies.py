"""Replies of every dialect through the real stage: what each is, and what a second run asks."""

import asyncio
import json
import re
from typing import Any

import pytest

from meteor.chat.asking import FatalError, Request, Writing
from meteor.chat.replies import Reply, end_of, said, tokens_in
from meteor.chat.settings import ChatSettings
from meteor.core.records import Completion, Failed
from meteor.report.accounts import export
from meteor.transport.ledger import Ledger
from meteor.transport.session import converse
from tests.conftest import Project
from tests.transport.asking import API, ask
from tests.transport.dialects import ANSWER, ANSWERS, FAILURES, NOTHING, THOUGHT, content
from tests.transport.distilling import prepare, start
from tests.transport.server import Body, ChatServer, Outcome, error, fraction, serving

ASKED = sorted([*ANSWERS, *FAILURES, *NOTHING], key=fraction)
"""In no order, since ten given up in a row would stop the stage."""


def number(body: Body) -> int:
    """Which row of `prepare` is asked about."""
    return int(json.dumps(body).split("What is concept ")[1].split("?")[0])


def test_a_stage_reads_every_dialect_and_pays_for_nothing_twice(project: Project) -> None:
    ill = {"asked": True}

    def reply(key: str, attempt: int, body: Body) -> Outcome:
        name = ASKED[number(body)]
        if name in NOTHING:
            return Outcome(200, NOTHING[name] if ill["asked"] else content(ANSWER))
        return Outcome(200, ANSWERS[name] if name in ANSWERS else FAILURES[name][0])

    ledger = project.folder / "ledger.sqlite"
    with serving(ChatServer(fault=reply)) as server:
        prepare(project, server, len(ASKED))
        project.set({"api": {"concurrency": 8, "max_retries": 1}, "max_failed_fraction": 1.0})
        stage = start(project, ledger)
        said = stage.communicate()[1]
        assert stage.returncode == 0, said
        failed = failures(project)
        assert {ASKED[n] for n in failed} == set(FAILURES) | set(NOTHING)
        for name, (_, why) in FAILURES.items():
            assert why in failed[ASKED.index(name)]
        assert set(answers(project).values()) == {ANSWER}
        asked = len(server.bodies)

        ill["asked"] = False
        stage = start(project, ledger)
        assert stage.wait() == 0
        again = sorted(number(body) for body in server.bodies[asked:])
        assert [ASKED[n] for n in again] == [n for n in ASKED if n in NOTHING], (
            "what is no answer, and once each"
        )
        assert {ASKED[n] for n in failures(project)} == set(FAILURES)


def failures(project: Project) -> dict[int, str]:
    summary = json.loads((project.folder / "summary.json").read_text())
    assert summary["rows"]["in"] == len(ASKED) == sum(list(summary["rows"].values())[1:])
    return {int(row["id"][1:]): row["error"] for row in summary["failed"]}


def answers(project: Project) -> dict[int, str]:
    lines = (project.folder / "data/distilled/train.jsonl").read_text().splitlines()
    return {int(row["id"][1:]): row["answer"] for row in map(json.loads, lines)}


@pytest.mark.parametrize("name", [name for name, body in ANSWERS.items() if THOUGHT in str(body)])
def test_a_thought_is_kept_beside_the_answer(name: str) -> None:
    with serving(ChatServer(fault=lambda *_: Outcome(200, ANSWERS[name]))) as server:
        (row,) = ask(server, 1)
        assert isinstance(row, Completion) and (row.text, row.thought) == (ANSWER, THOUGHT)
        assert ask(server, 1) == [row], "from the ledger, too"


@pytest.mark.parametrize(
    "text, kept",
    [
        ("Choose the \ud83d icon.", "Choose the \ufffd icon."),
        ("Good \ud83d\ude00.", "Good 😀."),
        ("A \x00 and a \x1b.", "A \x00 and a \x1b."),
    ],
)
def test_every_text_can_be_stored(text: str, kept: str) -> None:
    with serving(ChatServer(fault=lambda *_: Outcome(200, json.dumps(content(text))))) as server:
        rows = ask(server, 8)
        assert [row.text for row in rows if isinstance(row, Completion)] == [kept] * 8
        assert len(ask(server, 8)) == 8 and len(server.arrived) == 8


def test_what_an_earlier_version_kept_as_a_result_is_asked_again() -> None:
    with serving(ChatServer()) as server:
        settings = ChatSettings(base_url=server.url, model="strong")
        rows = [
            Writing(f"q{n}", Request("strong", (("user", f"Why {n}?"),), 50), "fail")
            for n in range(3)
        ]
        with Ledger() as ledger:
            where = {"stage": "distill", "run": "r", "endpoint": server.url, "model": "strong"}
            for row, reply in zip(
                rows,
                [Reply("", "stop", 1, 0), Reply("", "error", 1, 0), Reply("Yes.", "stop", 1, 1)],
                strict=True,
            ):
                ledger.put(row.request.key(server.url), reply, **where)
        for _ in range(2):
            assert all(isinstance(row, Completion) for row in converse(settings, rows, API))
            assert len(server.arrived) == 2
        with Ledger() as ledger:
            assert all(row["text"] for row in export(ledger))


def test_a_student_may_say_nothing() -> None:
    with serving(ChatServer(lambda body: ("", "stop"))) as server:
        settings = ChatSettings(base_url=server.url, model="strong")
        request = Request("strong", (("user", "Why?"),), 50, may_be_empty=True)
        for _ in range(2):
            (row,) = converse(settings, [Writing("q0", request, "mark")], API)
            assert isinstance(row, Completion) and row.text == ""
        assert len(server.arrived) == 1


def test_first_rows_that_all_fail_alike_stop_the_stage() -> None:
    with serving(ChatServer(lambda body: ("Half an", "length"))) as server:
        with pytest.raises(FatalError, match=r"first 1\d rows have all failed in one way.*cut off"):
            ask(server, 200)
        assert len(server.arrived) <= 10 + API.concurrency
        api = API.model_copy(update={"first_failures": None})
        rows = ask(server, 30, api)
        assert len(rows) == 30 and all(isinstance(row, Failed) for row in rows)


class SlowToAnswer(ChatServer):
    """Refuses seven rows at once; the eighth is answered when they have come back."""

    async def _answer(self, *request: Any) -> bool:
        if b"What is 0?" in request[3]:
            while len(self.arrived) < 7:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
        return await super()._answer(*request)


def refused_at_first(number: str, attempt: int, body: Any) -> Outcome | None:
    asked = int(re.findall(r"\d+", body["messages"][0]["content"])[0])
    return Outcome(400, error("not this one")) if 0 < asked < 8 else None


def test_refusals_that_come_before_the_first_answer_do_not_stop_the_stage() -> None:
    """An answer takes longer than a refusal: what is under way is waited for, nothing else sent."""
    with serving(SlowToAnswer(fault=refused_at_first)) as server:
        api = API.model_copy(update={"first_failures": 5})
        rows = ask(server, 30, api)
        assert sum(isinstance(row, Completion) for row in rows) == 23
        assert sum(isinstance(row, Failed) for row in rows) == 7


@pytest.mark.parametrize(
    "account, tokens",
    [
        ({"prompt_tokens": 3, "completion_tokens": 4}, (3, 4)),
        ({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 90}, (3, 87)),
        ({"prompt_tokens": 0, "completion_tokens": 0}, (100, 50)),
        ({"prompt_tokens": 3, "completion_tokens": 10**30}, (3, 50)),
        (None, (100, 50)),
    ],
)
def test_what_an_account_does_not_tell_is_the_worst_case(
    account: Any, tokens: tuple[int, int]
) -> None:
    """Hidden thoughts that stand in the total alone are billed, too."""
    assert tokens_in({"usage": account}, True, (100, 50))[:2] == tokens


def test_the_words_for_an_end() -> None:
    deepseek = "<\uff5cend\u2581of\u2581sentence\uff5c>"
    assert {end_of(word) for word in (deepseek, "Stop", "finish_reason.STOP", "")} == {"stop"}
    assert end_of("model_length") == "length" and end_of("SAFETY") == "filter"
    assert said(Reply("<think>a</think>b", "stop", 1, 1, thought="c")) == ("b", "c\n\na", "stop")
