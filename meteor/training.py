"""A training in a process of its own: the job it is given, the report it gives back.

A trainer plugin calls `run_training`, which writes the rows and a job file into a work folder
beside the new checkpoint and starts `python -m <plugin module> <job file>`; there the plugin
calls `training_process` with the function that trains. GPU memory is free again when it returns,
and nothing stands at the checkpoint's place before it is whole and has passed the guards.
"""

import csv
import json
import logging
import math
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import Field, ValidationError

from meteor.core.errors import MeteorError
from meteor.core.jsonl import explain, read_records, replacing, write_json, write_records
from meteor.core.observers import tell_checkpoint, track
from meteor.core.processes import end_with_stage
from meteor.core.records import Record
from meteor.core.roles import Plugin
from meteor.core.settings import Schedule, Settings

log = logging.getLogger("meteor")
R = TypeVar("R", bound=Record)
P = TypeVar("P", bound=Settings)
TRAINERS = {"sft": ("sft_train", "examples"), "pairwise": ("pairwise_train", "pairs")}
"""The hook of each trainer's role, and its argument that takes the rows."""
PROGRESS = "meteor-progress "


class Job(Record):
    """What a training process is told. `params` are the plugin's settings."""

    rows: Path
    start: Path
    checkpoint: Path
    report: Path
    schedule: Schedule
    params: dict[str, Any]
    seed: int


class Step(Record):
    """One optimizer step: its number, and the mean training loss (nats a token, or as the
    trainer's loss says) since the last one.
    """

    step: int
    loss: float


class Report(Record):
    """What a training did. `tokens` are answer tokens learned from in one epoch, `dropped` the
    rows that were too long for the window.
    """

    rows: int
    dropped: int
    tokens: int
    epochs: float
    steps: tuple[Step, ...]
    seconds: float
    extra: dict[str, float] = Field(default_factory=dict)


def run_training(
    module: str,
    rows: Sequence[Record],
    start: Path,
    out: Path,
    schedule: Schedule,
    params: Settings,
    seed: int,
) -> Report:
    """Train in a new process and return its report once the checkpoint `out` has passed the
    guards. Raises MeteorError with the process's last lines where it fails.
    """
    if not rows:
        raise MeteorError(f"{out}: there is nothing to train on")
    work = out.with_name(out.name + ".work")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        job = Job(
            rows=work / "rows.jsonl",
            start=start,
            checkpoint=work / "checkpoint",
            report=work / "report.json",
            schedule=schedule,
            params=params.model_dump(mode="json"),
            seed=seed,
        )
        write_records(job.rows, rows)
        job_file = work / "job.json"
        write_json(job_file, job.model_dump(mode="json"))
        _run([sys.executable, "-m", module, str(job_file)], out)
        report = _read_report(job.report)
        check_training(report, start, job.checkpoint, out)
        shutil.rmtree(out, ignore_errors=True)
        job.checkpoint.replace(out)
        return report
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run(command: list[str], out: Path) -> None:
    """Run the process to its end, its progress told; a stage that is stopped stops it too."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    tail: deque[str] = deque(maxlen=30)
    try:
        _show(_lines(process, tail), f"training {out.name}")
        code = process.wait()
    finally:
        process.kill()
        process.wait()
    if code != 0:
        raise MeteorError(
            f"{out}: the training process ended with exit code {code}:\n" + "".join(tail)
        )


class _Progress(NamedTuple):
    step: int
    total: int


def _lines(process: "subprocess.Popen[str]", tail: deque[str]) -> Iterator[_Progress]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(PROGRESS):
            yield _Progress(**json.loads(line.removeprefix(PROGRESS)))
        else:
            tail.append(line)


def _show(progress: Iterator[_Progress], title: str) -> None:
    first = next(progress, None)
    if first is not None:
        rest = (step for step in progress if step.step > 0)
        for _ in track(rest, title, first.total):
            pass


def train(
    trainer: Plugin, rows: Sequence[Record], start: Path, out: Path, schedule: Schedule, seed: int
) -> Report:
    """Ask a trainer plugin of either kind for the checkpoint `out`, and check its report."""
    hook, argument = TRAINERS[trainer.role]
    shutil.rmtree(out, ignore_errors=True)  # what a killed training has left
    report = trainer.call(
        hook, **{argument: rows}, start=start, out=out, schedule=schedule, seed=seed
    )
    try:
        done = Report.model_validate(report)
    except ValidationError as error:
        raise trainer.error(f"{hook} gave a report that does not fit: {explain(error)}") from None
    tell_checkpoint(out, done.model_dump())
    return done


@dataclass
class LossCurve:
    """The losses of one or more trainings, one after another, for a plot."""

    points: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, report: Report) -> None:
        """Append a training."""
        done = self.points[-1][0] if self.points else 0
        self.points += [(done + step.step, step.loss) for step in report.steps]
        self.seconds += report.seconds

    def write(self, file: Path) -> None:
        """Write the curve as CSV."""
        with replacing(file) as out:
            rows = csv.writer(out, lineterminator="\n")
            rows.writerow(["step", "loss"])
            rows.writerows((step, f"{loss:.6g}") for step, loss in self.points)


def tell_progress(step: int, total: int) -> None:
    """Called in the training process: once with step 0 before the first step, then each step."""
    print(PROGRESS + json.dumps({"step": step, "total": total}), flush=True)


def training_process(
    train: Callable[[Job, P, list[R]], Report], params: type[P], rows: type[R]
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


def check_training(report: Report, start: Path, checkpoint: Path, name: Path) -> None:
    """The guards on a new checkpoint: it learned something, finitely, and it is whole.

    Raises MeteorError where no step was made, a weight is not finite, or no weight changed.
    """
    if not report.steps:
        raise MeteorError(f"{name}: the training made no step on {report.rows} rows")
    if not any(checkpoint.glob("*.safetensors")):
        raise MeteorError(f"{name}: the trainer wrote no safetensors weights")
    changed = False
    for key, after in _tensors(checkpoint):
        if not bool(after.isfinite().all()):
            raise MeteorError(f"{name}: the weights {key} are not finite")
        if not changed:
            before = dict(_tensors(start, only=key)).get(key)
            changed = before is None or not bool((before.to(after.dtype) == after).all())
    if not changed:
        raise MeteorError(
            f"{name}: training changed no weight: the learning rate is too small for the precision"
        )


def _tensors(checkpoint: Path, only: str | None = None) -> Iterable[tuple[str, Any]]:
    from safetensors import safe_open

    for file in sorted(checkpoint.glob("*.safetensors")):
        with safe_open(file, framework="pt") as weights:
            for key in weights.keys():  # noqa: SIM118 (not iterable itself)
                if only in (None, key):
                    yield key, weights.get_tensor(key)
