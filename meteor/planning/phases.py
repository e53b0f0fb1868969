"""The plans of all stages, and those of the three phases in particular. The paths come from
dvc.yaml, as everywhere; the prompts are the stages' own.
"""

from collections.abc import Iterator
from pathlib import Path

from meteor import prompts
from meteor.core.choice import choose
from meteor.core.jsonl import read_records
from meteor.core.params import Params
from meteor.core.records import Draft, Guideline, Pair
from meteor.planning.evaluation import compare, judge, unguided
from meteor.planning.plan import Plan, answer, ask, chosen, filler, questions, stages, student


def plans(params: Params, file: Path = Path("dvc.yaml")) -> Iterator[Plan]:
    """The plans of all stages that ask an endpoint, in the order of dvc.yaml."""
    for stage, paths in stages(file):
        for plan in _of_stage(stage, paths, params):
            if plan.settings and plan.requests:
                yield plan


def _of_stage(stage: str, paths: dict[str, str], params: Params) -> Iterator[Plan]:
    kind = stage.split("@")[0]
    if kind in ("guideline", "answer"):
        prompt, decoding = getattr(prompts, kind), getattr(params, kind).decoding
        yield student(stage, questions(paths), prompt, decoding, paths["checkpoint"], params)
    elif kind == "distill":
        yield _distill(stage, paths, params)
    elif kind == "iterate":
        yield from _iterate(stage, paths, params)
    elif kind == "pairs":
        asked = chosen(paths, params.pairs.questions, params)
        for decoding, name in (
            (params.pairs.chosen, "checkpoint"),
            (params.pairs.rejected, "against"),
        ):
            yield student(stage, asked, prompts.answer, decoding, paths[name], params)
    elif kind == "explore":
        yield from _explore(stage, paths, params)
    elif kind == "check":
        yield _check(stage, paths, params)
    elif kind == "judge":
        yield judge(stage, paths, params)
    elif kind in ("compare", "control"):
        yield compare(stage, paths, params)
    elif kind == "unguided":
        yield unguided(stage, paths, params)


def _distill(stage: str, paths: dict[str, str], params: Params) -> Plan:
    asked, assumed = questions(paths), ""
    guidelines = Path(paths["guidelines"])
    if guidelines.exists():
        texts = {row.id: row.text for row in read_records(guidelines, Guideline)}
    else:
        assumed = "guidelines"
        length = params.guideline.decoding.max_new_tokens
        texts = {question.id: filler(length) for question in asked}
    guided = [question for question in asked if question.id in texts]
    return ask(
        Plan(stage, "teacher", assumed=assumed),
        params,
        "teacher_answer",
        prompts=[prompts.distillation(q, texts[q.id]) for q in guided],
        questions=guided,
        seed=params.seed,
    )


def _iterate(stage: str, paths: dict[str, str], params: Params) -> Iterator[Plan]:
    """Drafts depend on the answers before them, so that the ledger cannot tell what it has."""
    asked, times = chosen(paths, params.iterate.questions, params), params.iterate.max_iterations
    plan = student(stage, asked, prompts.answer, params.iterate.decoding, paths["start"], params)
    plan.times, plan.assumed = times, "revisions"
    yield plan
    text = filler(params.iterate.decoding.max_new_tokens)
    drafts = [Draft(id=question.id, question=question, text=text) for question in asked]
    yield ask(
        Plan(stage, "advisor", assumed="drafts", times=times),
        params,
        "advisor_advise",
        drafts=drafts,
    )


def _explore(stage: str, paths: dict[str, str], params: Params) -> Iterator[Plan]:
    pairs, assumed = _pairs(paths, params.explore.pairs, params)
    for decoding in params.explore.strategies.values():
        yield ask(
            Plan(stage, "student", assumed=assumed),
            params,
            "student_generate",
            prompts=[pair.prompt for pair in pairs],
            checkpoint=Path(paths["checkpoint"]),
            decoding=decoding,
            seed=params.seed,
        )


def _check(stage: str, paths: dict[str, str], params: Params) -> Plan:
    """Both answers of each pair, and those of the strategies that are explored."""
    pairs, assumed = _pairs(paths, params.check.pairs, params)
    by_id = {question.id: question for question in questions(paths)}
    pairs = [pair for pair in pairs if pair.id in by_id]
    columns = [[pair.chosen for pair in pairs], [pair.rejected for pair in pairs]]
    for decoding in params.explore.strategies.values():
        assumed = "answers"
        columns.append([filler(decoding.max_new_tokens)] * len(pairs))
    plan = Plan(stage, "judge", assumed=assumed)
    for texts in columns:
        rows = [answer(by_id[pair.id], text) for pair, text in zip(pairs, texts, strict=True)]
        ask(plan, params, "judge_score", answers=rows)
    return plan


def _pairs(paths: dict[str, str], count: int | None, params: Params) -> tuple[list[Pair], str]:
    """The pairs that are looked at, and what of them is made up: at most all questions give one."""
    file, salt = Path(paths["pairs"]), f"{params.seed}/{paths['name']}/check"
    if file.exists():
        return choose(read_records(file, Pair), count, salt), ""
    asked = [
        question
        for stage, its_paths in stages(Path("dvc.yaml"))
        if stage == f"pairs@{paths['name']}"
        for question in chosen(its_paths, params.pairs.questions, params)
    ]
    made_up = [
        Pair(
            id=question.id,
            prompt=prompts.answer(question),
            chosen=filler(params.pairs.chosen.max_new_tokens),
            rejected=filler(params.pairs.rejected.max_new_tokens),
            chosen_flops=None,
            rejected_flops=None,
        )
        for question in asked
    ]
    return choose(made_up, count, salt), "pairs"
