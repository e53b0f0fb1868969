"""Distill: the teacher answers each question along the student's guideline (paper, section 3.1).

Reads the training questions and their guidelines; writes one distilled answer a question.
"""

from collections.abc import Iterator
from pathlib import Path

from meteor import prompts
from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records, write_records
from meteor.core.params import Params
from meteor.core.records import Completion, Distilled, Failed, Guideline, Question
from meteor.core.roles import load_role
from meteor.running.stage import run_stage, tally


def distill(params: Params, questions: Path, guidelines: Path, out: Path, summary: Path) -> None:
    teacher = load_role("teacher", params)
    by_id = {row.id: row.text for row in read_records(guidelines, Guideline)}
    all_questions = list(read_records(questions, Question))
    count = tally(params, "distill", rows_in=len(all_questions))
    for question in all_questions:
        if question.id not in by_id:
            count.reject(question.id, "the question has no guideline")
    guided = [question for question in all_questions if question.id in by_id]
    if not guided:
        raise MeteorError(f"{guidelines}: no guideline belongs to a question of {questions}")

    def distilled() -> Iterator[Distilled]:
        for question, answer in count.ask(
            teacher,
            "teacher_answer",
            guided,
            Completion,
            prompts=[prompts.distillation(q, by_id[q.id]) for q in guided],
            questions=guided,
            seed=params.seed,
        ):
            if answer.finish_reason == "length" or not answer.text.strip():
                what = "cut off by the token limit" if answer.text.strip() else "empty"
                count.fail(Failed(id=question.id, error=f"the teacher's answer is {what}"))
                continue
            count.rows_out += 1
            yield Distilled(
                id=question.id, question=question, guideline=by_id[question.id], answer=answer.text
            )

    rows = list(distilled())
    count.close(summary)
    write_records(out, rows)


if __name__ == "__main__":
    run_stage(distill)
