"""Supervised fine-tuning with TRL: loss on the answer and its end of turn only, all weights or
LoRA adapters that are merged into the new checkpoint.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from meteor import hf_trainer
from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Example
from meteor.core.settings import Field, Schedule, Settings
from meteor.encoding import encode_fitting
from meteor.training import Job, Report, run_training, training_process

IGNORED = -100
"""The label of positions without loss."""


class Lora(Settings):
    """Low-rank adapters on all linear layers (PEFT)."""

    r: int = Field(16, gt=0, description="rank")
    alpha: int = Field(32, gt=0, description="scale: alpha / r")
    dropout: float = Field(0.0, ge=0, lt=1, description="on the adapters' input")


class Trl(hf_trainer.TrainerSettings):
    """Supervised fine-tuning."""

    method: Literal["full", "lora"] = Field("full", description="what is trained")
    lora: Lora = Field(Lora(), description="adapters, where the method is lora")


@hookimpl
def plugin_params() -> type[Settings]:
    return Trl


@hookimpl
def sft_train(
    examples: Sequence[Example], start: Path, out: Path, schedule: Schedule, params: Trl, seed: int
) -> Mapping[str, Any]:
    return run_training(__name__, examples, start, out, schedule, params, seed).model_dump()


def train(job: Job, params: Trl, examples: list[Example]) -> Report:
    """Runs in the training process."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    class AnswerLoss(SFTTrainer):  # type: ignore[misc]
        """The same loss, at the answers' positions only: TRL and transformers score prompts too,
        which for a small model with a large vocabulary costs as much as the model itself.
        """

        def compute_loss(
            self,
            model: Any,
            inputs: Any,
            return_outputs: bool = False,
            num_items_in_batch: Any = None,
        ) -> Any:
            labels = inputs.pop("labels")
            begins = int((labels != IGNORED).int().argmax(dim=1).min())
            keep = labels.shape[1] - begins + 1  # the position before an answer predicts its first
            output = model(**inputs, use_cache=False, logits_to_keep=keep)
            return self.model.loss_function(
                logits=output.logits,
                labels=labels[:, -keep:],
                vocab_size=output.logits.shape[-1],
                num_items_in_batch=num_items_in_batch,
            )

    tokenizer, model = hf_trainer.load_start(job, params)
    rows, tokens = _rows(tokenizer, examples, params)
    trainer = (AnswerLoss if hf_trainer.on_cpu(params) else SFTTrainer)(
        model=model,
        args=SFTConfig(
            **hf_trainer.arguments(job, params, len(rows)),
            completion_only_loss=True,
            train_sampling_strategy="group_by_length",
        ),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        peft_config=_lora(params.lora) if params.method == "lora" else None,
    )
    dropped = len(examples) - len(rows)
    return hf_trainer.run(trainer, tokenizer, job, params, len(rows), dropped, tokens)


def _rows(tokenizer: Any, examples: list[Example], params: Trl) -> tuple[list[dict[str, Any]], int]:
    """Token ids as TRL wants them, each within the window, and the number of answer tokens."""
    rows, tokens = [], 0
    for example in examples:
        encoded = encode_fitting(tokenizer, example, params.max_length)
        if encoded is not None:
            mask = [0] * len(encoded.prompt) + [1] * len(encoded.answer)
            rows.append({"input_ids": encoded.prompt + encoded.answer, "completion_mask": mask})
            tokens += len(encoded.answer)
        elif params.too_long == "fail":
            raise MeteorError(
                f"{example.id}: prompt and answer need more than sft.trl.max_length "
                f"({params.max_length}) tokens; raise it, or set sft.trl.too_long to drop"
            )
    if not rows:
        raise MeteorError(f"no row fits into sft.trl.max_length ({params.max_length}) tokens")
    return rows, tokens


def _lora(lora: Lora) -> Any:
    from peft import LoraConfig

    return LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


if __name__ == "__main__":
    training_process(train, Trl, Example)
