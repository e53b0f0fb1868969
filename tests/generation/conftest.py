"""What tests of generation share: a model that writes something else for every prompt."""

import shutil
from pathlib import Path

import pytest

STOPS = [2, *range(20, 500, 25)]
"""The end of turn of the fixture's tokenizer, and more that its generation config names."""


@pytest.fixture(scope="package")
def lively(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with large random weights: what it writes hangs on every token it reads.

    As it is made, the tiny model repeats the last token of any prompt, and would hide faults.
    Many tokens end a turn, so that the answers of a batch end at different places.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("lively") / "checkpoint"
    shutil.copytree(tiny_checkpoint, folder)
    config = LlamaConfig.from_pretrained(
        tiny_checkpoint, initializer_range=0.3, tie_word_embeddings=False
    )
    torch.manual_seed(2)
    model = LlamaForCausalLM(config)
    model.generation_config.eos_token_id = STOPS
    model.save_pretrained(folder)
    return folder
