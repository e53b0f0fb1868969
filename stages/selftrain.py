"""Selftrain: the model learns to prefer its own high-FLOPs answers (paper, section 3.3).

Reads preference pairs and the checkpoint that wrote them; writes a new checkpoint and its losses.
"""

from pathlib import Path

from meteor.core.jsonl import read_records
from meteor.core.params import Params
from meteor.core.records import Pair
from meteor.core.roles import load_role
from meteor.core.stage import run_stage, tally
from meteor.training import LossCurve, train


def selftrain(
    params: Params, pairs: Path, start: Path, name: str, out: Path, losses: Path, summary: Path
) -> None:
    trainer = load_role("pairwise", params)
    rows = list(read_records(pairs, Pair))
    count = tally(params, f"selftrain@{name}", rows_in=len(rows))
    report = train(trainer, rows, start, out, params.selftrain.schedule, params.seed)
    count.rows_out = report.rows
    count.drop("longer than the trainer's window", report.dropped)
    curve = LossCurve()
    curve.add(report)
    curve.write(losses)
    count.close(
        summary,
        steps=len(curve.points),
        seconds=round(curve.seconds, 1),
        trainings=curve.record(),
        **report.extra,
    )


if __name__ == "__main__":
    run_stage(selftrain)
