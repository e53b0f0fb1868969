"""The weights of a training: as they are loaded, and as they are written in the end."""

import os
import shutil
from typing import Any

from meteor.core.errors import MeteorError, SettingsError
from meteor.models.adapters import base_of, is_adapter, over, write_adapter
from meteor.models.encoding import load_model
from meteor.training.jobs import Job
from meteor.training.launching import on_cpu
from meteor.training.settings import TrainerSettings


def goes_on(job: Job, params: TrainerSettings) -> bool:
    """Whether the training goes on with the start's own adapter."""
    return params.checkpoint == "adapter" and is_adapter(job.start)


def load(job: Job, params: TrainerSettings) -> Any:
    """The weights to start from; the trainer puts them where they are needed. The weights under
    an adapter that is gone on with are frozen; one that is not gone on with is merged into them.
    """
    from transformers.integrations import is_deepspeed_zero3_enabled

    if is_adapter(job.start) and is_deepspeed_zero3_enabled():
        raise MeteorError(
            f"{job.start}: is an adapter, which is not merged into weights that ZeRO-3 spreads; "
            "take zero2.json"
        )
    dtype = "float32" if params.method == "full" else params.lora.base
    how: dict[str, Any] = {}
    if params.attention != "auto":
        how["attn_implementation"] = params.attention
    if dtype == "nf4":
        dtype, how = "bfloat16", {**how, **_nf4(params)}
    if not goes_on(job, params):
        return load_model(job.start, dtype, None, params.trust_remote_code, **how)
    whole = load_model(base_of(job.start), dtype, None, params.trust_remote_code, **how)
    model = over(whole, job.start, learns=True)
    _check_shape(model.peft_config["default"], job, params)
    return model.train()


def _check_shape(own: Any, job: Job, params: TrainerSettings) -> None:
    """Raise SettingsError where the settings want another adapter than the start has."""
    wanted = params.lora
    if (own.r, own.lora_alpha) != (wanted.r, wanted.alpha):
        raise SettingsError(
            f"{job.start}: its adapter has r {own.r} and alpha {own.lora_alpha}, and the training "
            f"that goes on with it wants lora.r {wanted.r} and lora.alpha {wanted.alpha}: make "
            "them the same in sft and pairwise, or take checkpoint: merged"
        )


def _nf4(params: TrainerSettings) -> dict[str, Any]:
    """4-bit weights, double quantization (Dettmers et al. 2023, arXiv 2305.14314)."""
    from importlib.util import find_spec

    import torch
    from transformers import BitsAndBytesConfig

    if find_spec("bitsandbytes") is None:
        raise MeteorError("lora.base nf4: the package bitsandbytes is not installed")
    place = "cpu" if on_cpu(params) else int(os.environ.get("LOCAL_RANK", "0"))
    return {
        "quantization_config": BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        ),
        "device_map": {"": place},
    }


def restore(trainer: Any, job: Job, params: TrainerSettings) -> None:
    """Give DeepSpeed the start's own weights again, before the first step: it rounds them to the
    arithmetic's precision and makes its fp32 ones of that, so what an earlier training had learned
    in small steps would be rounded away. All processes call it, the first one reads.
    """
    import torch
    from deepspeed.utils import safe_set_full_fp32_param, safe_set_local_fp32_param
    from transformers.integrations.deepspeed import set_hf_deepspeed_config

    first = trainer.is_world_process_zero()
    start = dict(_plain(job, params).named_parameters()) if first else {}
    set_hf_deepspeed_config(trainer.accelerator.state.deepspeed_plugin.hf_ds_config)
    for name, parameter in trainer.model.named_parameters():
        if parameter.requires_grad:
            spread = hasattr(parameter, "ds_shape")
            shape = parameter.ds_shape if spread else parameter.shape
            whole = torch.empty(shape, dtype=torch.float32, device=trainer.accelerator.device)
            if first:
                whole.copy_(start[name].data)
            torch.distributed.broadcast(whole, src=0)
            if spread:
                safe_set_local_fp32_param(parameter, _share(whole, parameter))
            else:
                safe_set_full_fp32_param(parameter, whole)


def _share(whole: Any, parameter: Any) -> Any:
    """What this process holds of weights that ZeRO-3 spreads, zeros after the last one's end."""
    import torch

    group, size = parameter.ds_process_group, parameter.ds_tensor.numel()
    missing = size * torch.distributed.get_world_size(group) - whole.numel()
    filled = torch.nn.functional.pad(whole.flatten(), (0, missing))
    return filled.narrow(0, size * torch.distributed.get_rank(group), size)


def write(trainer: Any, tokenizer: Any, job: Job, params: TrainerSettings) -> None:
    """Write the checkpoint, of plain weights or the adapter alone; all processes call it, the
    first one writes.
    """
    import torch

    spread = trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled
    learned = _gathered(trainer) if spread else None
    if trainer.is_world_process_zero() and params.checkpoint == "adapter":
        write_adapter(trainer.model, job.start, job.checkpoint, learned)
        tokenizer.save_pretrained(job.checkpoint)
    elif trainer.is_world_process_zero():
        if params.method == "lora":
            model = _merged(trainer.model, learned, job, params)
        elif learned is not None:
            model = _plain(job, params)
            for name, weights in model.named_parameters():
                weights.data.copy_(learned[name])
        else:
            model = trainer.model
        model.to(getattr(torch, params.dtype)).save_pretrained(job.checkpoint)
        tokenizer.save_pretrained(job.checkpoint)
    trainer.accelerator.wait_for_everyone()


def _gathered(trainer: Any) -> dict[str, Any]:
    """What was learned, in fp32, from all processes: DeepSpeed's own file would hold bf16."""
    weights = {}
    for name, parameter in trainer.model.named_parameters():
        if parameter.requires_grad:
            whole = _whole(parameter)
            if trainer.is_world_process_zero():
                weights[name] = whole.detach().cpu().clone()
    return weights


def _whole(parameter: Any) -> Any:
    """Weights that FSDP2 or DeepSpeed has spread; all processes ask for them together."""
    if hasattr(parameter, "full_tensor"):
        return parameter.full_tensor()
    from deepspeed.utils import safe_get_full_fp32_param

    return safe_get_full_fp32_param(parameter)


def _plain(job: Job, params: TrainerSettings) -> Any:
    """The start's weights again, whole and in fp32, in this process alone."""
    from transformers.integrations.deepspeed import unset_hf_deepspeed_config

    unset_hf_deepspeed_config()
    return load_model(job.start, "float32", "cpu", params.trust_remote_code)


def _merged(model: Any, learned: dict[str, Any] | None, job: Job, params: TrainerSettings) -> Any:
    """The adapters added to the start's own weights, not to a rounded or quantized copy."""
    folder = job.checkpoint.parent / "adapter"
    model.save_pretrained(folder, state_dict=learned)
    merged = over(_plain(job, params), folder).merge_and_unload()
    if params.lora.keep_adapter:
        ignore = shutil.ignore_patterns("README.md")  # a card of a fixed text
        shutil.copytree(folder, job.checkpoint / "adapter", ignore=ignore)
    return merged
