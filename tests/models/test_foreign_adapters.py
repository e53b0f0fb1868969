"""Adapters that PEFT wrote elsewhere, of every shape, and broken ones: merged right or refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.core.fingerprint import fingerprint
from meteor.models.adapters import ADAPTER, ADAPTER_WEIGHTS, POINTER, WEIGHTS
from meteor.models.encoding import load_model
from plugins.base import hub

IDS = [[5, 6, 7, 8]]
SHAPES: dict[str, dict[str, Any]] = {
    "all linear layers": {},
    "layers by a pattern": {"target_modules": r".*\.(q_proj|v_proj)"},
    "other ranks": {"rank_pattern": {"q_proj": 8}, "alpha_pattern": {"v_proj": 32}},
    "rank-stabilised": {"use_rslora": True},
    "DoRA": {"use_dora": True},
    "a head of its own": {"modules_to_save": ["lm_head"]},
    "head and embeddings of its own": {"modules_to_save": ["embed_tokens", "lm_head"]},
    "over tied embeddings": {"target_modules": ["q_proj", "embed_tokens"]},
    "over the tied head": {"target_modules": ["q_proj", "lm_head"]},
}


def written(folder: Path, base: Path, config: Any) -> Any:
    """Write an adapter with large random weights over `base`; the logits with it."""
    import torch
    from peft import get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype="float32"), config)
    for weights in model.parameters():
        if weights.requires_grad:
            weights.data += torch.randn_like(weights) * 0.2
    model.eval().save_pretrained(folder)
    with torch.inference_mode():
        return model(torch.tensor(IDS)).logits


def lora(**changes: Any) -> Any:
    """Settings of PEFT's."""
    from peft import LoraConfig

    common = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "task_type": "CAUSAL_LM"}
    return LoraConfig(**{**common, **changes})


def logits(checkpoint: Path) -> Any:
    """Of a checkpoint, as the project loads it."""
    import torch

    with torch.inference_mode():
        return load_model(checkpoint, "float32", "cpu")(torch.tensor(IDS)).logits


@pytest.fixture
def base(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """The tiny model, whose embeddings are tied."""
    folder = Path(shutil.copytree(tiny_checkpoint, tmp_path / "base"))
    assert json.loads((folder / "config.json").read_text())["tie_word_embeddings"]
    return folder


def pointed(adapter: Path, base: Path) -> Path:
    """The adapter as a checkpoint of the project's."""
    shutil.copy(base / "config.json", adapter)
    pointer = {"checkpoint": base.name, "sha256": fingerprint(base, WEIGHTS)}
    (adapter / POINTER).write_text(json.dumps(pointer))
    return adapter


@pytest.mark.parametrize("shape", SHAPES)
def test_it_acts_merged_as_it_did_where_it_was_made(base: Path, tmp_path: Path, shape: str) -> None:
    wanted = written(tmp_path / "sft", base, lora(**SHAPES[shape]))
    assert float((logits(base) - wanted).abs().max()) > 0.1
    assert float((logits(pointed(tmp_path / "sft", base)) - wanted).abs().max()) < 1e-4


@pytest.mark.parametrize("tokenizer", [True, False], ids=["with a tokenizer", "without one"])
@pytest.mark.parametrize("ours", [True, False], ids=["of the project", "of others"])
def test_as_the_base_model_it_is_merged_into_what_it_names(
    base: Path, tmp_path: Path, ours: bool, tokenizer: bool
) -> None:
    adapter = tmp_path / "their adapter, ü"
    wanted = written(adapter, base, lora(target_modules=["q_proj", "lm_head"]))
    (base / "README.md").write_text("---\nlicense: gemma\n---\n")
    if ours:
        pointed(adapter, base)
    if tokenizer:
        for file in base.glob("*token*"):
            shutil.copy(file, adapter)
        shutil.copy(base / "chat_template.jinja", adapter)
    hub.base_fetch(hub.Hub(model=str(adapter), dtype="float32"), tmp_path / "out")
    assert (tmp_path / "out/model.safetensors").is_file()
    assert not (tmp_path / "out" / ADAPTER).exists()
    assert float((logits(tmp_path / "out") - wanted).abs().max()) < 1e-4
    assert "license: gemma" in (tmp_path / "out/README.md").read_text()


def test_one_that_names_no_model_is_refused(base: Path, tmp_path: Path) -> None:
    written(tmp_path / "sft", base, lora())
    settings = json.loads((tmp_path / "sft" / ADAPTER).read_text())
    for name, said in ((None, "names no model"), ("./gone", "'./gone' cannot be loaded")):
        settings["base_model_name_or_path"] = name
        (tmp_path / "sft" / ADAPTER).write_text(json.dumps(settings))
        with pytest.raises(MeteorError, match=said):
            hub.base_fetch(hub.Hub(model=str(tmp_path / "sft")), tmp_path / "out")


def changed(file: Path, **settings: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **settings}))


def renamed(file: Path, take: Callable[[str], str]) -> None:
    from safetensors.torch import load_file, save_file

    there = {take(key): weights for key, weights in load_file(file).items()}
    save_file({key: weights for key, weights in there.items() if key}, file)


BROKEN: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no weights": (lambda f: (f / ADAPTER_WEIGHTS).unlink(), "without adapter_model.safetensors"),
    "half a file": (
        lambda f: (f / ADAPTER_WEIGHTS).write_bytes((f / ADAPTER_WEIGHTS).read_bytes()[:-9]),
        "cannot be loaded: Error while deserializing header",
    ),
    "an empty file": (lambda f: (f / ADAPTER_WEIGHTS).write_bytes(b""), "cannot be loaded: "),
    "half of its settings": (lambda f: (f / ADAPTER).write_text("{"), "cannot be loaded: "),
    "settings that are none": (lambda f: (f / ADAPTER).write_text("[]"), "cannot be loaded: "),
    "another rank": (lambda f: changed(f / ADAPTER, r=16), "size mismatch for .*q_proj.lora_A"),
    "weights that lack a layer": (
        lambda f: renamed(f / ADAPTER_WEIGHTS, lambda key: "" if "v_proj" in key else key),
        "its weights lack some .*v_proj",
    ),
    "weights of another model": (
        lambda f: renamed(f / ADAPTER_WEIGHTS, lambda key: f"their.{key}"),
        "its weights lack some .*q_proj",
    ),
    "settings that lack a layer": (
        lambda f: changed(f / ADAPTER, target_modules=["q_proj"]),
        "no place for .*lora_A",
    ),
    "half a pointer": (lambda f: (f / POINTER).write_text("{"), "base.json: Invalid JSON"),
    "no pointer": (lambda f: (f / POINTER).unlink(), "an adapter without base.json"),
    "a base that is not there": (
        lambda f: changed(f / POINTER, checkpoint="gone"),
        "over .*gone, which is not here; `dvc pull",
    ),
    "a base that has moved on": (
        lambda f: changed(f / POINTER, sha256="0" * 64),
        "over other weights than those of .*base",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_one_that_is_broken_is_refused_and_never_left_out(
    base: Path, tmp_path: Path, what: str
) -> None:
    """The base's own answers in place of the adapter's are what nobody would see."""
    spoil, said = BROKEN[what]
    written(tmp_path / "sft", base, lora())
    spoil(pointed(tmp_path / "sft", base))
    with pytest.raises(MeteorError, match=said) as caught:
        load_model(tmp_path / "sft", "float32", "cpu")
    assert "\n" not in str(caught.value)


def test_a_kind_that_cannot_be_merged_is_named(base: Path, tmp_path: Path) -> None:
    from peft import PromptTuningConfig

    written(tmp_path / "sft", base, PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4))
    with pytest.raises(MeteorError, match="sft: an adapter of the kind PROMPT_TUNING cannot"):
        load_model(pointed(tmp_path / "sft", base), "float32", "cpu")
