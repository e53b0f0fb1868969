"""A trainer for fine-tuning: a plain PyTorch loop, one example a step."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from meteor.plugin import (
    Example,
    Field,
    Job,
    Report,
    Schedule,
    Settings,
    Step,
    encode_example,
    hookimpl,
    load_model,
    load_tokenizer,
    run_training,
    tell_progress,
    training_process,
)


class Plain(Settings):
    """The optimizer's settings."""

    weight_decay: float = Field(0.0, ge=0, description="of AdamW")


@hookimpl
def sft_train(
    examples: Sequence[Example],
    start: Path,
    out: Path,
    schedule: Schedule,
    params: Plain,
    seed: int,
) -> Mapping[str, Any]:
    return run_training(__name__, examples, start, out, schedule, params, seed).model_dump()


def train(job: Job, params: Plain, examples: list[Example]) -> Report:
    """Runs in the training process."""
    import torch

    torch.manual_seed(job.seed)
    begin, steps = monotonic(), []
    tokenizer, model = load_tokenizer(job.start), load_model(job.start, "float32", "auto").train()
    rows = [encode_example(tokenizer, example) for example in examples]
    rate, decay = job.schedule.learning_rate, params.weight_decay
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    total = round(len(rows) * job.schedule.epochs)
    tell_progress(0, total)
    for number in range(total):
        row = rows[number % len(rows)]
        ids = torch.tensor([row.prompt + row.answer], device=model.device)
        labels = ids.clone()
        labels[:, : len(row.prompt)] = -100  # learn the answer, not the prompt
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        steps.append(Step.model_construct(step=number + 1, loss=loss.item()))
        tell_progress(number + 1, total)
    model.save_pretrained(job.checkpoint)
    tokenizer.save_pretrained(job.checkpoint)
    return Report.model_construct(
        rows=len(rows),
        dropped=0,
        tokens=sum(len(row.answer) for row in rows),
        epochs=job.schedule.epochs,
        steps=tuple(steps),
        seconds=monotonic() - begin,
    )


if __name__ == "__main__":
    training_process(train, Plain, Example)
