"""The plans of the stages that evaluate, one function a stage."""

from collections.abc import Iterator
from pathlib import Path

from meteor.core.choice import choose_unguided
from meteor.core.jsonl import read_records
from meteor.core.params import Params
from meteor.core.records import Answer, Completion, Distilled, Question, plain_answer
from meteor.evaluation.comparing import Match
from meteor.evaluation.controls import Labelled, controls, near
from meteor.pipeline import resolved_stages
from meteor.planning.plan import BYTES_PER_TOKEN, Paths, Plan, ask, filler, questions, taught
from meteor.prompts import wording


def unguided(stage: str, paths: Paths, params: Params) -> Iterator[Plan]:
    """Answers without a guideline that the teacher would be asked for."""
    rows, assumed = _unguided(paths, params)
    asking = wording.unguided(params.domain)
    yield ask(
        Plan(stage, "teacher", assumed=assumed),
        params,
        "teacher_answer",
        prompts=[asking(row.question) for row in rows],
        questions=[row.question for row in rows],
        seed=params.seed,
    )


def quality(stage: str, paths: Paths, params: Params) -> Iterator[Plan]:
    """Scores of guided and unguided answers, and which of them the judge prefers. A teacher that
    reads no guidelines writes both alike, and the judge is not asked.
    """
    (guided, _), file = _unguided(paths, params), Path(paths["unguided"])
    texts = {row.id: row.text for row in read_records(file, Completion)} if file.exists() else {}
    assumed = "" if texts else "answers"
    matches = []
    for row in guided:
        length = len(row.answer) // BYTES_PER_TOKEN
        text = texts.get(row.id) or f"unguided {filler(length)}"
        matches.append(Match(row.question, "unguided", row.answer, text))
    if params.teacher.plugin == "accepted_answer" or all(match.same for match in matches):
        return
    plan = Plan(stage, "judge", assumed=assumed)
    for side in ("ours", "theirs"):
        rows = [plain_answer(match.question, getattr(match, side)) for match in matches]
        ask(plan, params, "judge_score", answers=rows)
    yield _preferences(plan, matches, params)


def _unguided(paths: Paths, params: Params) -> tuple[list[Distilled], str]:
    """The guided answers that are looked at, and what of them is made up."""
    file, assumed = Path(paths["distilled"]), ""
    if file.exists():
        rows = [row for row in read_records(file, Distilled) if row.guideline]
    else:
        assumed, length = "answers", params.guideline.decoding.max_new_tokens
        among = taught(resolved_stages()["distill"], params) if params.guideline.enabled else []
        rows = [
            Distilled(id=q.id, question=q, guideline=filler(length), answer=filler(length))
            for q in among
        ]
    return choose_unguided(rows, params.quality.questions, params.seed), assumed


def judge(stage: str, paths: Paths, params: Params) -> Iterator[Plan]:
    """Scores that the judge would be asked for."""
    rows, assumed = _answers(paths["answers"], params)
    yield ask(Plan(stage, "judge", assumed=assumed), params, "judge_score", answers=rows)


def compare(stage: str, paths: Paths, params: Params) -> Iterator[Plan]:
    """Preferences over base and the phase before, each in both orders."""
    ours, assumed = _answers(paths["answers"], params)
    matches = []
    for rival in dict.fromkeys((paths["base"], paths["before"])):
        theirs, unknown = _answers(rival, params)
        assumed = assumed or unknown
        texts = {row.id: row.text for row in theirs}
        name = Path(rival).stem
        matches += [Match(r.question, name, r.text, texts[r.id]) for r in ours if r.id in texts]
    yield _preferences(Plan(stage, "judge", assumed=assumed), matches, params)


def control(stage: str, paths: Paths, params: Params) -> Iterator[Plan]:
    """Preferences of real answers over spoilt ones, each in both orders."""
    ours, assumed = _answers(paths["answers"], params)
    section = params.control
    pairs = read_records(params.control.labelled, Labelled)
    matches = [
        *controls(ours, section.answers, params.seed, section.repeat),
        *near(pairs, section.answers, params.seed, section.repeat),
    ]
    yield _preferences(Plan(stage, "judge", assumed=assumed), matches, params)


def _preferences(plan: Plan, matches: list[Match], params: Params) -> Plan:
    pairs = [pair for match in matches if not match.same for pair in match.orders()]
    return ask(plan, params, "judge_compare", pairs=pairs)


def _answers(file: str, params: Params) -> tuple[list[Answer], str]:
    """The answers of a checkpoint; where they are not there, made up, and marked so."""
    if Path(file).exists():
        return list(read_records(Path(file), Answer)), ""
    length = params.answer.decoding.max_new_tokens
    made_up = [
        Answer(
            id=question.id,
            question=question,
            text=f"{Path(file).stem} {filler(length)}",
            finish_reason="stop",
            tokens=length,
            flops=None,
        )
        for question in _held_out()
    ]
    return made_up, "answers"


def _held_out() -> list[Question]:
    """The questions that the checkpoints will answer, where they are there."""
    for stage, paths in resolved_stages().items():
        if stage.split("@")[0] == "answer":
            return questions(paths)
    return []
