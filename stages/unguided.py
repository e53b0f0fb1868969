"""Unguided: the teacher answers a sample of the training questions without a guideline too.

Reads distilled answers; writes completions, to be held against the distilled ones.
"""

from pathlib import Path

from meteor import prompts
from meteor.core.choice import choose_unguided
from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Distilled
from meteor.running.stage import Stage, run_stage


def unguided(stage: Stage, distilled: Path, out: Path, summary: Path) -> None:
    params, teacher = stage.params, stage.load("teacher")
    taught = (row.question for row in read_records(distilled, Distilled))
    asked = choose_unguided(taught, params.quality.questions, params.seed)
    ready = [prompts.unguided(question) for question in asked]
    count = stage.tally(len(asked))
    answers = [answer for _, answer in count.teach(teacher, asked, ready, params.seed)]
    count.rows_out = len(answers)
    count.close(summary)
    write_records(out, answers)


if __name__ == "__main__":
    run_stage(unguided)
