"""Between records and token ids: always through the tokenizer's chat template."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.core.records import Example, Prompt
from meteor.models.fitting import fit


def load_tokenizer(checkpoint: Path, trust_remote_code: bool = False) -> Any:
    """The checkpoint's tokenizer, padding on the left, as generation needs it.

    Raises MeteorError where there is no tokenizer, no chat template or no end of turn.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            checkpoint, local_files_only=True, trust_remote_code=trust_remote_code
        )
    except (OSError, ValueError) as error:
        raise MeteorError(f"{checkpoint}: no tokenizer can be loaded: {_brief(error)}") from None
    if not tokenizer.chat_template:
        raise MeteorError(
            f"{checkpoint}: the tokenizer has no chat template; choose an instruction-tuned base "
            "model, or add a chat_template.jinja to it"
        )
    if tokenizer.eos_token_id is None:
        raise MeteorError(f"{checkpoint}: the tokenizer has no end-of-sequence token")
    tokenizer.padding_side = "left"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(
    checkpoint: Path,
    dtype: str,
    device: str | None,
    trust_remote_code: bool = False,
    **loading: Any,
) -> Any:
    """The checkpoint's weights for inference, as `dtype` on `device` (`auto`: a GPU if any; None:
    where transformers puts them); `loading` is what `from_pretrained` is told besides.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            checkpoint,
            output_loading_info=True,
            dtype=getattr(torch, dtype),
            local_files_only=True,
            trust_remote_code=trust_remote_code,
            **loading,
        )
    except (ImportError, OSError, ValueError, SafetensorError) as error:
        raise MeteorError(f"{checkpoint}: no model can be loaded: {_brief(error)}") from None
    require_whole(checkpoint, info)
    return (model.to(device) if device else model).eval()


def require_whole(checkpoint: Path | str, info: dict[str, Any]) -> None:
    """Raise MeteorError where a checkpoint lacks weights: transformers would make them up."""
    if missing := sorted(info["missing_keys"]):
        raise MeteorError(f"{checkpoint}: no model can be loaded: {missing[0]} is missing")


def save_checkpoint(model: Any, tokenizer: Any, out: Path) -> None:
    """Write an ordinary checkpoint: safetensors, tokenizer with its chat template."""
    import torch

    if not torch.cuda.is_available():
        # save_pretrained imports DeepSpeed, which would say aloud what it guesses of the device.
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


def _brief(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def messages(prompt: Prompt) -> list[dict[str, str]]:
    """The prompt as chat templates want it."""
    return [{"role": m.role, "content": m.content} for m in prompt.messages]


def prompt_ids(tokenizer: Any, prompt: Prompt) -> list[int]:
    """Token ids of the chat up to where the assistant begins to write."""
    return list(
        tokenizer.apply_chat_template(
            messages(prompt), add_generation_prompt=True, tokenize=True, return_dict=False
        )
    )


def fit_prompt(tokenizer: Any, prompt: Prompt, limit: int) -> Prompt | None:
    """Shorten the question's body until the prompt has at most `limit` tokens; None: it cannot."""
    return fit(prompt, lambda candidate: len(prompt_ids(tokenizer, candidate)), limit)


@dataclass(frozen=True)
class Encoded:
    """An example as token ids: `answer` begins where the assistant writes and ends with the end
    of turn, after which a model stops.
    """

    prompt: list[int]
    answer: list[int]


def encode_example(tokenizer: Any, example: Example) -> Encoded:
    """Token ids of an example, cut where the prompt ends and the answer begins.

    Raises MeteorError where the chat template writes a prompt differently once it is answered.
    """
    prompt = prompt_ids(tokenizer, example.prompt)
    turn = {"role": "assistant", "content": example.answer}
    whole = list(
        tokenizer.apply_chat_template(
            [*messages(example.prompt), turn], tokenize=True, return_dict=False
        )
    )
    if whole[: len(prompt)] != prompt:
        raise MeteorError("the chat template changes the prompt once the answer follows")
    answer = whole[len(prompt) :]
    while answer and answer[-1] != tokenizer.eos_token_id:
        answer.pop()  # what templates write between turns is never generated
    if not answer:
        raise MeteorError(
            f"the chat template does not end a turn with {tokenizer.eos_token!r}, so a model could "
            "not learn to stop; set the tokenizer's eos_token to the template's end of turn"
        )
    return Encoded(prompt, answer)


def encode_fitting(tokenizer: Any, example: Example, limit: int) -> Encoded | None:
    """The example within `limit` tokens, the question's body shortened where it must be; None
    where even that does not help.
    """
    encoded = encode_example(tokenizer, example)
    if len(encoded.prompt) + len(encoded.answer) <= limit:
        return encoded
    prompt = fit_prompt(tokenizer, example.prompt, limit - len(encoded.answer))
    if prompt is None:
        return None
    return encode_example(tokenizer, example.model_copy(update={"prompt": prompt}))


def cut_to_fit(tokenizer: Any, example: Example, limit: int) -> Example | None:
    """The example with as many whole sentences or lines of its answer as fit into `limit` tokens;
    None where not even the first one does.
    """
    ends = [found.start() for found in re.finditer(r"(?<=[.!?])\s|\n", example.answer)]
    for end in reversed(ends):
        if answer := example.answer[:end].strip():
            shorter = example.model_copy(update={"answer": answer})
            if encode_fitting(tokenizer, shorter, limit) is not None:
                return shorter
    return None
