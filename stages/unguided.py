"""Unguided: the teacher answers a sample of the training questions without a guideline too.

Reads distilled answers; writes completions, to be held against the distilled ones.
"""

from pathlib import Path

from meteor import prompts
from meteor.core.choice import choose
from meteor.core.jsonl import read_records, write_records
from meteor.core.params import Params
from meteor.core.records import Completion, Distilled
from meteor.core.roles import load_role
from meteor.running.stage import run_stage, tally


def unguided(params: Params, distilled: Path, out: Path, summary: Path) -> None:
    teacher = load_role("teacher", params)
    taught = (row.question for row in read_records(distilled, Distilled))
    asked = choose(taught, params.quality.questions, f"{params.seed}/quality")
    ready = [prompts.unguided(question) for question in asked]
    count = tally(params, "unguided", rows_in=len(asked))
    answers = [
        completion
        for _, completion in count.ask(
            teacher,
            "teacher_answer",
            ready,
            Completion,
            prompts=ready,
            questions=asked,
            seed=params.seed,
        )
    ]
    count.rows_out = len(answers)
    count.close(summary)
    write_records(out, answers)


if __name__ == "__main__":
    run_stage(unguided)
