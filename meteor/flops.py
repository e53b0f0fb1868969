"""FLOPs of a generation, counted from the model's shape (a multiply-add is two operations)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """What the count needs to know of a decoder: sizes from its config and its weights."""

    parameters: int
    """Weights that every token is multiplied with: all but the input embedding, with the output
    head (a tied head counts once: it is read as a matrix for every token)."""
    layers: int
    width: int
    """Attention heads times head size."""


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
