"""Base models from a folder or a GGUF file, and what every checkpoint must have to be used."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.records import Message, Prompt
from meteor.core.settings import Settings
from meteor.models.encoding import load_model, load_tokenizer, prompt_ids
from meteor.models.model_card import read_front
from plugins.base import gguf, hub

PROMPT = Prompt(id="q", messages=(Message(role="user", content="What is deep learning?"),))


@pytest.fixture
def copy(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """A copy of the tiny checkpoint that a test may change."""
    folder = tmp_path / "copy"
    shutil.copytree(tiny_checkpoint, folder)
    return folder


@pytest.fixture(scope="session")
def gguf_file(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny checkpoint as a GGUF file, written as llama.cpp writes it; matrices in 8 bits."""
    from gguf import GGMLQuantizationType, GGUFWriter
    from gguf.quants import quantize

    file = tmp_path_factory.mktemp("gguf") / "tiny.Q8_0.gguf"
    tokenizer, model = (
        load_tokenizer(tiny_checkpoint),
        load_model(tiny_checkpoint, "float32", "cpu"),
    )
    config, vocabulary = model.config, json.loads((tiny_checkpoint / "tokenizer.json").read_text())
    writer = GGUFWriter(file, "llama")
    writer.add_license("cc-by-4.0")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokenizer.convert_ids_to_tokens(range(config.vocab_size)))
    writer.add_token_types([3] * 3 + [1] * (config.vocab_size - 3))
    writer.add_token_merges([" ".join(merge) for merge in vocabulary["model"]["merges"]])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_chat_template(tokenizer.chat_template)
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight":
            continue  # tied
        short = gguf_name(name)
        values = tensor.numpy()
        for part, count in heads.items():
            if f".{part}." in short:  # llama.cpp interleaves what rotates together
                halves = values.reshape(count, 2, -1, values.shape[-1]).swapaxes(1, 2)
                values = halves.reshape(values.shape)
        kind = GGMLQuantizationType.Q8_0 if values.ndim == 2 else GGMLQuantizationType.F32
        writer.add_tensor(short, quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def gguf_name(name: str) -> str:
    """`model.layers.0.self_attn.q_proj.weight` is called `blk.0.attn_q.weight` there."""
    names = {
        "model.embed_tokens": "token_embd",
        "model.norm": "output_norm",
        "model.layers": "blk",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
        "post_attention_layernorm": "ffn_norm",
        "input_layernorm": "attn_norm",
    }
    for long, short in names.items():
        name = name.replace(long, short)
    return name


def weights(checkpoint: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(checkpoint / "model.safetensors"))


def asked(checkpoint: Path) -> list[int]:
    return prompt_ids(load_tokenizer(checkpoint), PROMPT)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_local_folder_becomes_a_checkpoint(
    tiny_checkpoint: Path, tmp_path: Path, dtype: str
) -> None:
    """In the wanted precision, with the same vocabulary, chat template and end of turn."""
    assert hub.base_fetch(hub.Hub(model=str(tiny_checkpoint), dtype=dtype), tmp_path)
    before, after = weights(tiny_checkpoint), weights(tmp_path)
    assert after.keys() == before.keys()
    for key, tensor in after.items():
        assert str(tensor.dtype) == f"torch.{dtype}"
        assert (tensor == before[key].to(tensor.dtype)).all()
    assert asked(tmp_path) == asked(tiny_checkpoint)
    assert load_tokenizer(tmp_path).eos_token == "<|im_end|>"


def test_a_gguf_file_becomes_the_checkpoint_that_it_was_made_from(
    tiny_checkpoint: Path, gguf_file: Path, tmp_path: Path
) -> None:
    """Up to the 8 bits of its weights; nothing in it remembers that it was quantised."""
    assert gguf.base_fetch(gguf.Gguf(file=str(gguf_file), dtype="float32"), tmp_path)
    before, after = weights(tiny_checkpoint), weights(tmp_path)
    assert after.keys() == before.keys()
    for key, tensor in after.items():
        assert float((tensor - before[key]).abs().max()) <= float(before[key].abs().max()) / 200
    assert asked(tmp_path) == asked(tiny_checkpoint)
    assert load_tokenizer(tmp_path).eos_token == "<|im_end|>"
    assert "quantization_config" not in json.loads((tmp_path / "config.json").read_text())
    assert [file.name for file in tmp_path.glob("*.safetensors")] == ["model.safetensors"]


def test_a_gguf_file_inside_a_package_that_cannot_be_imported(
    gguf_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The packages that carry weights want dependencies that are not needed to read a file."""
    package = tmp_path / "packages/carries_weights"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('llama_cpp')")
    shutil.copy(gguf_file, package / "tiny.gguf")
    monkeypatch.syspath_prepend(package.parent)
    out = tmp_path / "out"
    assert gguf.base_fetch(gguf.Gguf(file="tiny.gguf", package="carries_weights"), out)
    assert load_tokenizer(out).chat_template
    assert "carries_weights" not in sys.modules


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"file": "no.gguf"}, "base.gguf.file: there is no file no.gguf"),
        ({"file": "x.gguf", "package": "no_such"}, "base.gguf.package: 'no_such' is not installed"),
        ({"file": "x.gguf", "package": "pytest"}, "base.gguf.file: there is no file .*x.gguf"),
    ],
)
def test_a_gguf_file_that_is_not_there_is_an_error_of_the_settings(
    settings: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=said):
        gguf.base_fetch(gguf.Gguf(**settings), tmp_path)


def test_the_tokenizer_is_the_checkpoints_and_needs_no_weights(
    copy: Path, gguf_file: Path, tmp_path: Path
) -> None:
    gguf.base_fetch(gguf.Gguf(file=str(gguf_file)), tmp_path / "gguf")
    hub.base_fetch(hub.Hub(model=str(copy)), tmp_path / "hub")
    (copy / "model.safetensors").unlink()
    given = {
        "gguf": gguf.base_tokenizer(gguf.Gguf(file=str(gguf_file))),
        "hub": hub.base_tokenizer(hub.Hub(model=str(copy))),
    }
    for name, tokenizer in given.items():
        text = "What is deep learning? Ein Maß: ∑ 🦙"
        written = load_tokenizer(tmp_path / name)
        assert tokenizer(text)["input_ids"] == written(text)["input_ids"], name


@pytest.mark.parametrize("size", [4, -1000])
def test_a_broken_gguf_file_is_one_clear_error(gguf_file: Path, tmp_path: Path, size: int) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(gguf_file.read_bytes()[:size])
    with pytest.raises(MeteorError, match=r"broken\.gguf"):
        gguf.base_fetch(gguf.Gguf(file=str(file)), tmp_path / "out")


@pytest.mark.parametrize("kind", [hub.Hub, gguf.Gguf])
def test_an_unknown_precision_is_an_error_of_the_settings(kind: type[Settings]) -> None:
    """Found before a model of many gigabytes is fetched."""
    where = {"model": "x"} if kind is hub.Hub else {"file": "x"}
    with pytest.raises(ValidationError, match="dtype"):
        kind.model_validate({**where, "dtype": "bf16"})


def other_shape(folder: Path) -> None:
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"vocab_size": ', '"vocab_size": 1'))


WEIGHTS = "model.safetensors"


def cut_off(folder: Path) -> None:
    file = folder / WEIGHTS
    file.write_bytes(file.read_bytes()[:-1000])


def leave_out(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.0.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def no_end(folder: Path) -> None:
    template = (folder / "chat_template.jinja").read_text()
    (folder / "chat_template.jinja").write_text(template.replace("<|im_end|>", ""))


NO_WEIGHTS = [
    pytest.param(lambda f: (f / "model.safetensors").unlink(), "model", id="no weights"),
    pytest.param(cut_off, "model", id="weights cut off"),
    pytest.param(leave_out, "up_proj", id="a weight missing"),
    pytest.param(other_shape, "has the shape", id="another shape"),
    pytest.param(lambda f: (f / "config.json").unlink(), "model", id="no config"),
    pytest.param(shutil.rmtree, "model", id="no folder"),
]
NO_TOKENIZER = [
    pytest.param(lambda f: (f / "chat_template.jinja").unlink(), "chat template", id="template"),
    pytest.param(lambda f: (f / "tokenizer.json").unlink(), "tokenizer", id="tokenizer"),
    pytest.param(no_end, "does not end a turn", id="end of turn"),
    pytest.param(shutil.rmtree, "tokenizer", id="no folder"),
]
Damage = Callable[[Path], None]


@pytest.mark.parametrize(
    ("load", "damage", "said"),
    [
        *((lambda f: load_model(f, "float32", "cpu"), *each.values) for each in NO_WEIGHTS),
        *((load_tokenizer, *each.values) for each in NO_TOKENIZER),
    ],
    ids=[str(each.id) for each in (*NO_WEIGHTS, *NO_TOKENIZER)],
)
def test_a_checkpoint_that_lacks_something_is_one_clear_error(
    copy: Path, load: Callable[[Path], Any], damage: Damage, said: str
) -> None:
    damage(copy)
    with pytest.raises(MeteorError, match=said) as raised:
        load(copy)
    assert str(raised.value).startswith(f"{copy}: ")
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("damage", "said"),
    [*NO_WEIGHTS, (lambda f: (f / WEIGHTS).rename(f / "pytorch_model.bin"), "safetensors")],
)
def test_a_base_model_that_lacks_something_is_one_clear_error(
    copy: Path, tmp_path: Path, damage: Damage, said: str
) -> None:
    """A pickled file, which could run code, counts as no weights."""
    damage(copy)
    with pytest.raises(MeteorError, match=said) as raised:
        hub.base_fetch(hub.Hub(model=str(copy)), tmp_path / "out")
    assert str(copy) in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_the_card_of_a_folder_keeps_its_licence_and_names_no_place(
    copy: Path, tmp_path: Path
) -> None:
    (copy / "README.md").write_text("---\nlicense: gemma\nbase_model: its/parent\n---\n# Tiny\n")
    hub.base_fetch(hub.Hub(model=str(copy), dtype="float32"), tmp_path / "out")
    assert read_front(tmp_path / "out/README.md") == {"license": "gemma", "base_model": "copy"}
    assert str(tmp_path) not in (tmp_path / "out/README.md").read_text()
    (copy / "README.md").unlink()
    hub.base_fetch(hub.Hub(model=str(copy), dtype="float32"), tmp_path / "bare")
    assert read_front(tmp_path / "bare/README.md")["license"] == "unknown"


def test_the_card_of_a_gguf_file_has_the_licence_of_its_metadata(
    gguf_file: Path, tmp_path: Path
) -> None:
    params = gguf.Gguf(file=str(gguf_file), model="lab/tiny", dtype="float32")
    gguf.base_fetch(params, tmp_path / "out")
    assert read_front(tmp_path / "out/README.md") == {
        "license": "cc-by-4.0",
        "base_model": "lab/tiny",
    }
