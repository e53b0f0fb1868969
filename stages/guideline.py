"""Guideline: the student writes how an expert would go about each answer (paper, section 3.1).

Reads the training questions and the base checkpoint; writes one guideline for each question that
the teacher will answer, or with `guideline.enabled: false` one without a text: no model is asked.
"""

from collections.abc import Iterator
from pathlib import Path

from meteor.core.choice import choose_taught
from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Failed, Guideline, Prompt, Question
from meteor.core.roles import Plugin
from meteor.core.settings import Decoding
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage
from meteor.running.tally import Tally


def guideline(stage: Stage, questions: Path, checkpoint: Path, out: Path, summary: Path) -> None:
    params, student = stage.params, stage.load("student")
    every = read_records(questions, Question)
    rows = choose_taught(every, params.distill.questions, params.seed)
    count = stage.tally(len(rows))
    if params.guideline.enabled:
        asking = wording.guideline(params.domain)
        prompts = [asking(question) for question in rows]
        decoding = params.guideline.decoding
        written = list(_written(count, student, prompts, checkpoint, decoding, params.seed))
    else:
        written = [Guideline(id=row.id, text=None, finish_reason="stop") for row in rows]
    count.rows_out = len(written)
    count.close(summary)
    write_records(out, written)


def _written(
    count: Tally,
    student: Plugin,
    prompts: list[Prompt],
    checkpoint: Path,
    decoding: Decoding,
    seed: int,
) -> Iterator[Guideline]:
    for prompt, done in count.generate(student, prompts, checkpoint, decoding, seed):
        if not done.text.strip():
            count.fail(Failed(id=prompt.id, error=f"the student's guideline is {done.lacking}"))
            continue
        yield Guideline(
            id=prompt.id, text=done.text, finish_reason=done.finish_reason, thought=done.thought
        )


if __name__ == "__main__":
    run_stage(guideline)
