"""A student in this process: a Hugging Face checkpoint on the GPU or the CPU."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Completion, Example, Failed, Likelihood, Prompt
from meteor.core.settings import Decoding, Settings
from meteor.generation.decoding import GenerationSettings, generate, window
from meteor.models.encoding import Encoded, encode_fitting, load_model, load_tokenizer

SCORED_TOKENS = 2048
"""Side by side, with padding: the logits of so many take a gigabyte where a vocabulary is large."""
IGNORED = -100
"""The target of a place that is not scored."""


class Transformers(GenerationSettings):
    """Generation with transformers."""


@hookimpl
def plugin_params() -> type[Settings]:
    return Transformers


@hookimpl
def student_generate(
    prompts: Sequence[Prompt],
    checkpoint: Path,
    decoding: Decoding,
    params: Transformers,
    seed: int,
    done: Collection[str],
) -> Iterable[Completion | Failed]:
    return generate(prompts, checkpoint, decoding, params, seed, done)


@hookimpl
def student_score(
    examples: Sequence[Example], checkpoint: Path, params: Transformers
) -> Iterator[Likelihood | Failed]:
    tokenizer = load_tokenizer(checkpoint, params.trust_remote_code)
    model = load_model(checkpoint, params.dtype, params.device, params.trust_remote_code)
    limit, fitting = window(model, params), list[tuple[str, Encoded]]()
    for example in examples:
        encoded = encode_fitting(tokenizer, example, limit)
        if encoded is None:
            yield Failed(id=example.id, error=f"prompt and answer do not fit into {limit} tokens")
        else:
            fitting.append((example.id, encoded))
    for batch in _batches(fitting, params.batch_size):
        yield from _likelihoods(model, batch)


def _batches(rows: list[tuple[str, Encoded]], most: int) -> Iterator[Sequence[tuple[str, Encoded]]]:
    """Rows of like length together, longest first, within `SCORED_TOKENS` with their padding."""
    ordered = sorted(rows, key=lambda row: (-_length(row[1]), row[0]))
    start = 0
    while start < len(ordered):
        size = max(min(most, SCORED_TOKENS // _length(ordered[start][1])), 1)
        yield ordered[start : start + size]
        start += size


def _length(encoded: Encoded) -> int:
    return len(encoded.prompt) + len(encoded.answer)


def _likelihoods(model: Any, batch: Sequence[tuple[str, Encoded]]) -> Iterator[Likelihood]:
    """Padded on the right, which no token before it sees; padding enters no sum."""
    import torch

    rows = [torch.tensor(encoded.prompt + encoded.answer) for _, encoded in batch]
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    places = torch.arange(ids.shape[1])
    begins = torch.tensor([[len(encoded.prompt)] for _, encoded in batch])
    ends = torch.tensor([[_length(encoded)] for _, encoded in batch])
    targets = ids.masked_fill((places < begins) | (places >= ends), IGNORED)
    first = int(begins.min())
    with torch.inference_mode():
        logits = model(
            input_ids=ids.to(model.device),
            attention_mask=(places < ends).long().to(model.device),
            use_cache=False,
            logits_to_keep=ids.shape[1] - first + 1,
        ).logits[:, :-1]
        losses = torch.nn.functional.cross_entropy(
            logits.float().transpose(1, 2),
            targets[:, first:].to(model.device),
            reduction="none",
            ignore_index=IGNORED,
        ).sum(dim=1)
    for (identifier, encoded), nll in zip(batch, losses.tolist(), strict=True):
        yield Likelihood(id=identifier, nll=nll, tokens=len(encoded.answer))
