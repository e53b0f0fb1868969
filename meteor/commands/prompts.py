"""`meteor prompts`: what each model is asked about a question, word for word, with its tokens.

Texts that stages have written already (a guideline, a draft with its advice, an answer) are shown
where they are there; others are made up, in square brackets.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.jsonl import read_records
from meteor.core.params import Params
from meteor.core.records import (
    Answer,
    Attempt,
    Draft,
    Guideline,
    Prompt,
    Question,
    Record,
    Refinement,
    plain_answer,
)
from meteor.core.roles import load_role
from meteor.pipeline import arguments_of, written_stage
from meteor.prompts import wording
from meteor.prompts.kinds import KINDS, WHOLE, load

R = TypeVar("R", bound=Record)
SETTLED = "no prompt: the verifier settles this (there is no check, or the draft is right)"


@dataclass(frozen=True)
class Shown:
    """One prompt as it is sent: to whom, the turns, and how many tokens they are."""

    kind: str
    to: str
    turns: Sequence[tuple[str, str]]
    tokens: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor prompts`."""
    parser.add_argument("id", nargs="?", help="of a question; default: the first one to train on")
    parser.add_argument("--kind", choices=list(KINDS), help="one kind of prompt; default: all")


def run(arguments: argparse.Namespace) -> None:
    """Print the prompts."""
    from meteor.core.params import load_params

    params = load_params()
    question = find(arguments.id)
    if question == WHOLE:
        question = WHOLE.model_copy(update={"check": params.source.check})
    for shown in prompts_of(question, params, [arguments.kind] if arguments.kind else list(KINDS)):
        print(f"=== {shown.kind}: {shown.to}, {shown.tokens}")
        for role, text in shown.turns:
            print(f"--- {role}\n{text}")
        print()


def find(identifier: str | None) -> Question:
    """The question with an id; without one the first of training, or where there is none yet, one
    that is made up. Raises MeteorError where no split has it.
    """
    paths = arguments_of(written_stage("ingest")["cmd"])
    for split in ("train", "dev", "test"):
        file = Path(paths[split])
        for question in read_records(file, Question) if file.exists() else ():
            if identifier in (None, question.id):
                return question
    if identifier is None:
        return WHOLE
    raise MeteorError(f"no question has the id {identifier!r}; `meteor show` looks into files")


def prompts_of(question: Question, params: Params, kinds: Sequence[str]) -> Iterator[Shown]:
    """The prompts of these kinds about a question."""
    for kind in kinds:
        role = KINDS[kind].role
        if role in ("advisor", "judge"):
            yield _verdict(kind, role, question, params)
            continue
        prompt = _prompt(kind, question, params)
        if getattr(params, role).plugin == "chat_api":
            yield _requested(kind, role, _asked(role, question, prompt, params), params)
        else:
            yield _local(kind, role, prompt, params)


def _prompt(kind: str, question: Question, params: Params) -> Prompt:
    domain = params.domain
    if kind == "distillation":
        written = _row("guideline", question.id, Guideline)
        text = written.text if written else None
        return wording.distillation(domain)(question, text or "[the student's guideline]")
    if kind == "revision":
        return wording.revision(domain)(question, _tried(question.id))
    asking = {
        "guideline": wording.guideline,
        "unguided": wording.unguided,
        "answer": wording.answer,
    }
    return asking[kind](domain)(question)


def _tried(identifier: str) -> Attempt:
    refined = _row("iterate", identifier, Refinement)
    made_up = Attempt(
        text="[the student's answer]", finish_reason="stop", correct=False, advice="[the advice]"
    )
    tries = refined.attempts if refined else ()
    return next((attempt for attempt in tries if not attempt.correct), made_up)


def _row(stage: str, identifier: str, kind: type[R]) -> R | None:
    """What the stages of a kind have written about a question, where they have."""
    out = arguments_of(written_stage(stage)["cmd"])["out"]
    for file in sorted(Path().glob(out.replace("${key}", "*"))):
        for row in read_records(file, kind):
            if row.key == identifier:
                return row
    return None


def _asked(role: str, question: Question, prompt: Prompt, params: Params) -> Any:
    from meteor.planning.plan import Plan, ask

    plan = Plan("prompts", role)
    if role == "teacher":
        rest: dict[str, Any] = {"questions": [question], "seed": params.seed}
        return ask(plan, params, "teacher_answer", prompts=[prompt], **rest)
    rest = {"checkpoint": _base(), "decoding": params.answer.decoding, "seed": params.seed}
    return ask(plan, params, "student_generate", prompts=[prompt], **rest)


def _verdict(kind: str, role: str, question: Question, params: Params) -> Shown:
    """What advisor or judge is asked. Where the chosen one asks no model, what the one behind an
    endpoint would be asked.
    """
    from meteor.core.judgements import Comparison
    from meteor.planning.plan import Plan, ask

    section = getattr(params, role)
    asking = section.model_copy(update={"plugin": "chat_api"})
    chat = params.model_copy(update={role: asking})
    answer = _row("answer", question.id, Answer)
    text = answer.text if answer else "[the answer under judgement]"
    if kind == "advice":
        own = Draft(id=question.id, question=question, text=_tried(question.id).text)
        rows: dict[str, Any] = {"drafts": [own]}
    elif kind == "judge-score":
        rows = {"answers": [plain_answer(question, text)]}
    else:
        other = "[another answer]"
        pair = Comparison(id=question.id, question=question, first=text, second=other)
        rows = {"pairs": [pair]}
    hooks = {"advice": "advisor_advise", "judge-score": "judge_score"}
    try:
        plan = ask(Plan("prompts", role), chat, hooks.get(kind, "judge_compare"), **rows)
    except SettingsError:
        if section.plugin == "chat_api":
            raise
        load(kind, params.domain)  # a fault of the template is told all the same
        return Shown(kind, f"{role} {section.plugin}", (), "which sends no prompt")
    if not plan.requests:
        load(kind, params.domain)
        return Shown(kind, f"{role} {section.plugin}", (), SETTLED)
    return _requested(kind, role, plan, params)


def _requested(kind: str, role: str, plan: Any, params: Params) -> Shown:
    """The request that an endpoint would get."""
    from meteor.commands.estimate import counter

    (request,) = plan.requests
    chosen = getattr(params, role).plugin
    about = "" if plan.settings.tokenizer else "about "
    unsent = "" if chosen == "chat_api" else f" (not sent now: {role}.plugin is {chosen})"
    tokens = f"{about}{round(counter(plan.settings, None)(request))} tokens"
    return Shown(kind, f"{role} {plan.settings.model}{unsent}", request.messages, tokens)


def _local(kind: str, role: str, prompt: Prompt, params: Params) -> Shown:
    """A prompt for a model on this machine, shortened where that has to be."""
    from meteor.models.encoding import fit_prompt, prompt_ids

    plugin = load_role(role, params)
    to = f"{role} {plugin.name}"
    folder = _base() if role == "student" else getattr(plugin.params, "model", None)
    turns = [(turn.role, turn.content) for turn in prompt.messages]
    if folder is None:
        return Shown(kind, to, turns, "which reads no prompt")
    tokenizer = _tokenizer(folder, params)
    if tokenizer is None:
        return Shown(kind, to, turns, "tokens not known: there is no tokenizer yet")
    before, limit = len(prompt_ids(tokenizer, prompt)), _limit(kind, folder, plugin.params, params)
    fitted = fit_prompt(tokenizer, prompt, limit) if limit else prompt
    if fitted is None:
        return Shown(kind, to, turns, f"{before} tokens: too long for {limit}, the row would fail")
    turns = [(turn.role, turn.content) for turn in fitted.messages]
    after = len(prompt_ids(tokenizer, fitted))
    shortened = f", shortened from {before}" if after < before else ""
    return Shown(kind, to, turns, f"{after} tokens{shortened}")


def _base() -> Path:
    return Path(arguments_of(written_stage("base")["cmd"])["out"])


def _tokenizer(folder: Path, params: Params) -> Any:
    """The model's tokenizer; before there is a checkpoint, the one that `base` can give."""
    from meteor.models.encoding import load_tokenizer

    if (folder / "config.json").exists():
        return load_tokenizer(folder)
    base = load_role("base", params)
    return base.call("base_tokenizer") if base.has("base_tokenizer") else None


def _limit(kind: str, folder: Path, settings: Any, params: Params) -> int | None:
    """The most tokens that a prompt may have; None where the model is not there yet."""
    file = folder / "config.json"
    own = json.loads(file.read_text()).get("max_position_embeddings") if file.exists() else None
    windows = [size for size in (own, getattr(settings, "window", None)) if size]
    decodings = {
        "guideline": params.guideline.decoding,
        "answer": params.answer.decoding,
        "revision": params.iterate.decoding,
    }
    decoding: Any = decodings.get(kind) or getattr(settings, "decoding", params.answer.decoding)
    return min(windows) - decoding.max_new_tokens if windows else None
