"""A checkpoint that one training makes and no gate looks at: the training, its losses, its card."""

from collections.abc import Sequence
from pathlib import Path

from meteor.core.records import Record
from meteor.core.roles import Plugin
from meteor.core.settings import Schedule
from meteor.models.model_card import Learned, write_card
from meteor.running.tally import Tally
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
) -> tuple[Report, LossCurve]:
    """Train from `start` to the checkpoint `out`, as `train` does; write its card, which calls the
    training `phase`, and its `losses`; count the rows.
    """
    report = train(trainer, rows, start, out, schedule, seed, held_out)
    count.rows_out = report.rows
    count.drop("longer than the trainer's window", report.dropped)
    curve = LossCurve()
    curve.add(report)
    curve.write(losses)
    learned = Learned(phase, rows, trainer, schedule, seed, curve.rows, curve.points)
    write_card(out, start, out.name, learned)
    return report, curve
