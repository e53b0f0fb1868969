"""The plans of the stages of the three phases, one function a stage. The paths come from dvc.yaml,
as everywhere; the prompts are the stages' own.
"""

from collections.abc import Iterator
from pathlib import Path

from meteor.core.choice import choose_pairs, choose_questions
from meteor.core.jsonl import read_records
from meteor.core.params import Params
from meteor.core.records import Distilled, Draft, Guideline, Pair, Question, plain_answer
from meteor.pipeline import resolved_stages
from meteor.planning import foretold
from meteor.planning.plan import Paths, Plan, ask, filler, questions, student, taught
from meteor.prompts import wording


def guideline(stage: str, paths: Paths, params: Params) -> Iterator[Plan]:
    """Guidelines that the student would be asked for."""
    if not params.guideline.enabled:
        return
    decoding, asked = params.guideline.decoding, taught(paths, params)
    yield student(stage, asked, wording.guideline, decoding, paths["checkpoint"], params)


def answer(stage: str, paths: Paths, params: Params) -> Iterator[Plan]:
    """Answers to the held-out questions."""
    decoding, asked = params.answer.decoding, questions(paths)
    yield student(stage, asked, wording.answer, decoding, paths["checkpoint"], params)


def distill(stage: str, paths: Paths, params: Params) -> Iterator[Plan]:
    """Answers along the guidelines."""
    asked, assumed = taught(paths, params), ""
    texts: dict[str, str | None]
    guidelines = Path(paths["guidelines"])
    if guidelines.exists():
        texts = {row.id: row.text for row in read_records(guidelines, Guideline)}
    elif not params.guideline.enabled:
        texts = dict.fromkeys(question.id for question in asked)
    else:
        assumed = "guidelines"
        length = params.guideline.decoding.max_new_tokens
        texts = {question.id: filler(length) for question in asked}
    guided = [question for question in asked if question.id in texts]
    plainly, along = wording.unguided(params.domain), wording.distillation(params.domain)
    yield ask(
        Plan(stage, "teacher", assumed=assumed),
        params,
        "teacher_answer",
        prompts=[plainly(q) if (text := texts[q.id]) is None else along(q, text) for q in guided],
        questions=guided,
        seed=params.seed,
    )


def revise(stage: str, paths: Paths, params: Params) -> Iterator[Plan]:
    """Drafts of taught questions, which the advisor looks at, as at the teacher's answers."""
    file, settings = Path(paths["distilled"]), params.revise
    if file.exists():
        known = [row.question for row in read_records(file, Distilled)]
    else:
        known = taught(resolved_stages()["distill"], params)
    asked = choose_questions(known, settings.questions, params.seed, paths["name"])
    plan = student(stage, asked, wording.answer, settings.decoding, paths["checkpoint"], params)
    plan.times = settings.drafts
    yield plan
    text = filler(settings.decoding.max_new_tokens)
    yield ask(
        Plan(stage, "advisor", assumed="drafts", times=settings.drafts + 1),
        params,
        "advisor_advise",
        drafts=[Draft(id=question.id, question=question, text=text) for question in asked],
    )


def iterate(stage: str, paths: Paths, params: Params) -> Iterator[Plan]:
    """Drafts depend on the answers before them, so that the ledger cannot tell what it has."""
    times = params.iterate.max_iterations
    every = questions(paths)
    asked = foretold.asked(paths["name"], params, every) if every else []
    plan = student(stage, asked, wording.answer, params.iterate.decoding, paths["start"], params)
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


def pairs(stage: str, paths: Paths, params: Params) -> Iterator[Plan]:
    """High-FLOPs and low-FLOPs answers."""
    asked = _of_turn(paths, params)
    sides = ((params.pairs.chosen, "checkpoint"), (params.pairs.rejected, "against"))
    for decoding, name in sides:
        yield student(stage, asked, wording.answer, decoding, paths[name], params)


def explore(stage: str, paths: Paths, params: Params) -> Iterator[Plan]:
    """Answers by the strategies that are explored."""
    rows, assumed = _pairs(paths, params.explore.pairs, params)
    for decoding in params.explore.strategies.values():
        yield ask(
            Plan(stage, "student", assumed=assumed),
            params,
            "student_generate",
            prompts=[pair.prompt for pair in rows],
            checkpoint=Path(paths["checkpoint"]),
            decoding=decoding,
            seed=params.seed,
        )


def vet(stage: str, paths: Paths, params: Params) -> Iterator[Plan]:
    """Both answers of each pair, and those of the strategies that are explored."""
    found, assumed = _pairs(paths, params.vet.pairs, params)
    by_id = {question.id: question for question in questions(paths)}
    known = [pair for pair in found if pair.id in by_id]
    columns = [[pair.chosen for pair in known], [pair.rejected for pair in known]]
    for decoding in params.explore.strategies.values():
        assumed = "answers"
        columns.append([filler(decoding.max_new_tokens)] * len(known))
    plan = Plan(stage, "judge", assumed=assumed)
    for texts in columns:
        rows = [plain_answer(by_id[pair.id], text) for pair, text in zip(known, texts, strict=True)]
        ask(plan, params, "judge_score", answers=rows)
    yield plan


def _of_turn(paths: Paths, params: Params) -> list[Question]:
    every = questions(paths)
    return foretold.asked(paths["name"], params, every) if every else []


def _pairs(paths: Paths, count: int | None, params: Params) -> tuple[list[Pair], str]:
    """The pairs that are looked at, and what of them is made up: at most all questions give one."""
    file, name = Path(paths["pairs"]), paths["name"]
    if file.exists():
        return choose_pairs(read_records(file, Pair), count, params.seed, name), ""
    its_paths = resolved_stages()[f"pairs@{name}"]
    asked = _of_turn(its_paths, params)
    asking = wording.answer(params.domain)
    made_up = [
        Pair(
            id=question.id,
            prompt=asking(question),
            chosen=filler(params.pairs.chosen.max_new_tokens),
            rejected=filler(params.pairs.rejected.max_new_tokens),
            chosen_flops=None,
            rejected_flops=None,
        )
        for question in asked
    ]
    return choose_pairs(made_up, count, params.seed, name), "pairs"
