"""Adapters as checkpoints: what they hold, that they act as merged ones do, and what is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.settings import Decoding
from meteor.generation.decoding import GenerationSettings, generate
from meteor.models.encoding import load_model
from meteor.training.guards import check_training
from meteor.training.process import Report
from plugins.pairwise import trl as pairwise
from plugins.sft import trl as sft
from tests.training.finetuning import EXAMPLES, train
from tests.training.preferring import PAIRS
from tests.training.trained import FP32, STILL, job

LORA: dict[str, Any] = {"method": "lora", "lora": {"r": 4, "alpha": 8}}
ADAPTER: dict[str, Any] = {**LORA, "checkpoint": "adapter"}
CPU = GenerationSettings(device="cpu", dtype="float32")


def logits(checkpoint: Path) -> Any:
    import torch

    model = load_model(checkpoint, "float32", "cpu")
    with torch.inference_mode():
        return model(torch.tensor([[5, 6, 7, 8]])).logits


def apart(one: Path, other: Path) -> float:
    """The largest difference of a logit."""
    return float((logits(one) - logits(other)).abs().max())


def moved(folder: Path, new: Path) -> Path:
    """A checkpoint where stages put it: beside its base."""
    shutil.copytree(folder, new)
    return new


@pytest.fixture(scope="module")
def models(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the base, what was learned as an adapter and merged, and then once more."""
    root = tmp_path_factory.mktemp("models")
    base = moved(tiny_checkpoint, root / "base")
    for name, params in (("sft", ADAPTER), ("whole", LORA)):
        _, made = train(base, root / f"{name}.work", EXAMPLES, **params)
        moved(made, root / name)
    _, made = train(root / "sft", root / "r1.work", EXAMPLES[:2], **ADAPTER)
    moved(made, root / "r1")
    return root


def test_it_holds_the_adapter_and_names_its_base(models: Path) -> None:
    files = {file.name for file in (models / "sft").iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "base.json"} <= files
    assert {"config.json", "tokenizer.json"} <= files and "model.safetensors" not in files
    pointer = json.loads((models / "sft/base.json").read_text())
    assert pointer["checkpoint"] == "base" and len(pointer["sha256"]) == 64
    assert str(models) not in (models / "sft/adapter_config.json").read_text()
    assert json.loads((models / "r1/base.json").read_text()) == pointer


def test_it_acts_as_the_merged_checkpoint_does(models: Path) -> None:
    assert apart(models / "sft", models / "whole") < 1e-5
    assert apart(models / "sft", models / "base") > 1e-3
    prompts = [row.prompt.model_copy(update={"id": row.id}) for row in EXAMPLES]
    decoding = Decoding(strategy="greedy", max_new_tokens=8)
    one, other = (
        list(generate(prompts, models / name, decoding, CPU, 7)) for name in ("sft", "whole")
    )
    assert one == other and len(one) == len(EXAMPLES)


def test_in_bfloat16_too_it_is_the_merged_checkpoint(models: Path) -> None:
    """Weights are rounded; what the model computes for itself, as rotary frequencies, is not."""
    import torch

    one, other = (load_model(models / name, "bfloat16", "cpu") for name in ("sft", "whole"))
    assert {weights.dtype for weights in one.parameters()} == {torch.bfloat16}
    for mine, theirs in ((one.parameters(), other.parameters()), (one.buffers(), other.buffers())):
        for each, wanted in zip(mine, theirs, strict=True):
            assert each.dtype == wanted.dtype and torch.equal(each, wanted)


def test_the_next_training_goes_on_with_it(models: Path, tmp_path: Path) -> None:
    assert apart(models / "r1", models / "sft") > 1e-4
    _, still = train(
        models / "sft", models / "still.work", EXAMPLES, learning_rate=STILL, **ADAPTER
    )
    assert apart(moved(still, models / "still"), models / "sft") < 1e-5, "begins where it stood"
    whole: dict[str, Any] = {"method": "full"}
    for params in (LORA, whole):
        folder = tmp_path / params["method"]
        _, made = train(models / "sft", folder, EXAMPLES, learning_rate=STILL, **params)
        assert not (made / "adapter_config.json").exists()
        assert apart(made, models / "sft") < 1e-5, "the adapter is in the whole weights"


@pytest.mark.parametrize("loss", ["margin", "dpo"])
def test_pairs_are_learned_from_as_over_the_merged_start(models: Path, loss: str) -> None:
    """DPO looks at the start, and not at the model below its adapter."""
    params = {**FP32, "batch_size": 4, "loss": loss}
    reports = []
    for name, how in (("sft", ADAPTER), ("whole", LORA)):
        told = job(models / name, models / f"{loss}-{name}.work", 1, 1e-3)
        report = pairwise.train(told, pairwise.Trl(**params, **how), PAIRS[:4])
        assert report is not None
        reports.append(report)
    first, second = (report.steps[0].loss for report in reports)
    assert first == pytest.approx(second, abs=1e-5)
    made = moved(models / f"{loss}-sft.work/checkpoint", models / loss)
    assert {file.name for file in made.glob("*.safetensors")} == {"adapter_model.safetensors"}
    assert not [folder for folder in made.iterdir() if folder.is_dir()]
    assert apart(made, models / "sft") > 1e-5


def test_a_training_that_changed_nothing_is_an_error(models: Path) -> None:
    """Whether the adapter is new or not."""
    from safetensors.torch import load_file, save_file

    report = Report(
        rows=1, dropped=0, tokens=1, epochs=1, steps=({"step": 1, "loss": 1.0},), seconds=1, due=1
    )
    new = models / "new"
    for start, to in ((models / "sft", 1.0), (models / "base", 0.0)):
        shutil.rmtree(new, ignore_errors=True)
        moved(models / "sft", new)
        weights = load_file(new / "adapter_model.safetensors")
        same = {key: value * (to if "lora_B" in key else 1.0) for key, value in weights.items()}
        save_file(same, new / "adapter_model.safetensors", metadata={"format": "pt"})
        with pytest.raises(MeteorError, match="training changed no weight"):
            check_training(report, start, new, new)
    check_training(report, models / "base", models / "sft", models / "sft")
    check_training(report, models / "sft", models / "r1", models / "r1")


def test_another_base_or_none_is_refused(models: Path, tmp_path: Path) -> None:
    alone = moved(models / "sft", tmp_path / "sft")
    with pytest.raises(MeteorError, match=r"over .*base, which is not here; `dvc pull"):
        load_model(alone, "float32", "cpu")
    moved(models / "whole", tmp_path / "base")
    with pytest.raises(MeteorError, match="over other weights than those of"):
        load_model(alone, "float32", "cpu")
    (alone / "base.json").write_text('{"checkpoint": "base"}')
    with pytest.raises(MeteorError, match=r"base\.json: sha256"):
        load_model(alone, "float32", "cpu")
    (alone / "base.json").unlink()
    with pytest.raises(MeteorError, match="an adapter without base"):
        load_model(alone, "float32", "cpu")


def test_another_rank_than_the_start_has_is_refused(models: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"has r 4 and alpha 8.*wants lora\.r 16"):
        train(models / "sft", tmp_path, EXAMPLES, method="lora", checkpoint="adapter")


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"method": "full"}, "needs method: lora"),
        ({"launcher": "deepspeed"}, "does not go with launcher: deepspeed"),
        ({"lora": {"keep_adapter": True}}, "it is kept anyway"),
    ],
)
def test_what_cannot_be_is_refused_with_the_settings(more: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ValidationError, match=wanted):
        sft.Trl(**{**ADAPTER, **more})
