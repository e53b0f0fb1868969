"""Supervised fine-tuning with TRL: loss on the answer and its end of turn only, all weights or
LoRA adapters, alone or merged into the new checkpoint.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.importing import preload
from meteor.core.jsonl import read_records
from meteor.core.records import Example
from meteor.core.settings import Field, Schedule, Settings
from meteor.models.encoding import cut_to_fit, encode_fitting
from meteor.training import hf_trainer
from meteor.training.launching import on_cpu
from meteor.training.process import Job, Report, run_training, training_process
from meteor.training.settings import TrainerSettings

IGNORED = -100
"""The label of positions without loss."""


class Trl(TrainerSettings):
    """Supervised fine-tuning."""

    batches: Literal["by_length", "packed"] = Field(
        "by_length",
        description="rows of like length side by side; or one after another without padding, "
        "for attention that keeps them apart (sdpa, flash_attention_2)",
    )
    eval_steps: int | None = Field(
        None, gt=0, description="look at the loss on the dev split every so many steps; null: never"
    )
    patience: int | None = Field(
        None, gt=0, description="looks without a lower loss after which training stops; null: none"
    )


@hookimpl
def plugin_params() -> type[Settings]:
    return Trl


@hookimpl
def sft_train(
    examples: Sequence[Example],
    held_out: Sequence[Example],
    start: Path,
    out: Path,
    schedule: Schedule,
    params: Trl,
    seed: int,
) -> Mapping[str, Any]:
    watched = held_out if params.eval_steps else ()
    resume = hf_trainer.resumes(params, len(examples), schedule)
    return run_training(
        __name__, examples, start, out, schedule, params, seed, watched, resume
    ).model_dump()


def train(job: Job, params: Trl, examples: list[Example]) -> Report | None:
    """Runs in the training process."""
    preload("transformers.modeling_layers", "trl.trainer.sft_trainer")
    from datasets import Dataset
    from transformers import EarlyStoppingCallback
    from trl import SFTConfig, SFTTrainer

    params = hf_trainer.prepare(params)
    held_out = list(read_records(job.held_out, Example)) if job.held_out else []
    packed = params.batches == "packed"

    class ByLength(SFTTrainer):  # type: ignore[misc]
        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            lengths = [len(ids) for ids in self.train_dataset["input_ids"]]
            return hf_trainer.by_length(self, params, lengths)

    class AnswerLoss(ByLength):
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
            targets = inputs.pop("labels")[:, 1:]
            keep = (targets != IGNORED).any(dim=0).nonzero()[:, 0]  # a position predicts the next
            output = model(**inputs, use_cache=False, logits_to_keep=keep)
            loss = self.model.loss_function(
                logits=output.logits,
                labels=None,
                shift_labels=targets[:, keep].contiguous(),
                vocab_size=output.logits.shape[-1],
                num_items_in_batch=num_items_in_batch,
            )
            # The number of items is that of all processes, whose gradients are averaged.
            scale = self.accelerator.num_processes if num_items_in_batch is not None else 1
            return (loss * scale, output) if return_outputs else loss * scale

    config = SFTConfig(
        **{
            **hf_trainer.arguments(job, params, len(examples)),
            **_watching(job, params),
            "max_length": params.max_length if packed else None,
        },
        completion_only_loss=True,
        packing=packed,
        eval_packing=False,
    )
    tokenizer, model = hf_trainer.load_start(job, params)
    rows, fitted = _rows(tokenizer, examples, params)
    watched, _ = _rows(tokenizer, held_out, params.model_copy(update={"too_long": "drop"}))
    trainer = (AnswerLoss if on_cpu(params) else ByLength)(
        model=model,
        args=config,
        train_dataset=Dataset.from_list(rows),
        eval_dataset=Dataset.from_list(watched) if watched else None,
        processing_class=tokenizer,
        peft_config=hf_trainer.adapters(job, params),
        callbacks=[EarlyStoppingCallback(params.patience)] if watched and params.patience else [],
    )
    lengths = [len(row["input_ids"]) for row in rows]
    return hf_trainer.run(trainer, tokenizer, job, params, fitted, lengths)


def _watching(job: Job, params: Trl) -> dict[str, Any]:
    """Look at the held-out loss, and end with the weights of the lowest one."""
    if not job.held_out:
        return {}
    return {
        "eval_strategy": "steps",
        "eval_steps": params.eval_steps,
        "save_strategy": "steps",
        "save_steps": params.eval_steps,
        "save_only_model": job.states is None and params.launcher != "deepspeed",
        "load_best_model_at_end": True,
        "metric_for_best_model": "eval_loss",
    }


def _rows(
    tokenizer: Any, examples: list[Example], params: Trl
) -> tuple[list[dict[str, Any]], Report]:
    """Token ids as TRL wants them, each row within the window, and what became of the examples."""
    rows, tokens, dropped, shortened, prompts = [], 0, 0, 0, 0
    for example in examples:
        encoded = encode_fitting(tokenizer, example, params.max_length)
        if encoded is None and params.too_long == "fail":
            raise MeteorError(
                f"{example.id}: prompt and answer need more than sft.trl.max_length "
                f"({params.max_length}) tokens; raise it, or set sft.trl.too_long to drop or cut"
            )
        if encoded is None and params.too_long == "cut":
            shorter = cut_to_fit(tokenizer, example, params.max_length)
            if shorter is not None:
                encoded = encode_fitting(tokenizer, shorter, params.max_length)
                shortened += 1
        if encoded is None:
            dropped += 1
            continue
        mask = [0] * len(encoded.prompt) + [1] * len(encoded.answer)
        rows.append({"input_ids": encoded.prompt + encoded.answer, "completion_mask": mask})
        tokens += len(encoded.answer)
        prompts += encoded.shortened
    if examples and not rows:
        raise MeteorError(f"no row fits into sft.trl.max_length ({params.max_length}) tokens")
    counts = {"rows": len(rows), "dropped": dropped, "shortened": shortened, "tokens": tokens}
    return rows, Report(**counts, shortened_prompts=prompts, epochs=0, steps=(), seconds=0)


if __name__ == "__main__":
    training_process(train, Trl, Example)
