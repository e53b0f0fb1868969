"""Guideline: the student writes how an expert would go about each answer (paper, section 3.1).

Reads the training questions and the base checkpoint; writes one guideline a question.
"""

from pathlib import Path

from meteor import prompts
from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Failed, Guideline, Question
from meteor.running.stage import Stage, run_stage


def guideline(stage: Stage, questions: Path, checkpoint: Path, out: Path, summary: Path) -> None:
    params, student = stage.params, stage.load("student")
    asked = [prompts.guideline(question) for question in read_records(questions, Question)]
    count = stage.tally(len(asked))
    rows = []
    decoding = params.guideline.decoding
    for prompt, written in count.generate(student, asked, checkpoint, decoding, params.seed):
        if not written.text.strip():
            what = f"the student's guideline is {written.lacking}"
            count.fail(Failed(id=prompt.id, error=what))
            continue
        rows.append(
            Guideline(
                id=prompt.id,
                text=written.text,
                finish_reason=written.finish_reason,
                thought=written.thought,
            )
        )
    count.rows_out = len(rows)
    count.close(summary)
    write_records(out, rows)


if __name__ == "__main__":
    run_stage(guideline)
