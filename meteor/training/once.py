"""A checkpoint that one training makes: training, gate where there is one, losses and card."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from meteor.core.records import Record
from meteor.core.roles import Plugin
from meteor.core.settings import Schedule
from meteor.models.model_card import Learned, write_card
from meteor.running.tally import Tally
from meteor.training.gate import Gate
from meteor.training.process import LossCurve, Report, train


def train_once(
    trainer: Plugin,
    rows: Sequence[Record],
    start: Path,
    out: Path,
    phase: str,
    schedule: Schedule,
    seed: int,
    losses: Path,
    count: Tally,
    held_out: Sequence[Record] = (),
    gate: Gate | None = None,
) -> tuple[Report, LossCurve]:
    """Train from `start` to the checkpoint `out`, as `train` does; write its card, which calls the
    training `phase`, and its `losses`; count the rows. Where the `gate` refuses the new weights,
    those of `start` are kept.
    """
    report = train(trainer, rows, start, out, schedule, seed, held_out)
    if gate and not gate.admits(out, before=start):
        shutil.copytree(start, out)
    count.rows_out = report.rows
    count.drop("longer than the trainer's window", report.dropped)
    curve = LossCurve()
    curve.add(report)
    curve.write(losses)
    told = gate.told() if gate else None
    learned = Learned(phase, rows, trainer, schedule, seed, curve.rows, curve.points, told)
    write_card(out, start, out.name, learned)
    return report, curve
