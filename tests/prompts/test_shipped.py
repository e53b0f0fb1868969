"""The shipped templates give what earlier versions sent, byte for byte, with the same keys."""

import json
from typing import Any

import pytest

from meteor.chat.asking import writings
from meteor.chat.sealed import Asked
from meteor.chat.settings import StructuredSettings, WritingSettings
from meteor.chat.structured import Deciding
from meteor.chat.verdicts import AdviceVerdict, PreferenceVerdict, ScoreVerdict, Verdict
from meteor.core.judgements import Comparison
from meteor.core.params import load_params
from meteor.core.records import Attempt, Draft, Prompt, Question, plain_answer
from meteor.prompts import wording
from meteor.prompts.kinds import KINDS, load
from plugins.advisor.chat_api import advice
from plugins.judge.chat_api import preference, score
from tests.conftest import ROOT

SHIPPED: dict[str, Any] = json.loads((ROOT / "tests/prompts/shipped.json").read_text())
QUESTIONS = {row["id"]: Question.model_validate(row) for row in SHIPPED["questions"]}
TEXT, ANSWER, OTHER = (SHIPPED[name] for name in ("text", "answer", "other"))
DOMAIN = load_params(ROOT / "params.yaml").domain
URL = "http://127.0.0.1:9/v1"


def prompt(kind: str, question: Question) -> Prompt:
    if kind == "distillation":
        return wording.distillation(DOMAIN)(question, TEXT)
    if kind == "revision":
        own = Attempt(text=ANSWER, finish_reason="stop", correct=False, advice=TEXT)
        return wording.revision(DOMAIN)(question, own)
    asking: wording.Asking = getattr(wording, kind)(DOMAIN)
    return asking(question)


def verdict(kind: str, question: Question, show: bool) -> tuple[Asked, type[Verdict]]:
    words = load(kind, DOMAIN)
    if kind == "advice":
        draft = Draft(id=question.id, question=question, text=ANSWER)
        return advice(draft, words, show), AdviceVerdict
    if kind == "judge-score":
        return score(plain_answer(question, ANSWER), words, show), ScoreVerdict
    pair = Comparison(id=question.id, question=question, first=ANSWER, second=OTHER)
    return preference(pair, words, show), PreferenceVerdict


@pytest.mark.parametrize("row", SHIPPED["rows"], ids=lambda row: f"{row['kind']}-{row['question']}")
def test_the_shipped_wording_is_what_it_was(row: dict[str, Any]) -> None:
    question = QUESTIONS[row["question"]]
    if "ticket" in row:
        asked, kind = verdict(row["kind"], question, row["show_reference"])
        settings = StructuredSettings(base_url=URL, model="m")
        deciding = Deciding(question.id, asked, kind, lambda *_: question, settings)
        assert asked.ticket == row["ticket"]
        sent: Any = [[role, text, None] for role, text in deciding.request.messages]
        request = deciding.request
    else:
        ready = prompt(row["kind"], question)
        sent = [[m.role, m.content, list(m.cut) if m.cut else None] for m in ready.messages]
        (writing,) = writings([ready], WritingSettings(base_url=URL, model="m"), 7, False)
        request = writing.request
    assert sent == row["messages"]
    assert request.key(URL) == row["key"]


def test_every_kind_is_held() -> None:
    assert {row["kind"] for row in SHIPPED["rows"]} == set(KINDS)


@pytest.mark.parametrize(
    ("reason", "text", "said", "told"),
    [
        ("length", "An answ", "Name it.", "Name it. Be shorter: the answer was cut off."),
        ("length", "", "", "Be shorter: the answer was cut off."),
        ("stop", " ", "Name it.", "Name it. Write an answer."),
        ("stop", "An answer.", "Name it.", "Name it."),
    ],
)
def test_a_revision_says_that_an_answer_was_cut_off_or_empty(
    reason: Any, text: str, said: str, told: str
) -> None:
    own = Attempt(text=text, finish_reason=reason, correct=False, advice=said)
    *_, last = wording.revision(DOMAIN)(QUESTIONS["q1"], own).messages
    assert last.content.startswith(f"An expert advises: {told}\n\nFollow")
