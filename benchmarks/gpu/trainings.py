"""The trainings: through the plugins' own hooks, in processes of their own, as a stage starts them.
Seconds of a step are those between two steps that the observers hear of.
"""

import itertools
import json
import shutil
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.gpu.shapes import size_of
from meteor.core.jsonl import read_records
from meteor.core.records import Example, Pair
from meteor.core.settings import Schedule
from meteor.running.context import Context, working
from meteor.running.observers import hookimpl, load_observer
from meteor.training.jobs import Report
from meteor.training.usage import PEAKS
from plugins.pairwise import trl as pairwise
from plugins.sft import trl as sft

SCHEDULE = Schedule(epochs=1, learning_rate=1e-5)
LORA = {"method": "lora", "checkpoint": "adapter"}


@dataclass(frozen=True)
class Training:
    """`rows` names the file; `batch` rows of it are a step; `settings` are the plugin's besides."""

    model: str
    batch: int
    rows: str = "equal"
    steps: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)


def _launched(launcher: str, **settings: object) -> Training:
    """A short one by a launcher, on one GPU."""
    own = {"launcher": launcher, launcher: {"gpus": 1, **settings}}
    return Training("0.5b", 4, steps=8, settings=own)


TRAININGS = {
    "sft": Training("0.5b", 16),
    "sft-mixed": Training("0.5b", 16, "mixed"),
    "sft-packed": Training("0.5b", 16, "mixed", settings={"batches": "packed"}),
    "sft-liger": Training("0.5b", 16, settings={"liger": True}),
    "sft-1.5b": Training("1.5b", 8, steps=20),
    "lora-8b": Training(
        "8b", 4, steps=15, settings={**LORA, "lora": {"r": 16, "base": "bfloat16"}}
    ),
    "qlora-8b": Training("8b", 4, steps=15, settings={**LORA, "lora": {"r": 16, "base": "nf4"}}),
    "pairs": Training("0.5b", 8, "pairs", steps=20),
    "zero2": _launched("deepspeed", port=29510),
    "zero3": _launched("deepspeed", port=29520, config="configs/deepspeed/zero3.json"),
    "fsdp2": _launched("accelerate", port=29530, config="configs/accelerate/fsdp2.yaml"),
    "torchrun": _launched("torchrun"),
}


class Clock:
    """When each step was told of; the first time is that before the first step."""

    def __init__(self) -> None:
        self.times: list[float] = []

    @hookimpl
    def rows_done(self) -> None:
        """Note the time."""
        self.times.append(time.monotonic())


def train(name: str, work: Path) -> Iterator[dict[str, Any]]:
    """Train, and tell what the training's own record says beside what the steps took."""
    case, size = TRAININGS[name], size_of(work)
    batch, clock = size.batch(case.batch), Clock()
    out = work / "models" / f"{name}-out"
    rows = batch * min(case.steps or size.steps, size.steps)
    window = size.pair_window if case.rows == "pairs" else size.window
    settings = {
        "batch_size": batch,
        "max_length": window,
        "save_steps": None,
        "precision": "bf16",
        **case.settings,
    }
    start = work / "models" / case.model
    with working(Context(name=name, observers={"clock": load_observer("clock", clock)})):
        report = Report.model_validate(_trained(case, work, rows, start, out, settings))
    shutil.rmtree(out)
    lengths = json.loads((work / "rows" / "lengths.json").read_text())[case.rows][:rows]
    yield {
        "model": case.model,
        "rows_a_step": batch,
        **told(report, clock, sum(lengths), size.warm),
    }


def _trained(
    case: Training, work: Path, count: int, start: Path, out: Path, settings: dict[str, Any]
) -> Any:
    file = work / "rows" / f"{case.rows}.jsonl"
    how: dict[str, Any] = {"start": start, "out": out, "schedule": SCHEDULE, "seed": 7}
    if case.rows == "pairs":
        pairs = list(read_records(file, Pair))[:count]
        return pairwise.pairwise_train(pairs=pairs, params=pairwise.Trl(**settings), **how)
    examples = list(read_records(file, Example))[:count]
    return sft.sft_train(examples=examples, held_out=(), params=sft.Trl(**settings), **how)


def told(report: Report, clock: Clock, tokens: int, warm: int) -> dict[str, Any]:
    """`tokens_per_second` counts prompts too; `mfu` is of the steps after the first `warm`,
    `mfu_recorded` of the whole training, as its record has it.
    """
    usage, steps = report.usage, len(report.steps)
    assert usage is not None
    ends = clock.times[1 + warm :]
    apart = [after - before for before, after in itertools.pairwise(ends)]
    seconds, median = sum(apart) / len(apart), statistics.median(apart)
    peak = next((peak for name, peak in PEAKS.items() if name in usage.device), None)
    share = usage.flops / steps / peak if peak else None
    return {
        "device": usage.device,
        "precision": usage.precision,
        "steps": steps,
        "tokens_a_step": round(tokens / steps),
        "step_seconds": round(seconds, 4),
        "step_median": round(median, 4),
        "tokens_per_second": round(tokens / steps / seconds),
        "mfu": share and round(share / seconds, 3),
        "mfu_median": share and round(share / median, 3),
        "mfu_recorded": usage.mfu and round(usage.mfu, 3),
        "train_seconds": round(report.seconds, 1),
        "peak_gib": round(usage.peak_memory / 2**30, 2),
        "first_loss": round(report.steps[0].loss, 4),
        "last_loss": round(report.steps[-1].loss, 4),
        "versions": usage.versions,
        **report.extra,
    }
