"""FLOPs of a generation and of a training, counted from the model's shape (a multiply-add is two
operations).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Shape:
    """What the count needs to know of a decoder: sizes from its config and its weights."""

    parameters: int
    """Weights that every token is multiplied with: all but the input embedding, with the output
    head (a tied head counts once: it is read as a matrix for every token)."""
    layers: int
    width: int
    """Attention heads times head size."""


def shape_of(model: Any) -> Shape:
    """The shape of a Hugging Face model, also where DeepSpeed has spread its weights."""
    config = model.config.get_text_config()
    embedding = model.get_input_embeddings().weight
    head = model.get_output_embeddings()
    tied = head is not None and head.weight is embedding
    total = sum(_count(weights) for weights in model.parameters())
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return Shape(
        parameters=total if tied else total - _count(embedding),
        layers=config.num_hidden_layers,
        width=width * config.num_attention_heads,
    )


def _count(weights: Any) -> int:
    """Also of weights that DeepSpeed has spread, or that stand in 4 bits, two in a byte."""
    if state := getattr(weights, "quant_state", None):
        return math.prod(state.shape)
    return int(getattr(weights, "ds_numel", weights.numel()))


def training_flops(shape: Shape, lengths: Iterable[int]) -> float:
    """FLOPs of one forward and one backward pass, which takes twice as many, over rows of so many
    tokens. Padding is not counted, nor what gradient checkpointing computes again; where only
    adapters learn, about a third less is computed than this says.
    """
    return 3 * sum(_tokens_flops(shape, 0, length) for length in lengths)


def generation_flops(shape: Shape, prompt_tokens: int, new_tokens: int, beams: int = 1) -> float:
    """FLOPs to read a prompt once and write `new_tokens` tokens in each of `beams` hypotheses.

    Two operations for each weight and token, and for attention four for each layer, channel and
    position looked at (Kaplan et al. 2020, arXiv 2001.08361, section 2.1). With beam search all
    beams read the prompt in the implementation that is counted here (Hugging Face generate), and
    go on until the best one is chosen.
    """
    read = _tokens_flops(shape, 0, prompt_tokens)
    write = _tokens_flops(shape, prompt_tokens, max(new_tokens - 1, 0))
    return beams * (read + write)


def _tokens_flops(shape: Shape, start: int, count: int) -> float:
    """FLOPs of the tokens at positions start+1 … start+count, each looking back at all before."""
    looked_at = count * start + count * (count + 1) / 2
    return 2.0 * shape.parameters * count + 4.0 * shape.layers * shape.width * looked_at
