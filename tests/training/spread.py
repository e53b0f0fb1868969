"""Trainings that two processes share, and what one process alone learns."""

from pathlib import Path
from typing import Any

import pytest

from meteor.core.settings import Schedule
from meteor.training.process import Report
from plugins.sft import trl as sft
from tests.training.finetuning import EXAMPLES
from tests.training.trained import FP32

SCHEDULE = Schedule(epochs=2, learning_rate=5e-3)
Alone = tuple[Report, Path]
"""Report and checkpoint of one process."""


def likelihood(checkpoint: Path) -> float:
    """Loads as any checkpoint does, and says how it finds the words that it has learned."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(checkpoint)
    ids = AutoTokenizer.from_pretrained(checkpoint)(EXAMPLES[0].answer, return_tensors="pt")
    with torch.inference_mode():
        return float(model(**ids, labels=ids["input_ids"]).loss)


def learns_the_same(out: Path, start: Path, alone: Alone, **launch: Any) -> None:
    """Two processes on a CPU give the losses and the weights of one."""
    one, expected = alone
    settings = sft.Trl(**{**FP32, "batch_size": 2, **launch})
    done = sft.sft_train(EXAMPLES, [], start, out, SCHEDULE, settings, 7)
    two = Report.model_validate(done)
    assert len(one.steps) == len(two.steps) == 2
    for mine, theirs in zip(one.steps, two.steps, strict=True):
        assert theirs.loss == pytest.approx(mine.loss, abs=1e-4)
    assert two.usage is not None and two.usage.processes == 2
    assert {file.name for file in out.iterdir()} == {file.name for file in expected.iterdir()}
    assert likelihood(out) == pytest.approx(likelihood(expected), abs=1e-4)
    assert abs(likelihood(out) - likelihood(start)) > 0.01
