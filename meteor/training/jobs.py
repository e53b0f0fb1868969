"""What a training process is told, and what it reports."""

from pathlib import Path
from typing import Any

from pydantic import Field

from meteor.core.records import Record
from meteor.core.settings import Schedule


class Job(Record):
    """What a training process is told. `params` are the plugin's settings, `held_out` a file of
    rows to watch the loss on, `states` the folder for the states that it can go on from.
    """

    rows: Path
    held_out: Path | None = None
    states: Path | None = None
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


class Usage(Record):
    """What a training took of the machine: `peak_memory` in bytes of the process, or of its GPU,
    that needed most; `precision` that of the arithmetic; `flops` of all processes, counted from
    the model's shape; `mfu` the share of
    the hardware's peak, None where that is not known; `resumed_at` the step that it went on from.
    """

    device: str
    precision: str
    processes: int
    peak_memory: int
    flops: float
    mfu: float | None
    seed: int
    versions: dict[str, str]
    resumed_at: int = 0


class Report(Record):
    """What a training did. `tokens` are answer tokens learned from in one epoch, `dropped` the
    rows that were too long for the window, `shortened` those whose answer and `shortened_prompts`
    those whose question was cut to fit, `due` the
    steps that were to be made, `held_out` the loss on held-out rows after some of them, `seconds`
    those of the steps alone.
    """

    rows: int
    dropped: int
    tokens: int
    epochs: float
    steps: tuple[Step, ...]
    seconds: float
    shortened: int = 0
    shortened_prompts: int = 0
    due: int = 0
    held_out: tuple[Step, ...] = ()
    usage: Usage | None = None
    extra: dict[str, float] = Field(default_factory=dict)
