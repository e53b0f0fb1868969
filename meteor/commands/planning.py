"""Which requests the stages would send: the stages' own prompts and plugins, without a call.

The paths come from dvc.yaml, as everywhere. What a stage would be asked about things that do not
exist yet (the guidelines, the drafts, a checkpoint's answers) is made up in the right number and
at its longest, and marked as assumed.
"""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from meteor import prompts
from meteor.chat.asking import Conversation, Request
from meteor.chat.session import PLANNER
from meteor.chat.settings import ChatSettings
from meteor.choice import choose
from meteor.core.jsonl import read_records
from meteor.core.params import Params
from meteor.core.records import Answer, Draft, Guideline, Question
from meteor.core.roles import load_role
from meteor.core.settings import Decoding

FILLER = "some words that stand for a text which is not written yet "
BYTES_PER_TOKEN = 4


@dataclass
class Plan:
    """What one stage would ask of one role. `times` is how often at most."""

    stage: str
    role: str
    settings: ChatSettings | None = None
    requests: list[Request] = field(default_factory=list)
    assumed: str = ""
    times: int = 1


def plans(params: Params, file: Path = Path("dvc.yaml")) -> Iterator[Plan]:
    """The plans of all stages that ask an endpoint, in the order of dvc.yaml."""
    for stage, paths in stages(file):
        for plan in _of_stage(stage, paths, params):
            if plan.settings and plan.requests:
                yield plan


def stages(file: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Every stage of dvc.yaml with the arguments of its command."""
    from dvc.repo import Repo

    with Repo(str(file.parent.resolve())) as repo:
        for stage in repo.index.stages:
            words = shlex.split(str(stage.cmd))
            pairs = pairwise(words)
            yield (
                stage.addressing,
                {name[2:]: value for name, value in pairs if name.startswith("--")},
            )


def _of_stage(stage: str, paths: dict[str, str], params: Params) -> Iterator[Plan]:
    kind = stage.split("@")[0]
    if kind == "guideline":
        yield _student(
            stage,
            _questions(paths),
            prompts.guideline,
            params.guideline.decoding,
            paths["checkpoint"],
            params,
        )
    elif kind == "distill":
        yield _distill(stage, paths, params)
    elif kind == "iterate":
        yield from _iterate(stage, paths, params)
    elif kind == "pairs":
        asked = _chosen(paths, params.pairs.questions, params)
        for decoding, name in (
            (params.pairs.chosen, "checkpoint"),
            (params.pairs.rejected, "against"),
        ):
            yield _student(stage, asked, prompts.answer, decoding, paths[name], params)
    elif kind == "answer":
        yield _student(
            stage,
            _questions(paths),
            prompts.answer,
            params.answer.decoding,
            paths["checkpoint"],
            params,
        )
    elif kind == "judge":
        yield _judge(stage, paths, params)


def _plan(plan: Plan, params: Params, hook: str, **arguments: Any) -> Plan:
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


def _student(
    stage: str,
    asked: list[Question],
    prompt: Any,
    decoding: Decoding,
    checkpoint: str,
    params: Params,
) -> Plan:
    return _plan(
        Plan(stage, "student"),
        params,
        "student_generate",
        prompts=[prompt(question) for question in asked],
        checkpoint=Path(checkpoint),
        decoding=decoding,
        seed=params.seed,
    )


def _distill(stage: str, paths: dict[str, str], params: Params) -> Plan:
    asked, assumed = _questions(paths), ""
    guidelines = Path(paths["guidelines"])
    if guidelines.exists():
        texts = {row.id: row.text for row in read_records(guidelines, Guideline)}
    else:
        assumed = "guidelines"
        length = params.guideline.decoding.max_new_tokens
        texts = {question.id: filler(length) for question in asked}
    guided = [question for question in asked if question.id in texts]
    return _plan(
        Plan(stage, "teacher", assumed=assumed),
        params,
        "teacher_answer",
        prompts=[prompts.distillation(q, texts[q.id]) for q in guided],
        questions=guided,
        seed=params.seed,
    )


def _iterate(stage: str, paths: dict[str, str], params: Params) -> Iterator[Plan]:
    """Drafts depend on the answers before them, so that the ledger cannot tell what it has."""
    asked, times = _chosen(paths, params.iterate.questions, params), params.iterate.max_iterations
    plan = _student(stage, asked, prompts.answer, params.iterate.decoding, paths["start"], params)
    plan.times, plan.assumed = times, "revisions"
    yield plan
    text = filler(params.iterate.decoding.max_new_tokens)
    drafts = [Draft(id=question.id, question=question, text=text) for question in asked]
    yield _plan(
        Plan(stage, "advisor", assumed="drafts", times=times),
        params,
        "advisor_advise",
        drafts=drafts,
    )


def _judge(stage: str, paths: dict[str, str], params: Params) -> Plan:
    answers, assumed = Path(paths["answers"]), ""
    if answers.exists():
        rows = list(read_records(answers, Answer))
    else:
        assumed = "answers"
        length = params.answer.decoding.max_new_tokens
        rows = [
            Answer(
                id=question.id,
                question=question,
                text=filler(length),
                finish_reason="stop",
                tokens=length,
                flops=None,
            )
            for question in _held_out()
        ]
    return _plan(Plan(stage, "judge", assumed=assumed), params, "judge_score", answers=rows)


def _held_out() -> list[Question]:
    """The questions that the checkpoints will answer, where they are there."""
    for stage, paths in stages(Path("dvc.yaml")):
        if stage.split("@")[0] == "answer":
            return _questions(paths)
    return []


def _questions(paths: dict[str, str]) -> list[Question]:
    file = Path(paths["questions"])
    return list(read_records(file, Question)) if file.exists() else []


def _chosen(paths: dict[str, str], count: int | None, params: Params) -> list[Question]:
    return choose(_questions(paths), count, f"{params.seed}/{paths['name']}")


def filler(tokens: int) -> str:
    """A text of about so many tokens."""
    size = tokens * BYTES_PER_TOKEN
    return (FILLER * (size // len(FILLER) + 1))[:size]
