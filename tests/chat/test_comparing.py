"""Comparisons by a model behind a real HTTP server: both orders, repeats, and garbage."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from meteor.core.judgements import ASPECTS, Preference
from meteor.core.params import Params, load_params
from meteor.core.records import Failed, Question
from meteor.core.roles import load_role
from meteor.evaluation.comparing import Match, prefer
from tests.chat.verdicts import ticket_in
from tests.transport.server import Body, ChatServer, serving

RIGHT, WRONG = "Dropout switches units off.", "Dropout is a soup."
GARBAGE = ("q03", "q07")


def verdict(body: Body) -> tuple[str, str]:
    """Prefers the right answer; has no verdict on some questions."""
    asked = body["messages"][0]["content"]
    if any(f"What is {name}?" in asked for name in GARBAGE):
        return "I would rather not say.", "stop"
    better = "first" if asked.index(RIGHT) < asked.index(WRONG) else "second"
    parts = {name: {"reason": "It is right.", "better": better} for name in ASPECTS}
    return json.dumps({"ticket": ticket_in(body), **parts}), "stop"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serving(ChatServer(write=verdict)) as running:
        yield running


def ask(server: ChatServer, samples: tuple[int, ...] = (0,)) -> list[Preference | Failed]:
    chosen = {"base_url": server.url, "model": "strong", "max_repairs": 1}
    shipped: dict[str, Any] = load_params().model_dump(by_alias=True)
    section = {"plugin": "chat_api", "chat_api": chosen}
    judge = load_role("judge", Params.model_validate({**shipped, "judge": section}))
    matches = [
        Match(Question(id=name, title=f"What is {name}?"), f"base {n}", RIGHT, WRONG, sample=n)
        for name in (f"q{number:02}" for number in range(20))
        for n in samples
    ]
    return [row for _, row in prefer(judge, matches)]


def test_garbage_leaves_the_row_unjudged_and_stops_no_other(server: ChatServer) -> None:
    rows = ask(server)
    failed = [row for row in rows if isinstance(row, Failed)]
    assert [row.id for row in failed] == [f"{name} against base 0" for name in GARBAGE]
    assert all("no verdict in the last reply" in row.error for row in failed)
    judged = [row for row in rows if isinstance(row, Preference)]
    assert {(row.first.overall, row.second.overall) for row in judged} == {(1.0, 1.0)}
    assert judged[0].first_reasons["accuracy"] == "It is right."
    assert server.sent.total() == 2 * 18 + 2 * 2 * 2  # garbage is asked once more


def test_what_was_asked_is_in_the_ledger_and_a_second_sample_is_not(server: ChatServer) -> None:
    ask(server)
    asked = server.sent.total()
    ask(server)
    assert server.sent.total() == asked
    ask(server, samples=(0, 1))
    assert server.sent.total() == 2 * asked
