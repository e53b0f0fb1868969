"""What `auto` means on this machine: bf16 where there are instructions for it, else fp32.

A bf16 product on a processor that has none is computed the long way: up to 40 times slower than in
fp32. What is chosen shapes texts and weights, so it is part of all that says whether finished work
may be taken up again.
"""

import logging
import os
import platform
from functools import cache
from typing import Any, NamedTuple

from meteor.core.importing import preload

log = logging.getLogger("meteor")
INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16")
"""What processors compute bf16 products with, by torch's names; the last one is ARM's."""
ONEDNN_WITHOUT = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI")
"""Values of ONEDNN_MAX_CPU_ISA that forbid those instructions."""


class Chosen(NamedTuple):
    """`bfloat16` or `float32`, and why."""

    dtype: str
    why: str


def choose(device: str = "auto") -> Chosen:
    """The precision for `device`: auto, cpu, cuda, cuda:1 …; told in the log once a process."""
    preload("torch")
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    kind = device.partition(":")[0]
    if kind == "cpu":
        return _told(_of_processor())
    name = torch.cuda.get_device_name(device) if kind == "cuda" else device
    able = kind == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return _told(Chosen("bfloat16" if able else "float32", f"{name} {_has(able)} bf16"))


@cache
def _told(chosen: Chosen) -> Chosen:
    log.info("precision: %s (%s)", *chosen)
    return chosen


def _of_processor() -> Chosen:
    import torch

    able: dict[str, Any] = torch.cpu.get_capabilities()
    forbidden = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
    name = str(able.get("cpu_name") or platform.processor() or "the processor")
    if forbidden in ONEDNN_WITHOUT:
        return Chosen("float32", f"{name}, ONEDNN_MAX_CPU_ISA={forbidden}")
    found = [instruction for instruction in INSTRUCTIONS if able.get(instruction)]
    if found:
        return Chosen("bfloat16", f"{name} has {' and '.join(found)}")
    return Chosen("float32", f"{name} has no instructions for bf16")


def _has(able: bool) -> str:
    return "has" if able else "has no"


def resolved(dtype: str, device: str = "auto") -> str:
    """`dtype`, with `auto` resolved for `device`."""
    return choose(device).dtype if dtype == "auto" else dtype
