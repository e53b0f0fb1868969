"""Generation in this process: a Hugging Face checkpoint on the GPU or the CPU."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from meteor.core.records import Completion, Failed, Prompt
from meteor.core.settings import Decoding, Field, Settings
from meteor.generation.leaving import write_leaving
from meteor.generation.selection import Sample, select
from meteor.generation.writing import written
from meteor.models.encoding import fit_prompt, load_model, load_tokenizer, prompt_ids, turns_of
from meteor.models.flops import generation_flops, shape_of
from meteor.models.precision import resolved


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

    def on_this_machine(self) -> Self:
        """With the precision that `auto` means here."""
        return self.model_copy(update={"dtype": resolved(self.dtype, self.device)})


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
    `thoughts` does not say otherwise.
    """
    from transformers import GenerationConfig

    tokenizer = load_tokenizer(checkpoint, params.trust_remote_code, thoughts)
    model = load_model(checkpoint, params.dtype, params.device, params.trust_remote_code)
    # What a checkpoint's own generation config says besides changes nothing here.
    model.generation_config = GenerationConfig()
    limit = window(model, params) - decoding.max_new_tokens
    ready: list[tuple[str, list[int]]] = []
    shortened: set[str] = set()
    for prompt in prompts:
        fitted = fit_prompt(tokenizer, prompt, limit)
        if fitted is None:
            yield Failed(id=prompt.id, error=f"the prompt does not fit into {limit} tokens")
        else:
            ready.append((prompt.id, prompt_ids(tokenizer, fitted)))
            shortened |= {prompt.id} if fitted != prompt else set()
    for number, batch in enumerate(_batches(ready, decoding, params)):
        if all(identifier in done for identifier, _ in batch):
            continue
        for completion in _generate(model, tokenizer, batch, decoding, seed + number):
            short = completion.id in shortened
            yield completion.model_copy(update={"shortened": True}) if short else completion


def window(model: Any, params: GenerationSettings) -> int:
    """How many tokens prompt and answer may have together."""
    config = model.config.get_text_config()
    own = getattr(config, "max_position_embeddings", None) or params.window or 2048
    return min(own, params.window or own)


def _batches(
    ready: list[tuple[str, list[int]]], decoding: Decoding, params: GenerationSettings
) -> Iterator[list[tuple[str, list[int]]]]:
    """Prompts of like length together, longest first: little padding, and memory peaks at once.
    Many short ones go into a batch and few long ones, whose keys and values fill the memory.
    """
    ordered = sorted(ready, key=lambda row: (-len(row[1]), row[0]))
    start = 0
    while start < len(ordered):
        longest = len(ordered[start][1]) + decoding.max_new_tokens
        sequences = min(params.batch_size, params.batch_tokens // longest)
        size = max(sequences // decoding.width, 1)
        yield ordered[start : start + size]
        start += size


def _generate(
    model: Any,
    tokenizer: Any,
    batch: list[tuple[str, list[int]]],
    decoding: Decoding,
    seed: int,
) -> Iterator[Completion]:
    import torch

    torch.manual_seed(seed)
    drawn, ends = decoding.samples_drawn, turns_of(tokenizer).ends
    rows = [ids for _, ids in batch for _ in range(drawn)]
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
    shape = shape_of(model)
    beams = decoding.num_beams if decoding.strategy == "beam" else 1
    for number, (identifier, ids) in enumerate(batch):
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
