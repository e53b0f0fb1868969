"""Between records and token ids: always through the tokenizer's chat template."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.core.importing import preload
from meteor.core.records import Example, Prompt
from meteor.models.adapters import base_of, is_adapter, merged, over
from meteor.models.fitting import fit
from meteor.models.turns import Turns, after, encode, find_turns, listed_ends, render

THOUGHTS = "thoughts"
"""The key of the tokenizer's config that says what becomes of thoughts."""


def load_tokenizer(
    checkpoint: Path, trust_remote_code: bool = False, thoughts: str | None = None
) -> Any:
    """The checkpoint's tokenizer, padding on the left, as generation needs it. What becomes of
    thoughts is written in it (by the stage `base`), where `thoughts` does not say otherwise.

    Raises MeteorError where there is no tokenizer, or its chats cannot be used (see `find_turns`).
    """
    preload("transformers.models.auto.tokenization_auto")
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            checkpoint, local_files_only=True, trust_remote_code=trust_remote_code
        )
    except (OSError, ValueError) as error:
        raise MeteorError(f"{checkpoint}: no tokenizer can be loaded: {_brief(error)}") from None
    told = thoughts or tokenizer.init_kwargs.get(THOUGHTS, "off")
    try:
        tokenizer.turns = find_turns(tokenizer, listed_ends(checkpoint), told)
    except MeteorError as error:
        raise MeteorError(f"{checkpoint}: {error}") from None
    tokenizer.padding_side = "left"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token_id = tokenizer.eos_token_id
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token_id = min(tokenizer.turns.ends)
    return tokenizer


def turns_of(tokenizer: Any) -> Turns:
    """How the tokenizer's chats are written: as `load_tokenizer` has found it."""
    found: Turns = getattr(tokenizer, "turns", None) or find_turns(tokenizer, (), "off")
    return found


def load_model(
    checkpoint: Path,
    dtype: str,
    device: str | None,
    trust_remote_code: bool = False,
    **loading: Any,
) -> Any:
    """The checkpoint's weights for inference, as `dtype` on `device` (`auto`: a GPU if any; None:
    where transformers puts them); `loading` is what `from_pretrained` is told besides. Where the
    checkpoint is an adapter, they are its base's with the adapter merged, in fp32 before they are
    rounded: the weights that a merged checkpoint would hold.
    """
    preload("transformers.modeling_layers")
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if is_adapter(checkpoint):
        quantized = "quantization_config" in loading
        first = dtype if quantized else "float32"
        whole = _load_whole(base_of(checkpoint), first, trust_remote_code, **loading)
        model = merged(over(whole, checkpoint), checkpoint)
        if not quantized:
            model = _rounded(model, dtype).requires_grad_(True)  # PEFT had frozen it
    else:
        model = _load_whole(checkpoint, dtype, trust_remote_code, **loading)
    return (model.to(device) if device else model).eval()


def _rounded(model: Any, dtype: str) -> Any:
    """The model with its weights as `dtype`. What it computes for itself, as the frequencies of
    rotary positions, stays as it is: so transformers loads a checkpoint, and in bf16 the angles of
    far tokens would be others.
    """
    import torch

    stored = model.state_dict(keep_vars=True)
    for weights in stored.values():
        if weights.is_floating_point():
            weights.data = weights.data.to(getattr(torch, dtype))
    return model


def _load_whole(checkpoint: Path, dtype: str, trust_remote_code: bool, **loading: Any) -> Any:
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            checkpoint,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
            dtype=getattr(torch, dtype),
            local_files_only=True,
            trust_remote_code=trust_remote_code,
            **loading,
        )
    except (ImportError, OSError, ValueError, SafetensorError) as error:
        raise MeteorError(f"{checkpoint}: no model can be loaded: {_brief(error)}") from None
    require_whole(checkpoint, info)
    return model


def require_whole(checkpoint: Path | str, info: dict[str, Any]) -> None:
    """Raise MeteorError where a checkpoint lacks weights, or has them in another shape than its
    config says: transformers would make them up.
    """
    if missing := sorted(info["missing_keys"]):
        raise MeteorError(f"{checkpoint}: no model can be loaded: {missing[0]} is missing")
    for name, has, due in sorted(info["mismatched_keys"]):
        raise MeteorError(
            f"{checkpoint}: no model can be loaded: {name} has the shape {tuple(has)}, where its "
            f"config says {tuple(due)}"
        )


def save_checkpoint(model: Any, tokenizer: Any, out: Path) -> None:
    """Write an ordinary checkpoint: safetensors, tokenizer with its chat template. Raises
    MeteorError where the disk does not take it.
    """
    import torch
    from safetensors import SafetensorError

    if not torch.cuda.is_available():
        # save_pretrained imports DeepSpeed, which would say aloud what it guesses of the device.
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    try:
        model.save_pretrained(out)
        tokenizer.save_pretrained(out)
    except SafetensorError as error:
        raise MeteorError(f"{out}: the checkpoint cannot be written: {_brief(error)}") from None


def _brief(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def messages(prompt: Prompt) -> list[dict[str, str]]:
    """The prompt as chat templates want it."""
    return [{"role": m.role, "content": m.content} for m in prompt.messages]


def prompt_ids(tokenizer: Any, prompt: Prompt) -> list[int]:
    """Token ids of the chat up to where the assistant begins to write."""
    return chat_ids(tokenizer, messages(prompt))


def chat_ids(tokenizer: Any, turns: list[dict[str, str]]) -> list[int]:
    """As `prompt_ids`, of turns as chat templates want them."""
    found = turns_of(tokenizer)
    return encode(tokenizer, found.prompt(render(tokenizer, found, turns, begin=True)))


def fit_prompt(tokenizer: Any, prompt: Prompt, limit: int) -> Prompt | None:
    """Shorten the question's body until the prompt has at most `limit` tokens; None: it cannot."""
    return fit(prompt, lambda candidate: len(prompt_ids(tokenizer, candidate)), limit)


def unfitting(window: int, new_tokens: int) -> str:
    """Why a prompt for which `fit_prompt` is None fails its row, and what helps."""
    return (
        f"the prompt does not fit into {window - new_tokens} tokens, even with its question's body "
        f"left out: the model has {window}, of which max_new_tokens keeps {new_tokens}; shorten "
        "the title, the template or domain.about, or ask for fewer new tokens"
    )


@dataclass(frozen=True)
class Encoded:
    """An example as token ids: `answer` begins where the assistant writes and ends with the end
    of turn, after which a model stops. `shortened` says that the prompt had to be.
    """

    prompt: list[int]
    answer: list[int]
    shortened: bool = False


def encode_example(tokenizer: Any, example: Example) -> Encoded:
    """Token ids of an example, cut where the prompt ends and the answer begins. The answer comes
    after a closed, empty thought where the model's family has one; with its thought, where that
    is to be learned.
    """
    turns = turns_of(tokenizer)
    asked = render(tokenizer, turns, messages(example.prompt), begin=True)
    given, learned = turns.before(example.thought)
    answer = learned + turns.inert(example.answer) + turns.end
    prompt = asked + given
    return Encoded(encode(tokenizer, prompt), after(tokenizer, prompt, answer))


def encode_fitting(tokenizer: Any, example: Example, limit: int) -> Encoded | None:
    """The example within `limit` tokens, the question's body shortened where it must be; None
    where even that does not help.
    """
    encoded = encode_example(tokenizer, example)
    if len(encoded.prompt) + len(encoded.answer) <= limit:
        return encoded

    def length(prompt: Prompt) -> int:
        return len(encode_example(tokenizer, _asking(example, prompt)).prompt)

    prompt = fit(example.prompt, length, limit - len(encoded.answer))
    if prompt is None:
        return None
    return replace(encode_example(tokenizer, _asking(example, prompt)), shortened=True)


def _asking(example: Example, prompt: Prompt) -> Example:
    return example.model_copy(update={"prompt": prompt})


def cut_to_fit(tokenizer: Any, example: Example, limit: int) -> Example | None:
    """The example with as many whole sentences or lines of its answer as fit into `limit` tokens;
    None where not even the first one does. Its thought stays whole.
    """
    ends = [found.start() for found in re.finditer(r"(?<=[.!?])\s|\n", example.answer)]
    for end in reversed(ends):
        if answer := example.answer[:end].strip():
            shorter = example.model_copy(update={"answer": answer})
            if encode_fitting(tokenizer, shorter, limit) is not None:
                return shorter
    return None
