"""The settings that both TRL trainers share."""

import difflib
from typing import Literal, Self

from pydantic import field_validator, model_validator

from meteor.core.settings import Field, Settings
from meteor.models.precision import choose
from meteor.training.launching import Launched

OPTIMIZERS = {
    *("adamw_torch", "adamw_torch_fused", "adamw_torch_xla", "adamw_torch_npu_fused", "adafactor"),
    *("adamw_anyprecision", "adamw_torch_4bit", "adamw_torch_8bit", "ademamix", "sgd", "adagrad"),
    *("adamw_bnb_8bit", "adamw_8bit", "ademamix_8bit", "lion_8bit", "lion_32bit"),
    *("paged_adamw_32bit", "paged_adamw_8bit", "paged_ademamix_32bit", "paged_ademamix_8bit"),
    *("paged_lion_32bit", "paged_lion_8bit", "rmsprop", "rmsprop_bnb", "rmsprop_bnb_8bit"),
    *("rmsprop_bnb_32bit", "galore_adamw", "galore_adamw_8bit", "galore_adafactor"),
    *("galore_adamw_layerwise", "galore_adamw_8bit_layerwise", "galore_adafactor_layerwise"),
    *("lomo", "adalomo", "grokadamw", "schedule_free_radam", "schedule_free_adamw"),
    *("schedule_free_sgd", "apollo_adamw", "apollo_adamw_layerwise", "stable_adamw"),
}
SCHEDULERS = {
    *("linear", "cosine", "cosine_with_restarts", "polynomial", "constant"),
    *("constant_with_warmup", "inverse_sqrt", "reduce_lr_on_plateau", "cosine_with_min_lr"),
    *("cosine_warmup_with_min_lr", "warmup_stable_decay", "greedy"),
}
"""The names that transformers knows, which takes seconds to be asked: a test compares them."""


def _known(name: str, names: set[str], what: str) -> str:
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=1)
    meant = f" (did you mean {near[0]!r}?)" if near else f" (there are: {', '.join(sorted(names))})"
    raise ValueError(f"transformers has no {what} {name!r}{meant}")


class Lora(Settings):
    """Low-rank adapters on all linear layers (PEFT)."""

    r: int = Field(16, gt=0, description="rank")
    alpha: int = Field(32, gt=0, description="scale: alpha / r")
    dropout: float = Field(0.0, ge=0, lt=1, description="on the adapters' input")
    base: Literal["float32", "bfloat16", "nf4"] = Field(
        "float32", description="the frozen weights while training; nf4 (QLoRA) needs bitsandbytes"
    )
    keep_adapter: bool = Field(
        False, description="also keep the adapters, in the checkpoint's folder `adapter`"
    )


class TrainerSettings(Launched):
    """Settings of a Hugging Face trainer; epochs and learning rate come from the stage."""

    method: Literal["full", "lora"] = Field("full", description="what is trained")
    lora: Lora = Field(Lora(), description="adapters, where the method is lora")
    checkpoint: Literal["merged", "adapter"] = Field(
        "merged",
        description="what a training with lora writes: an ordinary checkpoint, or the adapter "
        "alone, which the next training with `adapter` goes on with",
    )
    batch_size: int = Field(8, gt=0, description="rows a device and forward pass")
    accumulation: int = Field(1, gt=0, description="forward passes an optimizer step")
    max_length: int = Field(1024, gt=0, description="prompt and answer, tokens")
    too_long: Literal["fail", "drop", "cut"] = Field(
        "fail", description="what to do with longer rows; cut ends an answer with a sentence"
    )
    warmup: float = Field(0.1, ge=0, lt=1, description="share of the steps")
    scheduler: str = Field("cosine", description="learning rate schedule of transformers")
    optimizer: str = Field("adamw_torch_fused", description="of transformers")
    weight_decay: float = Field(0.01, ge=0, description="of AdamW")
    max_grad_norm: float = Field(1.0, gt=0, description="gradients are clipped to it")
    precision: Literal["auto", "bf16", "fp16", "fp32"] = Field(
        "auto",
        description="of the arithmetic; auto: bf16 where the device has instructions for it; what "
        "is trained is kept in fp32",
    )
    dtype: Literal["bfloat16", "float16", "float32"] = Field(
        "float32", description="of the checkpoint; in bfloat16 a short training is rounded away"
    )
    attention: Literal["auto", "sdpa", "eager", "flash_attention_2"] = Field(
        "auto", description="how it is computed; auto: as transformers chooses for the model"
    )
    gradient_checkpointing: bool = Field(False, description="less memory for more time")
    liger: bool = Field(False, description="Liger's kernels, on a GPU with liger-kernel installed")
    save_steps: int | None = Field(
        200, gt=0, description="steps after which a killed training can go on; null: from the start"
    )
    trust_remote_code: bool = Field(False, description="run code that comes with the checkpoint")

    @field_validator("optimizer")
    @classmethod
    def _is_an_optimizer(cls, value: str) -> str:
        return _known(value, OPTIMIZERS, "optimizer")

    @field_validator("scheduler")
    @classmethod
    def _is_a_schedule(cls, value: str) -> str:
        return _known(value, SCHEDULERS, "schedule")

    @model_validator(mode="after")
    def _adapters_are_possible(self) -> Self:
        if self.checkpoint == "adapter" and self.method != "lora":
            raise ValueError("checkpoint: adapter needs method: lora")
        if self.checkpoint == "adapter" and self.launcher == "deepspeed":
            raise ValueError(
                "checkpoint: adapter does not go with launcher: deepspeed, which rounds an adapter "
                "that a training goes on with; take torchrun or accelerate, or checkpoint: merged"
            )
        if self.checkpoint == "adapter" and self.lora.keep_adapter:
            raise ValueError("lora.keep_adapter is for checkpoint: merged; here it is kept anyway")
        return self

    def on_this_machine(self) -> Self:
        """With the precision that `auto` means here."""
        if self.precision != "auto":
            return self
        narrow = choose(self.device).dtype == "bfloat16"
        return self.model_copy(update={"precision": "bf16" if narrow else "fp32"})
