"""What the tests of verdicts share: a question, an answer to judge, and a sound verdict."""

import re
from typing import Any

from meteor.chat.sealed import Asked
from meteor.chat.settings import StructuredSettings
from meteor.chat.structured import Deciding
from meteor.chat.verdicts import ScoreVerdict
from meteor.core.domain import PLAIN
from meteor.core.judgements import DIMENSIONS, Judgement
from meteor.core.records import Answer, Failed, Question
from meteor.core.settings import Api
from meteor.prompts.kinds import load
from meteor.transport.session import converse
from plugins.judge import chat_api as judging
from tests.transport.server import Body

API = Api(concurrency=8, timeout=10, max_retries=3)
QUESTION = Question(id="q1", title="What is dropout?", body="I wonder.", category="ml")


def scores(ticket: str, value: Any = 7) -> dict[str, Any]:
    parts: dict[str, Any] = {
        name: {"reason": f"Its {name} is fair.", "score": value} for name in DIMENSIONS
    }
    return {"ticket": ticket, **parts}


def ticket_in(body: Body) -> str:
    """The ticket that a prompt asks for: the last thing it says."""
    asked = next(turn["content"] for turn in body["messages"] if turn["role"] == "user")
    return str(re.findall(r'"ticket": "(\w+)"', asked)[-1])


def answer(text: str) -> Answer:
    return Answer(id="q1", question=QUESTION, text=text, finish_reason="stop", tokens=9, flops=None)


def scoring(row: Answer, show_reference: bool = True) -> Asked:
    """What the judge is asked about an answer."""
    return judging.score(row, load("judge-score", PLAIN), show_reference)


def judged(text: str, settings: StructuredSettings) -> list[Judgement | Failed]:
    asked = scoring(answer(text))
    deciding = Deciding("q1", asked, ScoreVerdict, ScoreVerdict.judgement, settings)
    return list(converse(settings, [deciding], API))
