"""Unguided: the teacher answers a sample of the training questions without a guideline too.

Reads distilled answers; writes completions, to be held against the distilled ones. An answer that
was given without a guideline is not asked for again.
"""

from pathlib import Path

from meteor.core.choice import choose_unguided
from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Distilled
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage


def unguided(stage: Stage, distilled: Path, out: Path, summary: Path) -> None:
    params, teacher = stage.params, stage.load("teacher")
    taught = (row.question for row in read_records(distilled, Distilled) if row.guideline)
    asked = choose_unguided(taught, params.quality.questions, params.seed)
    asking = wording.unguided(params.domain)
    ready = [asking(question) for question in asked]
    count = stage.tally(len(asked))
    answers = [answer for _, answer in count.teach(teacher, asked, ready, params.seed)]
    count.rows_out = len(answers)
    count.close(summary)
    write_records(out, answers)


if __name__ == "__main__":
    run_stage(unguided)
