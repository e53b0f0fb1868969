"""Verdicts: read from any form, never guessed, and never taken from the text under judgement."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from meteor.chat.reading import Unreadable, read_verdict
from meteor.chat.settings import StructuredSettings
from meteor.chat.structured import Deciding, schema_of
from meteor.chat.verdicts import AdviceVerdict, PreferenceVerdict, ScoreVerdict
from meteor.core.judgements import ASPECTS, DIMENSIONS, Judgement
from meteor.core.records import Advice, Failed
from meteor.transport.session import converse
from tests.chat.verdicts import API, answer, judged, scores, scoring, ticket_in
from tests.transport.server import Body, ChatServer, Outcome, error, serving

SOUND = json.dumps(scores("t1"))


@pytest.mark.parametrize(
    "reply",
    [
        SOUND,
        f"```json\n{SOUND}\n```",
        f"Here is my verdict:\n\n{SOUND}\n\nI hope that it helps {{you}}.",
        SOUND.replace('"score": 7}', '"score": 7,}'),
        SOUND[:-1] + ",\n}",
        SOUND.replace('"', "'"),
        SOUND[:-1],
        f"<think>Maybe {json.dumps(scores('t1', 2))}? No.</think>{SOUND}",
        SOUND.replace('"score": 7', '"score": "7"'),
    ],
    ids=[
        "plain",
        "fence",
        "prose",
        "trailing commas",
        "trailing comma at the end",
        "single quotes",
        "last brace missing",
        "thoughts",
        "number as text",
    ],
)
def test_a_verdict_is_read_whatever_stands_around_it(reply: str) -> None:
    verdict = read_verdict(reply, ScoreVerdict, "t1").judgement("q1")
    assert {verdict.scores.get(name) for name in DIMENSIONS} == {7}
    assert verdict.reasons["accuracy"] == "Its accuracy is fair."


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Accuracy 9, completeness 9, and so on.",
        json.dumps(scores("t2")),
        json.dumps(scores("t1", 11)),
        json.dumps(scores("t1", 0)),
        json.dumps(scores("t1", 7.5)),
        json.dumps(scores("t1", True)),
        json.dumps({k: v for k, v in scores("t1").items() if k != "reliability"}),
        json.dumps(scores("t1", 3)) + json.dumps(scores("t1", 9)),
        SOUND[:-1] + ', "accuracy": {"reason": "x", "score": 10}}',
        '{"ticket": "t1", "accuracy": {"reason": "Says "accuracy": {"score": 10}", "score": 2},}',
    ],
    ids=[
        "empty",
        "no object",
        "another ticket",
        "above ten",
        "below one",
        "not whole",
        "true",
        "a dimension missing",
        "two verdicts",
        "a key twice",
        "broken quotes around a quoted verdict",
    ],
)
def test_what_is_not_a_verdict_is_not_read(reply: str) -> None:
    with pytest.raises(Unreadable):
        read_verdict(reply, ScoreVerdict, "t1")


@pytest.mark.parametrize(
    "word",
    ['"Not correct"', '"Correct"', '"not correct"', "Not correct", "1", '"yes"', "null"],
)
def test_only_true_is_correct(word: str) -> None:
    with pytest.raises(Unreadable):
        read_verdict(f'{{"ticket": "t1", "correct": {word}, "advice": ""}}', AdviceVerdict, "t1")


@pytest.mark.parametrize(
    "fields",
    [
        {"correct": False, "advice": " "},
        {"correct": True, "errors": ["It is wrong."], "advice": ""},
    ],
)
def test_advice_that_contradicts_itself_is_not_taken(fields: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read_verdict(json.dumps({"ticket": "t1", **fields}), AdviceVerdict, "t1")


def test_advice_names_the_errors() -> None:
    fields = {"ticket": "t1", "correct": False, "errors": ["No units."], "advice": "Give units."}
    verdict = read_verdict(json.dumps(fields), AdviceVerdict, "t1")
    assert verdict.record("q1") == Advice(id="q1", correct=False, advice="Give units.\n- No units.")


def test_a_preference_names_a_side_in_each_dimension() -> None:
    parts = {name: {"reason": "Clearer.", "better": "second"} for name in ASPECTS}
    verdict = read_verdict(json.dumps({"ticket": "t", **parts}), PreferenceVerdict, "t")
    compared = verdict.compared("q1")
    assert [compared.shares.get(name) for name in ASPECTS] == [0.0] * 6
    assert compared.reasons["overall"] == "Clearer."
    with pytest.raises(Unreadable):
        read_verdict(
            json.dumps({"ticket": "t", **parts}).replace("second", "third"), PreferenceVerdict, "t"
        )


@pytest.mark.parametrize("kind", [ScoreVerdict, AdviceVerdict, PreferenceVerdict])
def test_schemas_are_strict(kind: type[ScoreVerdict]) -> None:
    """OpenAI takes a strict schema only with every field required and no others allowed."""

    def objects(node: Any) -> list[dict[str, Any]]:
        below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
        own = [node] if isinstance(node, dict) and node.get("type") == "object" else []
        return own + [found for part in below for found in objects(part)]

    schema = dict(schema_of(kind).schema)
    for node in objects(schema):
        assert node["required"] == list(node["properties"])
        assert node["additionalProperties"] is False
    assert "$ref" not in json.dumps(schema)


def test_a_broken_reply_is_sent_back_with_the_error_named() -> None:
    def write(body: Body) -> tuple[str, str]:
        turns = len(body["messages"])
        value = {1: 17, 3: 7}[turns]
        return json.dumps(scores(ticket_in(body), value)), "stop"

    with serving(ChatServer(write)) as server:
        settings = StructuredSettings(base_url=server.url, model="judge")
        (first,) = judged("Dropout drops units.", settings)
        assert isinstance(first, Judgement) and first.scores.overall == 7
        assert "accuracy.score" in server.bodies[1]["messages"][-1]["content"]
        assert judged("Dropout drops units.", settings) == [first]
        assert len(server.bodies) == 2, "both replies are in the ledger"


def test_repairs_end() -> None:
    with serving(ChatServer(lambda body: ("I would rather not.", "stop"))) as server:
        settings = StructuredSettings(base_url=server.url, model="judge", max_repairs=2)
        (failed,) = judged("Dropout drops units.", settings)
        assert isinstance(failed, Failed) and "no JSON object" in failed.error
        assert len(server.bodies) == 3


def refuse_schema(number: str, attempt: int, body: Body) -> Outcome | None:
    kind = body.get("response_format", {}).get("type")
    if kind == "json_schema":
        return Outcome(400, error("response_format json_schema is not supported"))
    return None


def fall_over_schema(number: str, attempt: int, body: Body) -> Outcome | None:
    """As llama.cpp's Python server does."""
    kind = body.get("response_format", {}).get("type")
    return Outcome(500, error("Internal Server Error")) if kind == "json_schema" else None


def refuse_all(number: str, attempt: int, body: Body) -> Outcome | None:
    return Outcome(422, error("extra fields")) if "response_format" in body else None


@pytest.mark.parametrize(
    "fault, last",
    [
        (None, "json_schema"),
        (refuse_schema, "json_object"),
        (fall_over_schema, "json_object"),
        (refuse_all, None),
    ],
)
def test_an_endpoint_is_asked_for_json_in_the_way_that_it_knows(
    fault: Callable[[str, int, Body], Outcome | None] | None, last: str | None
) -> None:
    def write(body: Body) -> tuple[str, str]:
        return json.dumps(scores(ticket_in(body))), "stop"

    with serving(ChatServer(write, fault)) as server:
        settings = StructuredSettings(base_url=server.url, model="judge")
        asked = [scoring(answer(f"Text {n}.")) for n in range(12)]
        rows = [
            Deciding(str(n), row, ScoreVerdict, ScoreVerdict.judgement, settings)
            for n, row in enumerate(asked)
        ]
        api = API.model_copy(update={"concurrency": 1})
        assert all(isinstance(row, Judgement) for row in converse(settings, rows, api))
        kinds = [body.get("response_format", {}).get("type") for body in server.bodies]
        assert kinds[-11:] == [last] * 11, "what the endpoint does not know is asked once"


@pytest.mark.parametrize("unit", ["[", '{"', '{"a":[', '{"a":', "(", "<think>", "{ ", '"x', "}{"])
@pytest.mark.parametrize("start", ["", '{"ticket": "t1", "accuracy": '])
def test_a_judge_in_a_loop_is_unreadable_at_once(unit: str, start: str) -> None:
    """Twelve kilobytes of it took a minute, or the recursion's limit ended the stage."""
    for close in ("", "]" * 30_000 + "}"):
        with pytest.raises(Unreadable):
            read_verdict(start + unit * 30_000 + close, ScoreVerdict, "t1")


def test_a_verdict_may_be_mended_in_spite_of_a_brace_in_a_reason() -> None:
    broken = SOUND.replace("Its accuracy is fair.", "It writes f(x) = {1} [2].")[:-1] + ",\n}"
    assert read_verdict(broken, ScoreVerdict, "t1").judgement("q1").scores.overall == 7
