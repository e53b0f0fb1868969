"""Learning from preferences with TRL: the paper's margin loss on the answers' mean
log-likelihood, or DPO against the model that the training starts from.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from meteor import hf_trainer
from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Example, Pair
from meteor.core.settings import Field, Schedule, Settings
from meteor.encoding import encode_example, encode_fitting
from meteor.training import Job, Report, run_training, training_process


class Trl(hf_trainer.TrainerSettings):
    """Pairwise training."""

    loss: Literal["margin", "dpo"] = Field("margin", description="margin as in the paper, or DPO")
    margin: float = Field(0.5, ge=0, description="of `margin`: wanted lead, nats a token")
    anchor: float = Field(
        0.2, ge=0, description="of `margin`: weight of the chosen answer's own loss"
    )
    beta: float = Field(0.1, gt=0, description="of `dpo`: how close to stay to the start")
    batch_size: int = Field(4, gt=0, description="pairs a device and forward pass")


@hookimpl
def plugin_params() -> type[Settings]:
    return Trl


@hookimpl
def pairwise_train(
    pairs: Sequence[Pair], start: Path, out: Path, schedule: Schedule, params: Trl, seed: int
) -> Mapping[str, Any]:
    return run_training(__name__, pairs, start, out, schedule, params, seed).model_dump()


def answer_means(logits: Any, input_ids: Any, completion_mask: Any) -> Any:
    """Mean log-likelihood (nats a token) of each row's answer: prompt and padding are left out.

    Shapes: logits (rows, length, vocabulary), input_ids and completion_mask (rows, length);
    returns (rows,).
    """
    import torch

    mask = completion_mask[:, 1:].bool()
    targets = input_ids[:, 1:].masked_fill(~mask, -100)
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].float().transpose(1, 2), targets, reduction="none", ignore_index=-100
    )
    return -losses.sum(dim=1) / mask.sum(dim=1)


def margin_loss(chosen: Any, rejected: Any, margin: float, anchor: float) -> Any:
    """The pairwise ranking loss of the paper's section 3.3 on mean log-likelihoods (pairs,), and
    the chosen answers' own loss as an anchor, which keeps the model from making both unlikely.
    """
    import torch

    return (torch.relu(margin - (chosen - rejected)) - anchor * chosen).mean()


def train(job: Job, params: Trl, pairs: list[Pair]) -> Report:
    """Runs in the training process."""
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    leads: list[float] = []

    class Tokenized(DPOTrainer):  # type: ignore[misc]
        """Takes the token ids as they are: TRL would add what the template writes after a turn."""

        def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
            return dataset

    class Margin(Tokenized):
        """TRL's collator (chosen rows first, then rejected) under the paper's loss."""

        def _precompute_ref_logps(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
            return dataset  # there is no reference model

        def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            ids, mask = inputs["input_ids"], inputs["attention_mask"]
            logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
            chosen, rejected = answer_means(logits, ids, inputs["completion_mask"]).chunk(2)
            leads.append(float((chosen - rejected).detach().mean()))
            return margin_loss(chosen, rejected, params.margin, params.anchor)

    tokenizer, model = hf_trainer.load_start(job, params)
    rows, tokens = _rows(tokenizer, pairs, params)
    trainer = (Margin if params.loss == "margin" else Tokenized)(
        model=model,
        args=DPOConfig(
            **hf_trainer.arguments(job, params, len(rows)),
            loss_type=["sigmoid"],
            beta=params.beta,
            precompute_ref_log_probs=True,
        ),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )
    dropped = len(pairs) - len(rows)
    report = hf_trainer.run(trainer, tokenizer, job, params, len(rows), dropped, tokens)
    lead = {"first_lead": leads[0], "last_lead": leads[-1]} if leads else {}
    return report.model_copy(update={"extra": lead})


def _rows(tokenizer: Any, pairs: list[Pair], params: Trl) -> tuple[list[dict[str, Any]], int]:
    """Token ids as TRL wants them, each within the window, and the number of answer tokens.

    The prompt is shortened for the longer of both answers, so that both follow the same one.
    """
    rows, tokens = [], 0
    for pair in pairs:
        longer = max(pair.chosen, pair.rejected, key=lambda t: len(tokenizer(t)["input_ids"]))
        fitted = encode_fitting(tokenizer, _example(pair, longer), params.max_length)
        if fitted is not None:
            chosen = encode_example(tokenizer, _example(pair, pair.chosen)).answer
            rejected = encode_example(tokenizer, _example(pair, pair.rejected)).answer
            rows.append(
                {"prompt_ids": fitted.prompt, "chosen_ids": chosen, "rejected_ids": rejected}
            )
            tokens += len(chosen) + len(rejected)
        elif params.too_long == "fail":
            raise MeteorError(
                f"{pair.id}: prompt and answer need more than pairwise.trl.max_length "
                f"({params.max_length}) tokens; raise it, or set pairwise.trl.too_long to drop"
            )
    if not rows:
        raise MeteorError(f"no row fits into pairwise.trl.max_length ({params.max_length}) tokens")
    return rows, tokens


def _example(pair: Pair, answer: str) -> Example:
    return Example(id=pair.id, prompt=pair.prompt, answer=answer)


if __name__ == "__main__":
    training_process(train, Trl, Pair)
