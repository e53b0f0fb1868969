"""Shuffle: the control of a turn, trained on its pairs with chosen and rejected at random.

Reads the pairs with the pass that `vet` gave them, the answers of phase 1 (to replay) and the
checkpoint that the turn begins with; writes a checkpoint that is only evaluated, and its losses.
No gate stands behind it.
"""

import hashlib
from pathlib import Path

from meteor.core.passing import passed_pairs
from meteor.core.records import Pair
from meteor.models.history import read_history, write_history
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage
from meteor.training.once import train_once
from meteor.training.replay import with_replay


def shuffle(
    stage: Stage,
    pairs: Path,
    passed: Path,
    distilled: Path,
    start: Path,
    name: str,
    out: Path,
    losses: Path,
    summary: Path,
) -> None:
    params, trainer = stage.params, stage.load("pairwise")
    before = passed_pairs(pairs, passed)
    exchanged = {row.id for row in before if tails(row.id, params.seed)}
    mixed = [turned(row) if row.id in exchanged else row for row in before]
    example, replay = wording.example(params.domain), params.selftrain.replay
    rows = with_replay(mixed, distilled, replay, params.seed, example)
    count = stage.tally(len(rows))
    how = (params.selftrain.schedule, params.training_seed, losses, count)
    report, curve = train_once(trainer, rows, start, out, "control: random pairs", *how)
    write_history(out, read_history(start))
    count.close(summary, exchanged=len(exchanged), **curve.summary(), **report.extra)


def tails(row: str, seed: int) -> bool:
    """A fair coin for each pair, the same in every run."""
    return hashlib.sha256(f"{seed}/coin/{row}".encode()).digest()[0] % 2 == 1


def turned(pair: Pair) -> Pair:
    """The pair with its answers exchanged."""
    return pair.model_copy(
        update={
            "chosen": pair.rejected,
            "rejected": pair.chosen,
            "chosen_flops": pair.rejected_flops,
            "rejected_flops": pair.chosen_flops,
            "chosen_thought": pair.rejected_thought,
            "rejected_thought": pair.chosen_thought,
        }
    )


if __name__ == "__main__":
    run_stage(shuffle)
