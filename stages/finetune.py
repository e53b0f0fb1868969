"""Finetune: the student learns the teacher's answers (paper, section 3.1).

Reads the distilled answers, the dev questions with their accepted answers, which the trainer may
watch its loss on, and the base checkpoint; writes a new checkpoint with its model
card, and its loss curve.
"""

from pathlib import Path

from meteor.core.jsonl import read_records
from meteor.core.records import Distilled, Question
from meteor.models.history import read_history, write_history
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage
from meteor.training.once import train_once

PHASE = "weak-to-strong distillation"


def finetune(
    stage: Stage,
    distilled: Path,
    dev: Path,
    start: Path,
    out: Path,
    losses: Path,
    summary: Path,
) -> None:
    params, trainer = stage.params, stage.load("sft")
    example = wording.example(params.domain)
    examples = [
        example(row.question, row.answer, row.thought) for row in read_records(distilled, Distilled)
    ]
    held_out = [example(row, row.answer) for row in read_records(dev, Question) if row.answer]
    count = stage.tally(len(examples))
    how = (params.finetune.schedule, params.training_seed, losses, count, held_out)
    _, curve = train_once(trainer, examples, start, out, PHASE, *how)
    write_history(out, read_history(start).after(taught=(row.id for row in examples)))
    count.close(summary, **curve.summary())


if __name__ == "__main__":
    run_stage(finetune)
