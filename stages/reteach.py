"""Reteach: the student learns to revise along advice, beside the plain answers of phase 1.

Reads the revisions, the distilled answers, the dev questions of the gate and the checkpoint that
learns; writes a new checkpoint with its model card, and its loss curve.
"""

from pathlib import Path

from meteor.core.choice import choose_plain
from meteor.core.jsonl import read_records, write_json
from meteor.core.records import Distilled, Example
from meteor.core.revisions import REVISED
from meteor.models.history import read_history, write_history
from meteor.models.model_card import REVISING
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage
from meteor.training.gate import open_gate
from meteor.training.once import train_once
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
    params, example = stage.params, wording.example(stage.params.domain)
    settings, seed = params.reteach, params.training_seed
    student, asking = stage.load("student"), wording.answer(params.domain)
    shifting = shifts(student, stage.verifier(), params.gate, dev, asking)
    gate = open_gate(student, params.gate, dev, general, example, shifting)
    taught = list(read_records(distilled, Distilled))
    plain = choose_plain(taught, settings.plain, params.seed, name)
    rows = list(read_records(revisions, Example))
    rows += [example(row.question, row.answer, row.thought) for row in plain]
    count = stage.tally(len(rows))
    how = (settings.schedule, seed, losses, count)
    _, curve = train_once(stage.load("sft"), rows, start, out, REVISING, *how, gate=gate)
    write_json(metrics, gate.metrics())
    learned = (row.id.removesuffix(REVISED) for row in rows)
    write_history(out, read_history(start).after(taught=learned))
    count.close(summary, **curve.summary(), gate=gate.summary())


if __name__ == "__main__":
    run_stage(reteach)
