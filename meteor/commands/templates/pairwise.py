"""A trainer on pairs: a margin between the mean likelihoods, in a plain PyTorch loop."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from meteor.plugin import (
    Encoded,
    Example,
    Field,
    Job,
    Pair,
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


class Margin(Settings):
    """The loss."""

    margin: float = Field(0.5, gt=0, description="wanted lead of the chosen answer, nats a token")


@hookimpl
def pairwise_train(
    pairs: Sequence[Pair], start: Path, out: Path, schedule: Schedule, params: Margin, seed: int
) -> Mapping[str, Any]:
    return run_training(__name__, pairs, start, out, schedule, params, seed).model_dump()


def _encode(tokenizer: Any, pair: Pair, answer: str) -> Encoded:
    return encode_example(tokenizer, Example(id=pair.id, prompt=pair.prompt, answer=answer))


def likelihood(model: Any, row: Encoded) -> Any:
    """The mean log-likelihood of an answer's tokens, in nats."""
    import torch

    ids = torch.tensor([row.prompt + row.answer], device=model.device)
    labels = ids.clone()
    labels[:, : len(row.prompt)] = -100
    return -model(input_ids=ids, labels=labels).loss


def train(job: Job, params: Margin, pairs: list[Pair]) -> Report:
    """Runs in the training process."""
    import torch

    torch.manual_seed(job.seed)
    begin, steps = monotonic(), []
    tokenizer, model = load_tokenizer(job.start), load_model(job.start, "float32", "auto").train()
    rows = [(_encode(tokenizer, p, p.chosen), _encode(tokenizer, p, p.rejected)) for p in pairs]
    optimizer = torch.optim.AdamW(model.parameters(), lr=job.schedule.learning_rate)
    total = round(len(rows) * job.schedule.epochs)
    tell_progress(0, total)
    for number in range(total):
        chosen, rejected = rows[number % len(rows)]
        lead = likelihood(model, chosen) - likelihood(model, rejected)
        loss = torch.relu(params.margin - lead)
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
        tokens=sum(len(row.answer) for pair in rows for row in pair),
        epochs=job.schedule.epochs,
        steps=tuple(steps),
        seconds=monotonic() - begin,
    )


if __name__ == "__main__":
    training_process(train, Margin, Pair)
