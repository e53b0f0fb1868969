"""Decoding of a batch that finished rows leave, so that the longest answer does not keep the others
computing. Beams are not written so, whose rows belong together.
"""

from collections.abc import Collection, Mapping
from typing import Any

SHARE = 0.25
"""Of the rows that are written side by side."""


def write_leaving(
    model: Any, inputs: Mapping[str, Any], longest: int, ends: Collection[int], **how: Any
) -> list[list[int]]:
    """The new tokens of each row, up to its end of turn and padding, or `longest` of them: greedy
    or sampled, as `how` says, which is what `generate` is told besides. Each time a share of the
    rows has ended, the others go on without them, with their keys and values.

    Shapes: inputs["input_ids"] and inputs["attention_mask"] (rows, tokens), padded on the left.
    """
    import torch

    ids, mask, cache = inputs["input_ids"], inputs["attention_mask"], None
    begins = ids.shape[1]
    rows: list[int] = list(range(len(ids)))
    written: list[list[int]] = [[] for _ in rows]
    while rows:
        made = model.generate(
            input_ids=ids,
            attention_mask=mask,
            past_key_values=cache,
            max_new_tokens=longest - (ids.shape[1] - begins),
            eos_token_id=sorted(ends),
            stopping_criteria=[_enough_ended(begins, ends)],
            return_dict_in_generate=True,
            **how,
        )
        tokens = made.sequences[:, begins:].tolist()
        for row, new in zip(rows, tokens, strict=True):
            written[row] = new
        going = [n for n, new in enumerate(tokens) if len(new) < longest and not {*new} & {*ends}]
        rows = [rows[n] for n in going]
        kept = torch.tensor(going, dtype=torch.long, device=ids.device)
        new_ones = mask.new_ones((len(mask), made.sequences.shape[1] - mask.shape[1]))
        ids, mask = made.sequences[kept], torch.cat([mask, new_ones], dim=1)[kept]
        cache = made.past_key_values
        if rows:
            cache.reorder_cache(kept)  # meant for beams, and known to every kind of layer
    return written


def _enough_ended(begins: int, ends: Collection[int]) -> Any:
    """A criterion that stops all rows once enough of them have ended."""
    import torch
    from transformers import StoppingCriteria

    class EnoughEnded(StoppingCriteria):  # type: ignore[misc]
        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            last = torch.tensor(sorted(ends), device=input_ids.device)
            ended = torch.isin(input_ids[:, begins:], last).any(dim=1)
            return ended | (ended.sum() >= SHARE * len(ended))

    return EnoughEnded()
