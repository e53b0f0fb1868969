"""Rows that have ended leave their batch: the same tokens, and less to compute."""

import random
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from meteor.generation.leaving import SHARE, write_leaving
from meteor.models.encoding import load_model, load_tokenizer

LONGEST = 60
ENDS = set(range(0, 500, 7))
"""Many, so that a model that learned nothing ends at all lengths."""
Rows = list[list[int]]


def told(rows: Rows) -> Rows:
    """Each row up to its end of turn, which is left out."""
    return [
        row[: next((n for n, token in enumerate(row) if token in ENDS), len(row))] for row in rows
    ]


@pytest.fixture(scope="module")
def loaded(tiny_checkpoint: Path) -> tuple[Any, Any]:
    return load_model(tiny_checkpoint, "float32", "cpu"), load_tokenizer(tiny_checkpoint)


@pytest.mark.parametrize("rows", [1, 2, 13])
@pytest.mark.parametrize(
    "how", [{}, {"repetition_penalty": 1.3}, {"no_repeat_ngram_size": 2}], ids=str
)
def test_the_tokens_are_those_of_a_batch_that_nobody_leaves(
    loaded: tuple[Any, Any], rows: int, how: dict[str, Any]
) -> None:
    import torch

    model, tokenizer = loaded
    drawn = random.Random(rows)
    ids = [[drawn.randrange(3, 400) for _ in range(drawn.randrange(3, 30))] for _ in range(rows)]
    batch = tokenizer.pad({"input_ids": ids}, return_tensors="pt")
    how = {**how, "do_sample": False, "pad_token_id": tokenizer.pad_token_id}
    computed: list[int] = []
    hook = model.register_forward_hook(
        lambda module, inputs, output: computed.append(output.logits.shape[0])
    )
    with torch.inference_mode():
        output = model.generate(**batch, **how, max_new_tokens=LONGEST, eos_token_id=sorted(ENDS))
        whole = output[:, batch["input_ids"].shape[1] :].tolist()
        staying = sum(computed)
        computed.clear()
        written = write_leaving(model, batch, LONGEST, ENDS, **how)
    hook.remove()
    assert told(written) == told(whole)
    assert all(len(row) == LONGEST for row in written if not {*row} & ENDS)
    steps = sorted(min(len(row) + 1, LONGEST) for row in told(whole))
    leave = steps[ceil(SHARE * rows) - 1] < steps[-1]
    assert (sum(computed) < staying) is leave and sum(computed) <= staying
    assert leave or rows == 1 or "no_repeat_ngram_size" not in how, "would show nothing"
