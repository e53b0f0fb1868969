"""Retrain: a control of rounds, trained on its lessons.

Reads examples, the plan of their training and the checkpoint that it begins with; writes a
checkpoint that is only evaluated, and its losses. No gate stands behind it: what comes out counts.
"""

from pathlib import Path

from meteor.core.jsonl import read_records
from meteor.core.records import Example
from meteor.models.history import read_history, write_history
from meteor.models.model_card import Learned, write_card
from meteor.running.stage import Stage, log, run_stage
from meteor.training.controlling import PHASES, Plan
from meteor.training.process import LossCurve, train


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
    report = train(trainer, rows, start, out, told.schedule, params.training_seed)
    if told.steps not in (None, len(report.steps)):
        log.warning("%s: made %d steps in place of %d", name, len(report.steps), told.steps)
    count.rows_out = report.rows
    count.drop("longer than the trainer's window", report.dropped)
    curve = LossCurve()
    curve.add(report)
    curve.write(losses)
    learned = Learned(
        phase=PHASES[told.kind],
        data=rows,
        trainer=trainer,
        schedule=told.schedule,
        seed=params.training_seed,
        rows=curve.rows,
        losses=curve.points,
    )
    write_card(out, start, name, learned)
    taught = [row.id for row in rows] if told.kind == "gold" else []
    write_history(out, read_history(start).after(taught=taught))
    count.close(summary, wanted_steps=told.steps, **curve.summary())


if __name__ == "__main__":
    run_stage(retrain)
