"""`meteor trace`: one question from the checkpoint's weights to its verdict and the ledger."""

import argparse
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records
from meteor.core.judgements import ASPECTS, DIMENSIONS, Judgement, Preference
from meteor.core.params import Params, load_params
from meteor.core.records import (
    Answer,
    Distilled,
    Draft,
    Example,
    Guideline,
    Pair,
    Record,
    Refinement,
)
from meteor.core.revisions import REVISED
from meteor.core.shown import shown
from meteor.pipeline import Lineage, Locked, read_lineage
from meteor.transport.ledger import Ledger, ledger_path

R = TypeVar("R", bound=Record)
SHORT = 12
"""Characters of a hash that are shown."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor trace`."""
    parser.add_argument("question", help="the question's id")
    parser.add_argument("--model", help="only this checkpoint")


def run(arguments: argparse.Namespace) -> None:
    """Print what every finished stage knows of the question. Raises MeteorError for none."""
    params, lineage = load_params(), read_lineage()
    if not lineage.stages:
        raise MeteorError("dvc.lock: no stage has ended yet; run `dvc repro`")
    told = list(_training(arguments.question, params, lineage))
    told += _evaluation(arguments.question, arguments.model, params, lineage)
    if not told:
        raise MeteorError(
            f"no finished stage has the question {arguments.question!r}{_not_here(lineage)}"
        )
    print(shown(arguments.question))
    for line in told:
        print(shown(line))


def _not_here(lineage: Lineage) -> str:
    """That a question may stand in what this workspace lacks, as in a fresh clone."""
    if all(Path(path).exists() for stage in lineage.stages.values() for path in stage.writes):
        return ""
    return "; not all that dvc.lock records is here: `dvc pull` or `dvc repro` brings it"


def _training(question: str, params: Params, lineage: Lineage) -> Iterator[str]:
    """What became of a training question, in the order of the phases."""
    for name, stage in lineage.stages.items():
        kind, out = name.split("@")[0], stage.arguments.get("out", "")
        if kind == "guideline" and (guide := _row(out, Guideline, question)):
            yield from _head(stage, out, lineage)
            yield _said("guideline", guide.text or "(guidelines are switched off)")
        elif kind == "distill" and (taught := _row(out, Distilled, question)):
            yield from _head(stage, out, lineage)
            yield _said("answer", taught.answer)
            yield from _paid(_teacher(taught, params))
        elif kind == "revise" and (revised := _row(out, Example, question + REVISED)):
            yield from _head(stage, out, lineage)
            *_, draft, advice = revised.prompt.messages
            yield _said("draft", draft.content)
            yield _said("advice", advice.content)
            yield _said("answer", revised.answer)
        elif kind == "iterate" and (tried := _row(out, Refinement, question)):
            yield from _head(stage, out, lineage)
            for number, attempt in enumerate(tried.attempts, start=1):
                verdict = "accepted" if attempt.correct else "not yet"
                yield _said(f"attempt {number}, {verdict}", attempt.text)
                if attempt.advice:
                    yield _said("advice", attempt.advice)
                yield from _paid(_advisor(tried, attempt.text, params))
        elif kind == "pairs" and (pair := _row(out, Pair, question)):
            yield from _head(stage, out, lineage)
            yield _said("chosen", pair.chosen)
            yield _said("rejected", pair.rejected)


def _evaluation(
    question: str, model: str | None, params: Params, lineage: Lineage
) -> Iterator[str]:
    """What each checkpoint answered, and what the judge said."""
    for name, stage in lineage.stages.items():
        kind, _, checkpoint = name.partition("@")
        if kind != "answer" or model not in (None, checkpoint):
            continue
        out = stage.arguments["out"]
        answer = _row(out, Answer, question)
        if answer is None:
            continue
        yield from _weights(checkpoint, stage.arguments["checkpoint"], lineage)
        yield from _head(stage, out, lineage)
        yield _said(f"{answer.tokens} tokens", answer.text)
        judge = lineage.one("judge", answers=out)
        if judge and (judged := _row(judge.arguments["out"], Judgement, question)):
            yield from _head(judge, judge.arguments["out"], lineage)
            scores = ", ".join(f"{name} {judged.scores.get(name):.1f}" for name in DIMENSIONS)
            yield f"    {scores}; overall {judged.scores.overall:.2f}"
            yield from _paid(_judge(answer, params))
        compare = lineage.one("compare", answers=out)
        for row in _preferences(compare, question):
            flips = ", flips with the order" if row.flips("overall") else ""
            shares = ", ".join(f"{name} {row.share(name):g}" for name in ASPECTS)
            yield f"  against {row.against}: {shares}{flips}"
            other = lineage.stages.get(f"answer@{row.against}")
            rival = _row(other.arguments["out"], Answer, question) if other else None
            if rival:
                yield from _paid(_comparison(answer, row.against, rival, params))


def _weights(checkpoint: str, folder: str, lineage: Lineage) -> Iterator[str]:
    """The line from base to a checkpoint: each one's hash, and the data that it learned."""
    yield f"\n{checkpoint}: {_hashed(folder, lineage)}"
    path: str | None = folder
    while path and (maker := lineage.maker(path)):
        inputs = lineage.data(maker)
        yield f"  {path} by {maker.name}" + (" from" if inputs else "")
        yield from (f"    {_hashed(part, lineage)}" for part in sorted(inputs))
        path = maker.arguments.get("start")


def _head(stage: Locked, out: str, lineage: Lineage) -> list[str]:
    return [f"  {stage.name}: {_hashed(out, lineage)}"]


def _hashed(path: str, lineage: Lineage) -> str:
    return f"{path} {(lineage.hash(path) or 'not recorded')[:SHORT]}"


def _said(what: str, text: str) -> str:
    return f"    {what}: {textwrap.shorten(text, 160, placeholder=' …')}"


def _row(path: str, kind: type[R], question: str) -> R | None:
    """The row of a question; None where the file or the row is not there."""
    file = Path(path)
    if not file.exists():
        return None
    return next((r for r in read_records(file, kind) if getattr(r, "id", None) == question), None)


def _preferences(stage: Locked | None, question: str) -> list[Preference]:
    if stage is None or not (file := Path(stage.arguments["out"])).exists():
        return []
    return [row for row in read_records(file, Preference) if row.id == question and not row.same]


def _judge(answer: Answer, params: Params) -> Any:
    from meteor.planning.plan import Plan, ask

    return ask(Plan("judge", "judge"), params, "judge_score", answers=[answer])


def _comparison(answer: Answer, against: str, rival: Answer, params: Params) -> Any:
    from meteor.evaluation.comparing import Match
    from meteor.planning.plan import Plan, ask

    match = Match(answer.question, against, answer.text, rival.text)
    return ask(Plan("compare", "judge"), params, "judge_compare", pairs=list(match.orders()))


def _advisor(tried: Refinement, text: str, params: Params) -> Any:
    from meteor.planning.plan import Plan, ask

    draft = Draft(id=tried.id, question=tried.question, text=text)
    return ask(Plan("iterate", "advisor"), params, "advisor_advise", drafts=[draft])


def _teacher(taught: Distilled, params: Params) -> Any:
    from meteor.planning.plan import Plan, ask
    from meteor.prompts import wording

    if taught.guideline is None:
        prompt = wording.unguided(params.domain)(taught.question)
    else:
        prompt = wording.distillation(params.domain)(taught.question, taught.guideline)
    return ask(
        Plan("distill", "teacher"),
        params,
        "teacher_answer",
        prompts=[prompt],
        questions=[taught.question],
        seed=params.seed,
    )


def _paid(plan: Any) -> Iterator[str]:
    """The ledger's entries of the requests: key, model, tokens and cost, never what was secret."""
    if not plan.requests or not ledger_path().exists():
        return
    with Ledger() as ledger:
        for request in plan.requests:
            key = request.key(plan.settings.base_url)
            reply = ledger.get(key)
            if reply is None:
                yield f"    ledger: no entry {key[:SHORT]}; the settings may have changed since"
                continue
            cost = "no price known" if reply.cost is None else f"cost {reply.cost:g}"
            tokens = f"{reply.prompt_tokens} + {reply.completion_tokens} tokens"
            yield f"    ledger {key[:SHORT]}: {request.model}, {tokens}, {cost}"
