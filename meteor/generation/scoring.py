"""How likely a Hugging Face checkpoint finds given answers: what stands side by side, and the
scorer, which loads the checkpoint and weighs a batch.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meteor.compute.spreading import spread
from meteor.core.records import Example, Failed, Likelihood
from meteor.generation.batches import by_length
from meteor.generation.decoding import GenerationSettings
from meteor.models.adapters import folders_of
from meteor.models.encoding import Encoded, encode_fitting, load_model, load_tokenizer
from meteor.models.skeleton import load_config, window_of

SCORED_TOKENS = 2048
"""Side by side, with padding: the logits of so many take a gigabyte where a vocabulary is large."""
IGNORED = -100
"""The target of a place that is not scored."""
Rows = Sequence[tuple[str, Encoded]]


def score(
    examples: Sequence[Example],
    checkpoint: Path,
    params: GenerationSettings,
    done: Collection[str] = (),
) -> Iterator[Likelihood | Failed]:
    """The negative log-likelihood of each answer (nats, summed over its tokens and its end of
    turn), or a `Failed` for one that does not fit into the window. A batch whose answers are all
    `done` is left out; the others stay as they are. They are weighed where `compute` says.
    """
    tokenizer = load_tokenizer(checkpoint, params.trust_remote_code)
    limit = window_of(load_config(checkpoint, params.trust_remote_code), params.window)
    fitting = list[tuple[str, Encoded]]()
    for example in examples:
        encoded = encode_fitting(tokenizer, example, limit)
        if encoded is None:
            yield Failed(id=example.id, error=f"prompt and answer do not fit into {limit} tokens")
        else:
            fitting.append((example.id, encoded))
    batches = [
        rows
        for rows in by_length(fitting, _length, _room(params))
        if not all(identifier in done for identifier, _ in rows)
    ]
    yield from spread(Scorer(params), folders_of(checkpoint), batches)


def _room(params: GenerationSettings) -> Callable[[int], int]:
    """Within `SCORED_TOKENS`, with their padding."""
    return lambda longest: min(params.batch_size, SCORED_TOKENS // longest)


def _length(encoded: Encoded) -> int:
    return len(encoded.prompt) + len(encoded.answer)


@dataclass
class Scorer:
    """A checkpoint that weighs batch after batch, once it is loaded."""

    params: GenerationSettings
    model: Any = None

    def load(self, checkpoint: Path) -> None:
        """Load the weights."""
        params = self.params
        self.model = load_model(checkpoint, params.dtype, params.device, params.trust_remote_code)

    def write(self, batch: Rows) -> Iterator[Likelihood]:
        """Padded on the right, which no token before it sees; padding enters no sum."""
        import torch

        rows = [torch.tensor(encoded.prompt + encoded.answer) for _, encoded in batch]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        places = torch.arange(ids.shape[1])
        begins = torch.tensor([[len(encoded.prompt)] for _, encoded in batch])
        ends = torch.tensor([[_length(encoded)] for _, encoded in batch])
        targets = ids.masked_fill((places < begins) | (places >= ends), IGNORED)
        first = int(begins.min())
        device = self.model.device
        with torch.inference_mode():
            logits = self.model(
                input_ids=ids.to(device),
                attention_mask=(places < ends).long().to(device),
                use_cache=False,
                logits_to_keep=ids.shape[1] - first + 1,
            ).logits[:, :-1]
            losses = torch.nn.functional.cross_entropy(
                logits.float().transpose(1, 2),
                targets[:, first:].to(device),
                reduction="none",
                ignore_index=IGNORED,
            ).sum(dim=1)
        for (identifier, encoded), nll in zip(batch, losses.tolist(), strict=True):
            yield Likelihood(id=identifier, nll=nll, tokens=len(encoded.answer))
