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
from meteor.training.once import train_once
from meteor.training.process import LossCurve
from meteor.training.replay import with_replay
from meteor.verification.right_answers import shifts

PHASE = "self-training"
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
    params, trainer, section = stage.params, stage.load("pairwise"), stage.params.selftrain
    example, seed = wording.example(params.domain), params.training_seed
    student, asking = stage.load("student"), wording.answer(params.domain)
    shifting = shifts(student, stage.verifier(), params.gate, dev, asking)
    gate = open_gate(student, params.gate, dev, general, example, shifting)
    rows = with_replay(passed_pairs(pairs, passed), distilled, section.replay, params.seed, example)
    count, curve, extra = stage.tally(len(rows)), LossCurve(), {}
    untrained = None if may_train(passed) else NOT_WON
    if untrained:
        shutil.copytree(start, out)
        count.drop(untrained, len(rows))
        curve.write(losses)
        why = {"untrained": untrained}
        nothing = Learned(PHASE, [], trainer, section.schedule, seed, 0, [], why)
        write_card(out, start, name, nothing)
    else:
        how = (section.schedule, seed, losses, count)
        report, curve = train_once(trainer, rows, start, out, PHASE, *how, gate=gate)
        extra = report.extra
    write_json(metrics, {**gate.metrics(), "untrained": untrained})
    write_history(out, read_history(start))
    count.close(summary, **curve.summary(), gate=gate.summary(), untrained=untrained, **extra)


if __name__ == "__main__":
    run_stage(selftrain)
