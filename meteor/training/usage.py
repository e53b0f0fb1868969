"""What a training takes of the machine: memory, FLOPs, and the share of the hardware's peak."""

import platform
from collections.abc import Sequence
from typing import Any

from meteor.models.flops import shape_of, training_flops
from meteor.training import resuming
from meteor.training.jobs import Usage

PEAKS = {
    "H200": 989e12,
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L40": 181e12,
    "L4": 121e12,
    "A10G": 70e12,
    "A10": 125e12,
    "RTX 4090": 165e12,
    "RTX 3090": 71e12,
}
"""FLOPs a second in bf16, without sparsity, as NVIDIA's data sheets say; first match counts."""


class Meter:
    """Reads what one training takes, from now on."""

    def __init__(self, trainer: Any, lengths: Sequence[int], resumed_at: int) -> None:
        self.trainer, self.resumed_at = trainer, resumed_at
        self.an_epoch = training_flops(shape_of(trainer.model), lengths)

    def read(self, seconds: float) -> Usage:
        """After the last step; all processes have to call it."""
        accelerator = self.trainer.accelerator
        device = _device(accelerator.device)
        flops = self.an_epoch * (self.trainer.state.epoch or 0.0)
        state = self.trainer.state
        made = 1 - self.resumed_at / max(state.global_step, 1)
        peak = next((peak for name, peak in PEAKS.items() if name in device), None)
        if accelerator.mixed_precision != "bf16":
            peak = None
        processes = accelerator.num_processes
        return Usage(
            device=device,
            precision=accelerator.mixed_precision.replace("no", "fp32"),
            processes=processes,
            peak_memory=_peak_memory(accelerator),
            flops=flops,
            mfu=flops * made / (seconds * peak * processes) if peak else None,
            seed=self.trainer.args.seed,
            versions=resuming.versions(),
            resumed_at=self.resumed_at,
        )


def _device(device: Any) -> str:
    import torch

    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"{device.type} {platform.machine()}"


def _peak_memory(accelerator: Any) -> int:
    """Bytes: the most that any process has held, on its GPU where it has one."""
    import resource

    import torch

    if accelerator.device.type == "cuda":
        own = torch.cuda.max_memory_allocated()
    else:
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return int(accelerator.gather(torch.tensor([own], device=accelerator.device)).max())
