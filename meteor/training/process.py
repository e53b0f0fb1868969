"""A training in a process of its own: the job it is given, the report it gives back.

A trainer plugin calls `run_training`, which writes the rows and a job file into a work folder
beside the new checkpoint and starts the plugin's module with the job file, through the launcher
that the settings name; there the plugin calls `training_process` with the function that trains.
All that a plugin needs for that is imported from here. GPU memory is free again when it returns,
and nothing stands at the checkpoint's place before it is whole and has passed the guards.
"""

import json
import math
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from meteor.core.errors import MeteorError
from meteor.core.folders import open_to_umask
from meteor.core.jsonl import explain, read_records, write_json, write_records
from meteor.core.records import Record
from meteor.core.roles import Plugin
from meteor.core.settings import Schedule, Settings
from meteor.core.tables import write_table
from meteor.running.observers import tell_checkpoint
from meteor.running.processes import end_with_stage
from meteor.running.warm import make_room
from meteor.training import launching, resuming
from meteor.training.guards import check_training
from meteor.training.jobs import Job, Report, Step, Usage
from meteor.training.launching import tell_progress

R = TypeVar("R", bound=Record)
P = TypeVar("P", bound=Settings)
TRAINERS = {"sft": ("sft_train", "examples"), "pairwise": ("pairwise_train", "pairs")}
"""The hook of each trainer's role, and its argument that takes the rows."""
__all__ = [
    "Job",
    "LossCurve",
    "Report",
    "Step",
    "Usage",
    "run_training",
    "tell_progress",
    "train",
    "training_process",
]


def run_training(
    module: str,
    rows: Sequence[Record],
    start: Path,
    out: Path,
    schedule: Schedule,
    params: Settings,
    seed: int,
    held_out: Sequence[Record] = (),
    resume: bool = False,
) -> Report:
    """Train in new processes and return the report once the checkpoint `out` has passed the
    guards. With `resume` a training that was killed goes on from its last state.

    Raises MeteorError with the last lines where it fails.
    """
    if not rows:
        raise MeteorError(f"{out}: there is nothing to train on")
    params = params.on_this_machine()
    work = out.with_name(out.name + ".work")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        job = Job(
            rows=work / "rows.jsonl",
            held_out=work / "held_out.jsonl" if held_out else None,
            start=start,
            checkpoint=work / "checkpoint",
            report=work / "report.json",
            schedule=schedule,
            params=params.model_dump(mode="json"),
            seed=seed,
        )
        write_records(job.rows, rows)
        if job.held_out:
            write_records(job.held_out, held_out)
        if resume:
            _run_resumable(module, job, params, out)
        else:
            _run(module, job, params, out)
        report = _read_report(job.report)
        check_training(report, start, job.checkpoint, out)
        shutil.rmtree(out, ignore_errors=True)
        job.checkpoint.replace(out)
        return report
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run(module: str, job: Job, params: Settings, out: Path, keep: Sequence[int] = ()) -> None:
    file = job.rows.with_name("job.json")
    write_json(file, job.model_dump(mode="json"))
    launching.run(launching.command(params, module, file), params, out, keep)


def _run_resumable(module: str, job: Job, params: Settings, out: Path) -> None:
    read = [file.read_text(encoding="utf-8") for file in (job.rows, job.held_out) if file]
    shapes = [module, *read, job.schedule.model_dump(), job.params, job.seed]
    with resuming.work_folder(out, job.start, shapes) as (states, held):
        _run(module, job.model_copy(update={"states": states}), params, out, keep=[held])
        resuming.remove(states)


def train(
    trainer: Plugin,
    rows: Sequence[Record],
    start: Path,
    out: Path,
    schedule: Schedule,
    seed: int,
    held_out: Sequence[Record] = (),
) -> Report:
    """Ask a trainer plugin of either kind for the checkpoint `out`, and check its report. A
    trainer of examples may watch its loss on `held_out`.
    """
    hook, argument = TRAINERS[trainer.role]
    shutil.rmtree(out, ignore_errors=True)  # what a killed training has left
    make_room()
    more = {"held_out": held_out} if trainer.role == "sft" else {}
    report = trainer.call(
        hook, **{argument: rows}, start=start, out=out, schedule=schedule, seed=seed, **more
    )
    try:
        done = Report.model_validate(report)
    except ValidationError as error:
        raise trainer.error(f"{hook} gave a report that does not fit: {explain(error)}") from None
    open_to_umask(out)
    tell_checkpoint(out, done.model_dump())
    return done


@dataclass
class LossCurve:
    """The losses of one or more trainings, one after another, for a plot, and what they took."""

    points: list[tuple[int, float]] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)

    def add(self, report: Report) -> None:
        """Append a training."""
        done = self.points[-1][0] if self.points else 0
        self.points += [(done + step.step, step.loss) for step in report.steps]
        self.reports.append(report)

    @property
    def rows(self) -> int:
        """How many rows were learned from, over all trainings."""
        return sum(report.rows for report in self.reports)

    def summary(self) -> dict[str, Any]:
        """What a stage's summary says: steps and seconds in all, and of each training what it
        learned from and what it took of the machine.
        """
        trainings = [
            {
                "examples": report.rows,
                "shortened": report.shortened,
                "shortened_prompts": report.shortened_prompts,
                "tokens": report.tokens,
                "epochs": report.epochs,
                "steps": len(report.steps),
                "seconds": round(report.seconds, 1),
                "tokens_per_second": _rate(report),
                "held_out": [step.model_dump() for step in report.held_out],
                **(report.usage.model_dump() if report.usage else {}),
            }
            for report in self.reports
        ]
        seconds = round(sum(report.seconds for report in self.reports), 1)
        return {"steps": len(self.points), "seconds": seconds, "trainings": trainings}

    def write(self, file: Path) -> None:
        """Write the curve as CSV."""
        write_table(file, ("step", "loss"), self.points)


def _rate(report: Report) -> float | None:
    """Answer tokens a second, over the steps that were made since the last start."""
    made = len(report.steps) - (report.usage.resumed_at if report.usage else 0)
    if not report.seconds or not report.due:
        return None
    return round(report.tokens * report.epochs * made / report.due / report.seconds, 1)


def training_process(
    train: Callable[[Job, P, list[R]], Report | None], params: type[P], rows: type[R]
) -> None:
    """The body of a training process: read the job that the command line names, train, report."""
    end_with_stage()
    try:
        job = Job.model_validate_json(Path(sys.argv[1]).read_text(encoding="utf-8"))
        report = train(job, params.model_validate(job.params), list(read_records(job.rows, rows)))
    except MeteorError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    # A loss that is not a number is written as it is: the guard outside names it.
    if report is not None:
        job.report.write_text(json.dumps(report.model_dump(mode="python")), encoding="utf-8")


def _read_report(file: Path) -> Report:
    if not file.is_file():
        raise MeteorError("the training process ended well but left no report")
    value = json.loads(file.read_text(encoding="utf-8"))
    for step in value["steps"]:
        if not math.isfinite(step["loss"]):
            raise MeteorError(
                f"the training loss is {step['loss']} at step {step['step']}: lower the learning "
                "rate, or train in a wider precision"
            )
    try:
        return Report.model_validate(value)
    except ValidationError as error:
        raise MeteorError(f"the trainer's report does not fit: {error}") from None
