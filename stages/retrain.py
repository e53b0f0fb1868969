"""Retrain: a control of rounds, trained on its lessons.

Reads examples, the plan of their training and the checkpoint that it begins with; writes a
checkpoint that is only evaluated, and its losses. No gate stands behind it: what comes out counts.
"""

from pathlib import Path

from meteor.core.jsonl import read_records
from meteor.core.records import Example
from meteor.models.history import read_history, write_history
from meteor.running.stage import Stage, log, run_stage
from meteor.training.controlling import PHASES, Plan
from meteor.training.once import train_once


def retrain(
    stage: Stage,
    lessons: Path,
    plan: Path,
    start: Path,
    name: str,
    out: Path,
    losses: Path,
    summary: Path,
) -> None:
    params, trainer = stage.params, stage.load("sft")
    rows = list(read_records(lessons, Example))
    told = Plan.model_validate_json(plan.read_bytes())
    count = stage.tally(len(rows))
    how = (told.schedule, params.training_seed, losses, count)
    report, curve = train_once(trainer, rows, start, out, PHASES[told.kind], *how)
    if told.steps not in (None, len(report.steps)):
        log.warning("%s: made %d steps in place of %d", name, len(report.steps), told.steps)
    taught = [row.id for row in rows] if told.kind == "gold" else []
    write_history(out, read_history(start).after(taught=taught))
    count.close(summary, wanted_steps=told.steps, **curve.summary())


if __name__ == "__main__":
    run_stage(retrain)
