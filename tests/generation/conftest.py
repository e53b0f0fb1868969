"""What tests of generation share: a model that writes something else for every prompt."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from meteor.generation import engine
from tests.conftest import ROOT
from tests.generation.asking_vllm import Notes

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


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """vLLM is there, as its stand-in; the file of its notes. An engine that several tests want
    alike is started once.
    """
    notes = tmp_path_factory.mktemp("vllm") / "notes.jsonl"
    notes.touch()
    folder = str(Path(__file__).with_name("standin"))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        path = [folder, str(ROOT), os.environ.get("PYTHONPATH", "")]
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
        patch.setenv("VLLM_NOTES", str(notes))
        yield notes
        engine.end()


@pytest.fixture
def notes(standin: Path) -> Notes:
    """What the stand-in was told since the test began."""
    begun = standin.stat().st_size

    def read(what: str) -> list[dict[str, object]]:
        lines = standin.read_text()[begun:].splitlines()
        return [note for note in map(json.loads, lines) if note["what"] == what]

    return read
