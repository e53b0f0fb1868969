"""Generation by vLLM: rows become token ids, and what it writes becomes texts, by this project's
own encoding. vLLM sees no text, knows no chat template, and takes nothing from the checkpoint's own
generation config.

Each prompt draws by a seed of its own, a hash of the seed and its id, so that what is drawn does
not depend on the prompts beside it.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self

from pydantic import field_validator

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.records import Completion, Example, Failed, Likelihood, Prompt
from meteor.core.settings import Decoding, Field, Settings
from meteor.generation.engine import Drawn, Job, Meanwhile, Wanted, engine
from meteor.generation.selection import Sample, select
from meteor.generation.writing import written
from meteor.models.adapters import ADAPTER, base_of, is_adapter
from meteor.models.encoding import (
    encode_fitting,
    fit_prompt,
    load_tokenizer,
    prompt_ids,
    turns_of,
    unfitting,
)
from meteor.models.flops import Shape, generation_flops, shape_of
from meteor.models.precision import resolved
from meteor.models.skeleton import load_config, load_skeleton, window_of

OURS = {
    *("model", "tokenizer", "skip_tokenizer_init", "generation_config", "max_model_len", "seed"),
    *("dtype", "trust_remote_code", "tensor_parallel_size", "gpu_memory_utilization"),
    *("enable_lora", "max_lora_rank", "max_loras", "enable_sleep_mode", "logprobs_mode"),
}
"""Arguments of `vllm.LLM` that this module sets itself."""
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""The ranks of adapters that vLLM reserves memory for."""
INSTEAD = "choose another decoding, or the plugin transformers, which writes so"


class VllmSettings(Settings):
    """Where and in what shape vLLM runs a model."""

    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        "auto", description="of weights; auto: bfloat16 where the device has instructions for it"
    )
    tensor_parallel: int = Field(1, gt=0, description="GPUs that one engine is spread over")
    gpu_memory: float = Field(
        0.9, gt=0, le=1, description="share of each GPU's memory that the engine takes"
    )
    window: int | None = Field(None, gt=0, description="prompt and answer, tokens; null: model's")
    chunk: int = Field(
        512, gt=0, description="prompts handed over at once: what a kill loses at most"
    )
    while_training: Meanwhile = Field(
        "end",
        description="what becomes of the engine while a model is trained: its process ends, it "
        "sleeps with its weights in the machine's memory, or it stays as it is",
    )
    batch_invariant: bool = Field(
        False, description="texts that do not depend on the batch, on GPUs that can; slower"
    )
    engine: dict[str, bool | int | float | str] = Field(
        {}, description="what vLLM's engine is told besides: {quantization: fp8, max_num_seqs: 64}"
    )
    trust_remote_code: bool = Field(False, description="run code that comes with the checkpoint")

    needs: ClassVar[str] = "vllm"

    @field_validator("engine")
    @classmethod
    def _leaves_what_is_ours(cls, value: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted(OURS & value.keys()):
            raise ValueError(f"{taken[0]} is set by this plugin, from its own settings")
        if value.get("data_parallel_size", 1) != 1:
            raise ValueError("data_parallel_size: one engine is one replica of the model here")
        return value

    def on_this_machine(self) -> Self:
        """With the precision that `auto` means here."""
        return self.model_copy(update={"dtype": resolved(self.dtype)})

    def refusal(self, decoding: Decoding) -> str:
        """Beam search, the ban on repeated runs, and likelihoods after a penalty are not vLLM's."""
        if decoding.strategy == "beam":
            return (
                "vLLM's beam search knows no penalty for repetition and no ban on repeated runs, "
                f"and divides a score by the length with the prompt; {INSTEAD}"
            )
        if decoding.no_repeat_ngram:
            return f"vLLM knows no ban on repeated runs (no_repeat_ngram); {INSTEAD}"
        if decoding.strategy == "best_of" and decoding.repetition_penalty != 1:
            return (
                "vLLM tells likelihoods before the penalty for repetition, and best_of chooses by "
                f"those after it; set repetition_penalty: 1, {INSTEAD}"
            )
        return ""


def generate(
    prompts: Sequence[Prompt],
    checkpoint: Path,
    decoding: Decoding,
    params: VllmSettings,
    seed: int,
    done: Collection[str] = (),
    thoughts: str | None = None,
) -> Iterator[Completion | Failed]:
    """Answer each prompt, in chunks in their order; a prompt that is too long for the window is
    shortened in the question's body, and is a `Failed` where that does not help. A chunk whose
    prompts are all `done` is left out, and the others stay as they are, since in bf16 a text may
    depend on what stands beside it. FLOPs are counted as those of transformers, where each sample
    reads the prompt anew; vLLM spares that.
    """
    if why := params.refusal(decoding):
        raise SettingsError(why)
    tokenizer = load_tokenizer(checkpoint, params.trust_remote_code, thoughts)
    model = load_skeleton(checkpoint, params.trust_remote_code)
    whole = window_of(model.config, params.window)
    limit, shape = whole - decoding.max_new_tokens, shape_of(model)
    ready: list[Ready] = []
    for prompt in prompts:
        fitted = fit_prompt(tokenizer, prompt, limit)
        if fitted is None:
            yield Failed(id=prompt.id, error=unfitting(whole, decoding.max_new_tokens))
        else:
            ids = prompt_ids(tokenizer, fitted)
            ready.append(Ready(prompt.id, ids, shortened=fitted != prompt))
    sampling = _sampling(decoding, sorted(turns_of(tokenizer).ends))
    writer = _Writer(checkpoint, params, whole)
    for chunk in _chunks(ready, params.chunk, done):
        seeds = [row_seed(seed, row.id) for row in chunk]
        for row, drawn, _ in writer.write(chunk, seeds, sampling):
            yield _completion(row, [_sample(tokenizer, each) for each in drawn], decoding, shape)


def weigh(
    examples: Sequence[Example],
    checkpoint: Path,
    params: VllmSettings,
    done: Collection[str] = (),
) -> Iterator[Likelihood | Failed]:
    """How likely the model finds each answer, as vLLM tells of a prompt's own tokens; what is
    `done` is left out by chunks, as in `generate`.
    """
    tokenizer = load_tokenizer(checkpoint, params.trust_remote_code)
    whole = window_of(load_config(checkpoint, params.trust_remote_code), params.window)
    limit = whole - 1  # vLLM reads no prompt without writing one token after it
    ready: list[Ready] = []
    for example in examples:
        encoded = encode_fitting(tokenizer, example, limit)
        if encoded is None:
            yield Failed(id=example.id, error=f"prompt and answer do not fit into {limit} tokens")
        else:
            ids = encoded.prompt + encoded.answer
            ready.append(Ready(example.id, ids, answer=len(encoded.answer)))
    writer = _Writer(checkpoint, params, whole)
    sampling = {"temperature": 0.0, "max_tokens": 1, "prompt_logprobs": 0}
    for chunk in _chunks(ready, params.chunk, done):
        for row, _, read in writer.write(chunk, [None] * len(chunk), sampling):
            yield Likelihood(id=row.id, nll=-sum(read[-row.answer :]), tokens=row.answer)


class Ready(NamedTuple):
    """A row as token ids; the last `answer` of them are the answer that is weighed."""

    id: str
    ids: list[int]
    shortened: bool = False
    answer: int = 0


def _chunks(rows: list[Ready], size: int, done: Collection[str]) -> Iterator[list[Ready]]:
    """Rows that are handed over at once, but chunks that are `done`."""
    for start in range(0, len(rows), size):
        chunk = rows[start : start + size]
        if not all(row.id in done for row in chunk):
            yield chunk


class _Writer:
    """One checkpoint on the engine that serves it, which starts with the first chunk."""

    def __init__(self, checkpoint: Path, params: VllmSettings, window: int) -> None:
        self.checkpoint = checkpoint
        self.adapter = is_adapter(checkpoint)
        self.wanted = Wanted(
            weights=base_of(checkpoint) if self.adapter else checkpoint,
            arguments=_arguments(params, window),
            variables={"VLLM_BATCH_INVARIANT": "1"} if params.batch_invariant else {},
            meanwhile=params.while_training,
        )

    def write(
        self, chunk: Sequence[Ready], seeds: Sequence[int | None], sampling: dict[str, Any]
    ) -> Iterator[tuple[Ready, list[Drawn], list[float]]]:
        """Each row with what was written after it, and how likely its own tokens are."""
        running = engine(self.wanted, _rank(self.checkpoint) if self.adapter else 0)
        adapter = running.adapter(self.checkpoint) if self.adapter else None
        outcomes = running.run(Job([row.ids for row in chunk], seeds, sampling, adapter))
        for row, outcome in zip(chunk, outcomes, strict=True):
            yield row, outcome.drawn, outcome.read


def _arguments(params: VllmSettings, window: int) -> dict[str, Any]:
    """What `vllm.LLM` is told: all that shapes a text, so that no default of another version or of
    the checkpoint does.
    """
    return {
        "skip_tokenizer_init": True,
        "generation_config": "vllm",  # and not the checkpoint's
        "dtype": params.dtype,
        "max_model_len": window,
        "tensor_parallel_size": params.tensor_parallel,
        "gpu_memory_utilization": params.gpu_memory,
        "enable_sleep_mode": params.while_training == "sleep",
        "logprobs_mode": "raw_logprobs",  # before the temperature
        "trust_remote_code": params.trust_remote_code,
        **params.engine,
    }


def _rank(adapter: Path) -> int:
    """The rank that vLLM has to reserve for an adapter."""
    told: dict[str, Any] = json.loads((adapter / ADAPTER).read_text(encoding="utf-8"))
    own = max(int(told["r"]), *map(int, (told.get("rank_pattern") or {}).values()), 0)
    for rank in RANKS:
        if own <= rank:
            return rank
    raise MeteorError(f"{adapter}: has rank {own}, and vLLM serves up to {RANKS[-1]}")


def row_seed(seed: int, identifier: str) -> int:
    """The seed of one row. vLLM's samples of one prompt have this seed and those after it, so the
    seeds of two rows lie far apart.
    """
    digest = hashlib.sha256(f"{seed}/{identifier}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6])


def _sampling(decoding: Decoding, ends: list[int]) -> dict[str, Any]:
    """A way of decoding in the words of `SamplingParams`."""
    common = {
        "max_tokens": decoding.max_new_tokens,
        "repetition_penalty": decoding.repetition_penalty,
        "stop_token_ids": ends,
    }
    if decoding.strategy == "greedy":
        return {**common, "temperature": 0.0}
    return {
        **common,
        "n": decoding.samples_drawn,
        "temperature": decoding.temperature,
        "top_p": decoding.top_p,
        "top_k": decoding.top_k,
        "logprobs": 0 if decoding.strategy == "best_of" else None,  # 0: of the drawn token alone
    }


def _sample(tokenizer: Any, drawn: Drawn) -> Sample:
    text = written(tokenizer, drawn.tokens)
    return Sample(
        text=text.answer,
        thought=text.thought,
        whole=text.whole,
        tokens=text.tokens,
        likelihood=drawn.likelihood / max(text.tokens, 1),
    )


def _completion(row: Ready, samples: list[Sample], decoding: Decoding, shape: Shape) -> Completion:
    kept = select(samples, decoding.strategy)
    return Completion(
        id=row.id,
        text=kept.text,
        thought=kept.thought,
        finish_reason="stop" if kept.whole else "length",
        prompt_tokens=len(row.ids),
        completion_tokens=kept.tokens,
        flops=sum(generation_flops(shape, len(row.ids), each.tokens) for each in samples),
        shortened=row.shortened,
    )
