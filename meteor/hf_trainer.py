"""What both TRL trainers share: settings, arguments, progress, the written checkpoint and report.

Everything here but the settings runs in the training process (see `meteor.training`).
"""

import math
import os
import time
from typing import Any, Literal

from meteor.core.settings import Field, Settings
from meteor.encoding import load_model, load_tokenizer
from meteor.training import Job, Report, Step, tell_progress


class TrainerSettings(Settings):
    """Settings of a Hugging Face trainer; epochs and learning rate come from the stage."""

    batch_size: int = Field(8, gt=0, description="rows a device and forward pass")
    accumulation: int = Field(1, gt=0, description="forward passes an optimizer step")
    max_length: int = Field(1024, gt=0, description="prompt and answer, tokens")
    too_long: Literal["fail", "drop"] = Field("fail", description="what to do with longer rows")
    warmup: float = Field(0.1, ge=0, lt=1, description="share of the steps")
    scheduler: str = Field("cosine", description="learning rate schedule of transformers")
    weight_decay: float = Field(0.01, ge=0, description="of AdamW")
    max_grad_norm: float = Field(1.0, gt=0, description="gradients are clipped to it")
    autocast: bool = Field(True, description="bf16 arithmetic over fp32 weights")
    dtype: Literal["bfloat16", "float16", "float32"] = Field(
        "float32", description="of the checkpoint; in bfloat16 a short training is rounded away"
    )
    gradient_checkpointing: bool = Field(False, description="less memory for more time")
    device: Literal["auto", "cpu"] = Field("auto", description="auto takes the GPUs if any")
    trust_remote_code: bool = Field(False, description="run code that comes with the checkpoint")


def on_cpu(params: TrainerSettings) -> bool:
    """Whether the training runs without a GPU."""
    import torch

    return params.device == "cpu" or not torch.cuda.is_available()


def load_start(job: Job, params: TrainerSettings) -> tuple[Any, Any]:
    """Tokenizer and weights to start from. The master weights are fp32: in bf16, steps of a
    small learning rate are rounded away.
    """
    device = "cpu" if on_cpu(params) else "auto"
    return (
        load_tokenizer(job.start, params.trust_remote_code),
        load_model(job.start, "float32", device, params.trust_remote_code),
    )


def arguments(job: Job, params: TrainerSettings, rows: int) -> dict[str, Any]:
    """The arguments that SFTConfig and DPOConfig share, for a training on `rows` rows."""
    a_step = params.batch_size * params.accumulation * int(os.environ.get("WORLD_SIZE", "1"))
    steps = math.ceil(rows / a_step) * job.schedule.epochs
    return {
        "output_dir": str(job.checkpoint.parent / "trainer"),
        "num_train_epochs": job.schedule.epochs,
        "learning_rate": job.schedule.learning_rate,
        "per_device_train_batch_size": params.batch_size,
        "gradient_accumulation_steps": params.accumulation,
        # A share would be rounded up, and a warm-up begins with learning rate 0: a training of
        # one step would learn nothing.
        "warmup_steps": int(params.warmup * steps),
        "lr_scheduler_type": params.scheduler,
        "weight_decay": params.weight_decay,
        "max_grad_norm": params.max_grad_norm,
        "max_length": None,  # rows are fitted before, and those that cannot be are counted
        "gradient_checkpointing": params.gradient_checkpointing,
        "bf16": params.autocast,
        "use_cpu": on_cpu(params),
        "dataloader_pin_memory": not on_cpu(params),
        "seed": job.seed,
        "data_seed": job.seed,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # or a loss that is not a number is shown as 0.0
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
    }


def run(
    trainer: Any,
    tokenizer: Any,
    job: Job,
    params: TrainerSettings,
    rows: int,
    dropped: int,
    tokens: int,
) -> Report:
    """Train, write the checkpoint and report."""
    import torch
    from transformers import TrainerCallback

    class Progress(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            tell_progress(0, state.max_steps)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            tell_progress(state.global_step, state.max_steps)

    started = time.monotonic()
    trainer.add_callback(Progress())
    trainer.train()
    model = trainer.model
    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
    model.to(getattr(torch, params.dtype)).save_pretrained(job.checkpoint)
    tokenizer.save_pretrained(job.checkpoint)
    logged = [entry for entry in trainer.state.log_history if "loss" in entry]
    # model_construct: a loss that is not finite has to reach the guard, which names the step.
    return Report.model_construct(
        rows=rows,
        dropped=dropped,
        tokens=tokens,
        epochs=job.schedule.epochs,
        steps=tuple(Step.model_construct(step=e["step"], loss=e["loss"]) for e in logged),
        seconds=time.monotonic() - started,
    )
