"""A student that writes one answer at a time with transformers, greedily or by sampling."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from meteor.plugin import (
    Completion,
    Decoding,
    Failed,
    Field,
    Prompt,
    Settings,
    fit_prompt,
    hookimpl,
    load_model,
    load_tokenizer,
    prompt_ids,
    written,
)


class OneByOne(Settings):
    """How the model is loaded."""

    dtype: str = Field("float32", description="precision of the weights")
    window: int = Field(512, gt=0, description="longest prompt, in tokens")


@hookimpl
def student_generate(
    prompts: Sequence[Prompt], checkpoint: Path, decoding: Decoding, params: OneByOne, seed: int
) -> Iterator[Completion | Failed]:
    import torch

    if not prompts:
        return
    tokenizer, model = load_tokenizer(checkpoint), load_model(checkpoint, params.dtype, "auto")
    how = {
        "do_sample": decoding.strategy == "sample",
        "max_new_tokens": decoding.max_new_tokens,
        "eos_token_id": sorted(tokenizer.turns.ends),
    }
    for prompt in prompts:
        fitting = fit_prompt(tokenizer, prompt, params.window)
        if fitting is None:
            yield Failed(id=prompt.id, error=f"the prompt has more than {params.window} tokens")
            continue
        torch.manual_seed(seed)
        asked = torch.tensor([prompt_ids(tokenizer, fitting)], device=model.device)
        whole = model.generate(asked, attention_mask=torch.ones_like(asked), **how)[0]
        found = written(tokenizer, whole[asked.shape[1] :].tolist())
        yield Completion(
            id=prompt.id,
            text=found.answer,
            thought=found.thought,
            finish_reason="stop" if found.whole else "length",
            prompt_tokens=asked.shape[1],
            completion_tokens=found.tokens,
        )
