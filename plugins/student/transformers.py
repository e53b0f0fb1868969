"""A student in this process: a Hugging Face checkpoint on the GPU or the CPU."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Completion, Example, Failed, Likelihood, Prompt
from meteor.core.settings import Decoding, Settings
from meteor.generation.decoding import GenerationSettings, generate, window
from meteor.models.encoding import Encoded, encode_fitting, load_model, load_tokenizer


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
    limit = window(model, params)
    for example in examples:
        encoded = encode_fitting(tokenizer, example, limit)
        if encoded is None:
            yield Failed(id=example.id, error=f"prompt and answer do not fit into {limit} tokens")
        else:
            yield _likelihood(model, example.id, encoded)


def _likelihood(model: Any, identifier: str, encoded: Encoded) -> Likelihood:
    """One example a call, so that no padding can enter the sum."""
    import torch

    ids = torch.tensor([encoded.prompt + encoded.answer], device=model.device)
    count = len(encoded.answer)
    with torch.inference_mode():
        logits = model(input_ids=ids, logits_to_keep=count + 1).logits[0, :-1].float()
    nll = torch.nn.functional.cross_entropy(logits, ids[0, -count:], reduction="sum")
    return Likelihood(id=identifier, nll=float(nll), tokens=count)
