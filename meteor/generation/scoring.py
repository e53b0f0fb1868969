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
        """Padded on the right, which no token before it sees. Sums are over the answers alone, row
        by row: all rows' at once would take the logits' memory twice more.
        """
        import torch

        rows = [torch.tensor(encoded.prompt + encoded.answer) for _, encoded in batch]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).to(self.model.device)
        answers = [(len(encoded.prompt), _length(encoded)) for _, encoded in batch]
        ends = torch.tensor([[end] for _, end in answers], device=ids.device)
        first = min(begin for begin, _ in answers)
        with torch.inference_mode():
            logits = self.model(
                input_ids=ids,
                attention_mask=(torch.arange(ids.shape[1], device=ids.device) < ends).long(),
                use_cache=False,
                logits_to_keep=ids.shape[1] - first + 1,
            ).logits
            losses = [
                torch.nn.functional.cross_entropy(
                    row[begin - first : end - first].float(), tokens[begin:end], reduction="sum"
                )
                for row, tokens, (begin, end) in zip(logits, ids, answers, strict=True)
            ]
        for (identifier, encoded), nll in zip(batch, torch.stack(losses).tolist(), strict=True):
            yield Likelihood(id=identifier, nll=nll, tokens=len(encoded.answer))
