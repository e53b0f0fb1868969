"""Generation with a Hugging Face checkpoint on the GPU or the CPU: the plan, which is what stands
in each batch and its seed, and the writer, which loads the checkpoint and writes a batch.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from meteor.compute.spreading import spread, there
from meteor.core.records import Completion, Failed, Prompt
from meteor.core.settings import Decoding, Field, Settings
from meteor.generation.batches import by_length
from meteor.generation.leaving import write_leaving
from meteor.generation.selection import Sample, select
from meteor.generation.writing import written
from meteor.models.adapters import folders_of
from meteor.models.encoding import (
    fit_prompt,
    load_model,
    load_tokenizer,
    prompt_ids,
    turns_of,
    unfitting,
)
from meteor.models.flops import generation_flops, shape_of
from meteor.models.precision import resolved
from meteor.models.skeleton import load_config, window_of


class GenerationSettings(Settings):
    """Where and in what shape a local model runs."""

    device: str = Field("auto", description="cpu, cuda, cuda:1 …; auto takes a GPU if any")
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        "auto", description="of weights; auto: bfloat16 where the device has instructions for it"
    )
    batch_size: int = Field(
        16, gt=0, description="sequences side by side; beams and samples count each"
    )
    batch_tokens: int = Field(
        32_768, gt=0, description="tokens side by side, with padding and answers at their longest"
    )
    window: int | None = Field(None, gt=0, description="prompt and answer, tokens; null: model's")
    trust_remote_code: bool = Field(False, description="run code that comes with the checkpoint")

    @property
    def spreads(self) -> bool:
        """All of it."""
        return True

    def on_this_machine(self) -> Self:
        """With the precision that `auto` means where `compute` has it run."""
        if self.dtype != "auto":
            return self
        return self.model_copy(update={"dtype": there(resolved, "auto", self.device)})


@dataclass(frozen=True)
class Batch:
    """Prompts that are answered side by side, as ids and token ids, and the seed of what is drawn
    for them.
    """

    seed: int
    rows: tuple[tuple[str, list[int]], ...]


def generate(
    prompts: Sequence[Prompt],
    checkpoint: Path,
    decoding: Decoding,
    params: GenerationSettings,
    seed: int,
    done: Collection[str] = (),
    thoughts: str | None = None,
) -> Iterator[Completion | Failed]:
    """Answer each prompt, in batches of like length; a prompt that is too long for the window is
    shortened in the question's body, and is a `Failed` where that does not help. A batch whose
    prompts are all `done` is left out; the others stay as they are, since in bf16 a text depends
    on what stands beside it. What becomes of thoughts is written in the checkpoint, where
    `thoughts` does not say otherwise. The batches are written where `compute` says.
    """
    tokenizer = load_tokenizer(checkpoint, params.trust_remote_code, thoughts)
    config = load_config(checkpoint, params.trust_remote_code)
    whole = window_of(config, params.window)
    limit = whole - decoding.max_new_tokens
    ready: list[tuple[str, list[int]]] = []
    shortened: set[str] = set()
    for prompt in prompts:
        fitted = fit_prompt(tokenizer, prompt, limit)
        if fitted is None:
            yield Failed(id=prompt.id, error=unfitting(whole, decoding.max_new_tokens))
        else:
            ready.append((prompt.id, prompt_ids(tokenizer, fitted)))
            shortened |= {prompt.id} if fitted != prompt else set()
    batches = [
        Batch(seed + number, tuple(rows))
        for number, rows in enumerate(by_length(ready, len, _room(decoding, params)))
        if not all(identifier in done for identifier, _ in rows)
    ]
    writer = Writer(decoding, params, thoughts, tokenizer)
    for completion in spread(writer, folders_of(checkpoint), batches):
        short = completion.id in shortened
        yield completion.model_copy(update={"shortened": True}) if short else completion


def _room(decoding: Decoding, params: GenerationSettings) -> Callable[[int], int]:
    """Many short prompts go into a batch, and few long ones: keys and values fill the memory."""

    def room(prompt: int) -> int:
        longest = prompt + decoding.max_new_tokens
        return min(params.batch_size, params.batch_tokens // longest) // decoding.width

    return room


@dataclass
class Writer:
    """A checkpoint that writes batch after batch, once it is loaded."""

    decoding: Decoding
    params: GenerationSettings
    thoughts: str | None = None
    tokenizer: Any = None
    model: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """What travels: the tokenizer may hold code of the checkpoint, and is loaded anew."""
        return {**self.__dict__, "tokenizer": None, "model": None}

    def load(self, checkpoint: Path) -> None:
        """Load the weights, and the tokenizer where it is not there."""
        from transformers import GenerationConfig

        trusted = self.params.trust_remote_code
        if self.tokenizer is None:
            self.tokenizer = load_tokenizer(checkpoint, trusted, self.thoughts)
        self.model = load_model(checkpoint, self.params.dtype, self.params.device, trusted)
        # What a checkpoint's own generation config says besides changes nothing here.
        self.model.generation_config = GenerationConfig()

    def write(self, batch: Batch) -> Iterator[Completion]:
        """A completion a row, all written side by side."""
        samples = self._samples(batch)
        shape = shape_of(self.model)
        decoding, drawn = self.decoding, self.decoding.samples_drawn
        beams = decoding.num_beams if decoding.strategy == "beam" else 1
        for number, (identifier, ids) in enumerate(batch.rows):
            own = samples[number * drawn : (number + 1) * drawn]
            kept = select(own, decoding.strategy)
            yield Completion(
                id=identifier,
                text=kept.text,
                thought=kept.thought,
                finish_reason="stop" if kept.whole else "length",
                prompt_tokens=len(ids),
                completion_tokens=kept.tokens,
                flops=sum(generation_flops(shape, len(ids), each.tokens, beams) for each in own),
            )

    def _samples(self, batch: Batch) -> list[Sample]:
        """What was written: `samples_drawn` for each row, those of a row one after another."""
        import torch

        torch.manual_seed(batch.seed)
        tokenizer, model, decoding = self.tokenizer, self.model, self.decoding
        ends = turns_of(tokenizer).ends
        rows = [ids for _, ids in batch.rows for _ in range(decoding.samples_drawn)]
        inputs = tokenizer.pad({"input_ids": rows}, return_tensors="pt").to(model.device)
        how = {**_arguments(decoding), "pad_token_id": tokenizer.pad_token_id}
        likely = None
        with torch.inference_mode():
            if decoding.strategy in ("beam", "best_of"):
                watch = _watch()
                output = model.generate(
                    **inputs,
                    **how,
                    max_new_tokens=decoding.max_new_tokens,
                    eos_token_id=sorted(ends),
                    logits_processor=[watch] if decoding.strategy == "best_of" else [],
                )
                new = output[:, inputs["input_ids"].shape[1] :].tolist()
                if decoding.strategy == "best_of":
                    likely = watch.log_likelihoods(output).tolist()
            else:
                new = write_leaving(model, inputs, decoding.max_new_tokens, ends, **how)
        samples = []
        for row, tokens in enumerate(new):
            text = written(tokenizer, tokens)
            count = text.tokens
            samples.append(
                Sample(
                    text=text.answer,
                    thought=text.thought,
                    whole=text.whole,
                    tokens=count,
                    likelihood=sum(likely[row][:count]) / count if likely else 0.0,
                )
            )
        return samples


def _watch() -> Any:
    """A logits processor that changes nothing and remembers how likely each written token was:
    after the penalties for repetition and before the temperature, as beam search scores it.
    """
    from transformers import LogitsProcessor

    class Watch(LogitsProcessor):  # type: ignore[misc]
        def __init__(self) -> None:
            self.written: list[Any] = []
            self.next: Any = None

        def __call__(self, input_ids: Any, scores: Any) -> Any:
            self._note(input_ids)
            self.next = scores.float().log_softmax(dim=-1)
            return scores

        def _note(self, ids: Any) -> None:
            if self.next is not None:
                self.written.append(self.next.gather(1, ids[:, -1:]))

        def log_likelihoods(self, output: Any) -> Any:
            """Nats for each row and new token; what follows the end of a turn means nothing."""
            import torch

            self._note(output)
            return torch.cat(self.written, dim=1)

    return Watch()


def _arguments(decoding: Decoding) -> dict[str, Any]:
    """What `generate` is told; settings that a strategy does not use are switched off, so that a
    checkpoint's own generation config changes nothing.
    """
    beams, drawn = decoding.strategy == "beam", decoding.strategy in ("sample", "best_of", "mbr")
    return {
        "num_beams": decoding.num_beams if beams else 1,
        **({"early_stopping": True} if beams else {}),
        "do_sample": drawn,
        "temperature": decoding.temperature if drawn else None,
        "top_p": decoding.top_p if drawn else None,
        "top_k": decoding.top_k if drawn else None,
        "repetition_penalty": decoding.repetition_penalty,
        "no_repeat_ngram_size": decoding.no_repeat_ngram,
    }
