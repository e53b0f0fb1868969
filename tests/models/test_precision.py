"""What `auto` means on a machine, and that it is part of what finished work hangs on."""

import os
import subprocess
import sys

import pytest
import torch

from meteor.generation.decoding import GenerationSettings
from meteor.models.precision import INSTRUCTIONS, choose, resolved
from plugins.sft.trl import Trl

SAID = (
    "from meteor.models.precision import choose; from plugins.student.transformers import "
    "Transformers; from plugins.sft.trl import Trl; print(choose('cpu').dtype, "
    "Transformers(device='cpu').on_this_machine().dtype, "
    "Trl(device='cpu').on_this_machine().precision)"
)


def on_a_processor(isa: str | None) -> list[str]:
    """What a new process says whose instructions are limited."""
    env = {key: value for key, value in os.environ.items() if key != "ONEDNN_MAX_CPU_ISA"}
    limited = {"ONEDNN_MAX_CPU_ISA": isa} if isa else {}
    done = subprocess.run(
        [sys.executable, "-c", SAID], env={**env, **limited}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_processor_without_instructions_for_bf16_computes_in_fp32() -> None:
    assert on_a_processor("AVX2") == ["float32", "float32", "fp32"]


def test_the_processor_decides() -> None:
    able = any(torch.cpu.get_capabilities().get(name) for name in INSTRUCTIONS)
    wanted = ["bfloat16", "bfloat16", "bf16"] if able else ["float32", "float32", "fp32"]
    assert on_a_processor(None) == wanted
    assert choose("cpu").why


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_what_the_user_says_is_left_alone(dtype: str) -> None:
    given = GenerationSettings(device="cpu", dtype=dtype)
    assert given.on_this_machine() == given and resolved(dtype, "cpu") == dtype
    assert Trl(precision="fp32").on_this_machine() == Trl(precision="fp32")


def test_no_work_is_taken_up_where_auto_means_something_else() -> None:
    """The settings that finished rows and states of a training hang on say what it means."""
    assert GenerationSettings(device="cpu").on_this_machine().dtype != "auto"
    assert Trl(device="cpu").on_this_machine().model_dump()["precision"] != "auto"
