"""Reteach: the student learns to revise along advice, beside the plain answers of phase 1.

Reads the revisions, the distilled answers, the dev questions of the gate and the checkpoint that
learns; writes a new checkpoint with its model card, and its loss curve.
"""

import shutil
from pathlib import Path

from meteor.core.choice import choose_plain
from meteor.core.jsonl import read_records, write_json
from meteor.core.records import Distilled, Example
from meteor.core.revisions import REVISED
from meteor.models.history import read_history, write_history
from meteor.models.model_card import REVISING, Learned, write_card
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage
from meteor.training.gate import open_gate
from meteor.training.process import LossCurve, train
from meteor.verification.right_answers import shifts


def reteach(
    stage: Stage,
    revisions: Path,
    distilled: Path,
    dev: Path,
    general: Path,
    start: Path,
    name: str,
    out: Path,
    losses: Path,
    metrics: Path,
    summary: Path,
) -> None:
    params, trainer = stage.params, stage.load("sft")
    settings, seed = params.reteach, params.training_seed
    student, asking = stage.load("student"), wording.answer(params.domain)
    example = wording.example(params.domain)
    shifting = shifts(student, stage.verifier(), params.gate, dev, asking)
    gate = open_gate(student, params.gate, dev, general, example, shifting)
    taught = list(read_records(distilled, Distilled))
    plain = choose_plain(taught, settings.plain, params.seed, name)
    rows = list(read_records(revisions, Example))
    rows += [example(row.question, row.answer, row.thought) for row in plain]
    count, curve = stage.tally(len(rows)), LossCurve()
    report = train(trainer, rows, start, out, settings.schedule, seed)
    if not gate.admits(out, before=start):
        shutil.copytree(start, out)
    count.rows_out = report.rows
    count.drop("longer than the trainer's window", report.dropped)
    curve.add(report)
    curve.write(losses)
    write_json(metrics, gate.metrics())
    more = (curve.rows, curve.points, gate.told())
    write_card(out, start, name, Learned(REVISING, rows, trainer, settings.schedule, seed, *more))
    learned = (row.id.removesuffix(REVISED) for row in rows)
    write_history(out, read_history(start).after(taught=learned))
    count.close(summary, **curve.summary(), gate=gate.summary())


if __name__ == "__main__":
    run_stage(reteach)
