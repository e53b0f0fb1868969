"""Selftrain: the model learns to prefer its own high-FLOPs answers (paper, section 3.3).

Reads preference pairs with the pass that `vet` gave them, the answers of phase 1 (to replay), the
checkpoint that wrote the pairs and the dev questions of the gate; writes a new checkpoint and its
losses. Pairs that are not to train leave it as it was.
"""

import shutil
from pathlib import Path

from meteor.core.jsonl import write_json
from meteor.core.passing import may_train, passed_pairs
from meteor.models.history import read_history, write_history
from meteor.models.model_card import Learned, write_card
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage
from meteor.training.gate import open_gate
from meteor.training.process import LossCurve, train
from meteor.training.replay import with_replay
from meteor.verification.right_answers import shifts

NOT_WON = "the chosen answers do not win (vet.below: keep)"


def selftrain(
    stage: Stage,
    pairs: Path,
    passed: Path,
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
    params, trainer = stage.params, stage.load("pairwise")
    example = wording.example(params.domain)
    student, asking = stage.load("student"), wording.answer(params.domain)
    shifting = shifts(student, stage.verifier(), params.gate, dev, asking)
    gate = open_gate(student, params.gate, dev, general, example, shifting)
    before, section = passed_pairs(pairs, passed), params.selftrain
    rows = with_replay(before, distilled, section.replay, params.seed, example)
    count, curve, schedule = stage.tally(len(rows)), LossCurve(), section.schedule
    extra, untrained = {}, None if may_train(passed) else NOT_WON
    if untrained:
        shutil.copytree(start, out)
        count.drop(untrained, len(rows))
    else:
        report = train(trainer, rows, start, out, schedule, params.training_seed)
        if not gate.admits(out, before=start):
            shutil.copytree(start, out)
        count.rows_out, extra = report.rows, report.extra
        count.drop("longer than the trainer's window", report.dropped)
        curve.add(report)
    curve.write(losses)
    write_json(metrics, {**gate.metrics(), "untrained": untrained})
    learned = Learned(
        phase="self-training",
        data=[] if untrained else rows,
        trainer=trainer,
        schedule=schedule,
        seed=params.training_seed,
        rows=curve.rows,
        losses=curve.points,
        gate={"untrained": untrained} if untrained else gate.told(),
    )
    write_card(out, start, name, learned)
    write_history(out, read_history(start))
    count.close(summary, **curve.summary(), gate=gate.summary(), untrained=untrained, **extra)


if __name__ == "__main__":
    run_stage(selftrain)
