"""A plan: the requests that a stage's plugin makes, kept instead of sent.

What a stage would be asked about things that do not exist yet (the guidelines, the drafts, a
checkpoint's answers) is made up in the right number and at its longest, and marked as assumed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meteor.chat.asking import Conversation, Request
from meteor.chat.settings import ChatSettings
from meteor.core.choice import choose_taught
from meteor.core.domain import Domain
from meteor.core.jsonl import read_records
from meteor.core.params import Params
from meteor.core.records import Question
from meteor.core.roles import load_role
from meteor.core.settings import Decoding
from meteor.prompts.wording import Asking
from meteor.transport.session import PLANNER

FILLER = "some words that stand for a text which is not written yet "
BYTES_PER_TOKEN = 4
Paths = Mapping[str, str]
"""The arguments of a stage's command."""


@dataclass
class Plan:
    """What one stage would ask of one role. `times` is how often at most."""

    stage: str
    role: str
    settings: ChatSettings | None = None
    requests: list[Request] = field(default_factory=list)
    assumed: str = ""
    times: int = 1


def ask(plan: Plan, params: Params, hook: str, **arguments: Any) -> Plan:
    """Let the plugin make its requests, and keep them instead of sending them."""

    def look(settings: ChatSettings, conversations: Iterable[Conversation]) -> None:
        plan.settings = settings
        plan.requests += [conversation.request for conversation in conversations]

    section = getattr(params, plan.role)
    if section.plugin != "chat_api":
        return plan
    token = PLANNER.set(look)
    try:
        list(load_role(plan.role, params).call(hook, **arguments))
    finally:
        PLANNER.reset(token)
    return plan


def student(
    stage: str,
    asked: list[Question],
    word: Callable[[Domain], Asking],
    decoding: Decoding,
    checkpoint: str,
    params: Params,
) -> Plan:
    """Answers that the student would be asked for; `word` gives the prompts."""
    asking = word(params.domain)
    return ask(
        Plan(stage, "student"),
        params,
        "student_generate",
        prompts=[asking(question) for question in asked],
        checkpoint=Path(checkpoint),
        decoding=decoding,
        seed=params.seed,
    )


def questions(paths: Paths) -> list[Question]:
    """The questions that a stage reads, where they are there."""
    file = Path(paths["questions"])
    return list(read_records(file, Question)) if file.exists() else []


def taught(paths: Paths, params: Params) -> list[Question]:
    """The questions of a stage that the teacher answers in phase 1, where they are there."""
    return choose_taught(questions(paths), params.distill.questions, params.seed)


def filler(tokens: int) -> str:
    """A text of about so many tokens."""
    size = tokens * BYTES_PER_TOKEN
    return (FILLER * (size // len(FILLER) + 1))[:size]
