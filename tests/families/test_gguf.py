"""GGUF files that no model can be made out of, though each is one."""

import json
from pathlib import Path

import pytest

from meteor.core.errors import MeteorError
from meteor.models.encoding import load_model, load_tokenizer
from plugins.base import gguf
from tests.families.built import build
from tests.families.chain import TEXT
from tests.models.test_base import gguf_name


def write(checkpoint: Path, file: Path, architecture: str, numbers: str = "float32") -> None:
    """The checkpoint as a GGUF file of such numbers, as llama.cpp writes it."""
    from gguf import GGUFWriter

    tokenizer, model = load_tokenizer(checkpoint), load_model(checkpoint, "float32", "cpu")
    config, vocabulary = model.config, json.loads((checkpoint / "tokenizer.json").read_text())
    writer = GGUFWriter(file, architecture)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    known = len(tokenizer)
    tokens = [*tokenizer.convert_ids_to_tokens(range(known))]
    tokens += [f"[PAD{number}]" for number in range(known, config.vocab_size)]
    special = {token for token in tokens if token in tokenizer.all_special_tokens}
    added = set(tokenizer.added_tokens_encoder) - special
    writer.add_token_list(tokens)
    writer.add_token_types([3 if t in special else 4 if t in added else 1 for t in tokens])
    writer.add_token_merges([" ".join(merge) for merge in vocabulary["model"]["merges"]])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_chat_template(tokenizer.chat_template)
    for name, tensor in model.state_dict().items():
        if name != "lm_head.weight":  # tied
            short = gguf_name(name).replace("self_attn.", "attn_")
            writer.add_tensor(short, tensor.numpy().astype(numbers))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_an_architecture_that_cannot_be_read_is_named_beside_those_that_can(
    tmp_path: Path,
) -> None:
    start = build("qwen3", tmp_path / "start", TEXT)
    write(start, tmp_path / "tiny.gguf", "rwkv6")
    with pytest.raises(MeteorError, match="rwkv6") as refused:
        gguf.base_fetch(gguf.Gguf(file=str(tmp_path / "tiny.gguf")), tmp_path / "out")
    assert "qwen3" in str(refused.value) and "gemma3" in str(refused.value)


@pytest.mark.parametrize(
    ("architecture", "said"),
    [
        ("qwen3", r"k_norm\.weight has the shape \(16,\), where its config says"),
        ("gemma3", r"layernorm\.weight is missing"),
    ],
)
def test_weights_that_are_not_those_of_the_architecture_are_not_made_up(
    tmp_path: Path, architecture: str, said: str
) -> None:
    start = build("qwen3", tmp_path / "start", TEXT)
    write(start, tmp_path / "tiny.gguf", architecture)
    with pytest.raises(MeteorError, match=said):
        gguf.base_fetch(gguf.Gguf(file=str(tmp_path / "tiny.gguf")), tmp_path / "out")


def test_numbers_that_cannot_be_unpacked_are_named(tmp_path: Path) -> None:
    """Of float64 the reader says that it is not implemented."""
    start = build("qwen3", tmp_path / "start", TEXT)
    write(start, tmp_path / "tiny.gguf", "qwen3", "float64")
    with pytest.raises(MeteorError, match=r"tiny\.gguf: not a GGUF file .* F64"):
        gguf.base_fetch(gguf.Gguf(file=str(tmp_path / "tiny.gguf")), tmp_path / "out")
