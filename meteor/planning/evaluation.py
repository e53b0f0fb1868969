"""The plans of the stages that evaluate: judge, compare, control, unguided."""

from pathlib import Path

from meteor import prompts
from meteor.core.choice import choose
from meteor.core.jsonl import read_records
from meteor.core.params import Params
from meteor.core.records import Answer, Distilled, Question
from meteor.evaluation.comparing import Match
from meteor.evaluation.controls import controls
from meteor.planning.plan import Plan, ask, filler, questions, stages


def unguided(stage: str, paths: dict[str, str], params: Params) -> Plan:
    """Answers without a guideline that the teacher would be asked for."""
    file = Path(paths["distilled"])
    taught = [row.question for row in read_records(file, Distilled)] if file.exists() else []
    asked = choose(taught, params.quality.questions, f"{params.seed}/quality")
    return ask(
        Plan(stage, "teacher"),
        params,
        "teacher_answer",
        prompts=[prompts.unguided(question) for question in asked],
        questions=asked,
        seed=params.seed,
    )


def judge(stage: str, paths: dict[str, str], params: Params) -> Plan:
    """Scores that the judge would be asked for."""
    rows, assumed = _answers(paths["answers"], params)
    return ask(Plan(stage, "judge", assumed=assumed), params, "judge_score", answers=rows)


def compare(stage: str, paths: dict[str, str], params: Params) -> Plan:
    """Preferences that the judge would be asked for, each in both orders."""
    ours, assumed = _answers(paths["answers"], params)
    matches = []
    if stage == "control":
        section = params.control
        matches = controls(ours, section.answers, f"{params.seed}/control", section.repeat)
    else:
        for rival in dict.fromkeys((paths["base"], paths["before"])):
            theirs, unknown = _answers(rival, params)
            assumed = assumed or unknown
            texts = {row.id: row.text for row in theirs}
            name = Path(rival).stem
            matches += [Match(r.question, name, r.text, texts[r.id]) for r in ours if r.id in texts]
    pairs = [pair for match in matches if not match.same for pair in match.orders()]
    return ask(Plan(stage, "judge", assumed=assumed), params, "judge_compare", pairs=pairs)


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
    for stage, paths in stages(Path("dvc.yaml")):
        if stage.split("@")[0] == "answer":
            return questions(paths)
    return []
