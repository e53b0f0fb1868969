"""Distill: the teacher answers each question along the student's guideline (paper, section 3.1).

Reads the training questions and their guidelines; writes one distilled answer for each question
that is taught. Where guidelines are switched off, the teacher is asked without one.
"""

from pathlib import Path

from meteor.core.choice import choose_taught
from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Distilled, Failed, Guideline, Question
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage


def distill(stage: Stage, questions: Path, guidelines: Path, out: Path, summary: Path) -> None:
    teacher = stage.load("teacher")
    params = stage.params
    every = read_records(questions, Question)
    taught = choose_taught(every, params.distill.questions, params.seed)
    count = stage.tally(len(taught))
    by_id = {row.id: row.text for row in read_records(guidelines, Guideline)}
    for question in taught:
        if question.id not in by_id:
            count.reject(question.id, "the question has no guideline")
    guided = [question for question in taught if question.id in by_id]
    if not guided:
        raise MeteorError(f"{guidelines}: no guideline belongs to a question of {questions}")
    domain = params.domain
    asking, plainly = wording.distillation(domain), wording.unguided(domain)
    asked = [
        plainly(question) if (guide := by_id[question.id]) is None else asking(question, guide)
        for question in guided
    ]
    rows = []
    for question, answer in count.teach(teacher, guided, asked, params.seed):
        if answer.lacking:
            what = f"the teacher's answer is {answer.lacking}"
            count.fail(Failed(id=question.id, error=what))
            continue
        rows.append(
            Distilled(
                id=question.id,
                question=question,
                guideline=by_id[question.id],
                answer=answer.text,
                thought=answer.thought,
            )
        )
    count.rows_out = len(rows)
    count.close(summary)
    write_records(out, rows)


if __name__ == "__main__":
    run_stage(distill)
