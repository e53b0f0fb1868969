"""What tests of trainers share: a job for this process, and what a checkpoint holds."""

import hashlib
from pathlib import Path
from typing import Any

from meteor.core.settings import Schedule
from meteor.training.process import Job

FP32: dict[str, Any] = {"device": "cpu", "dtype": "float32", "precision": "fp32"}
STILL = 1e-12
"""A learning rate that leaves fp32 weights as they are, so that losses can be added up."""


def job(
    start: Path, folder: Path, epochs: float = 1, learning_rate: float = 1e-3, seed: int = 7
) -> Job:
    """A job whose new checkpoint stands in `folder`."""
    return Job(
        rows=folder / "rows.jsonl",
        start=start,
        checkpoint=folder / "checkpoint",
        report=folder / "report.json",
        schedule=Schedule(epochs=epochs, learning_rate=learning_rate),
        params={},
        seed=seed,
    )


def digest(checkpoint: Path) -> dict[str, str]:
    """The files of a checkpoint, by a hash of their bytes."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in checkpoint.iterdir()
        if file.is_file()
    }
