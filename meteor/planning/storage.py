"""What the checkpoints of a run take: computed from the base model's weights and the trainers'
settings, before anything runs.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.core.params import Params
from meteor.core.roles import load_role
from meteor.training.settings import TrainerSettings

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
OUTSIDE = ("embed", "wte", "wpe", "lm_head")
"""What the names of matrices hold that get no adapter: embeddings, and the output layer."""


@dataclass(frozen=True)
class Stored:
    """A checkpoint to come, in bytes: as it is stored, and as whole weights would be."""

    name: str
    size: int
    whole: int


def coming(params: Params, base: Path) -> list[Stored]:
    """The checkpoints that are not there yet, from the base model in the folder `base`."""
    shapes = list(_shapes(base))
    beside = _size(base) - sum(size for _, _, size in shapes)
    return [
        _stored(name, params, shapes, beside)
        for name in params.before
        if not base.with_name(name).exists()
    ]


def _stored(
    name: str, params: Params, shapes: list[tuple[str, list[int], int]], beside: int
) -> Stored:
    """`beside` are the bytes of the tokenizer and other small files."""
    settings = load_role(
        "pairwise" if name in (*params.turns, *params.controls.turns) else "sft", params
    ).params
    if not isinstance(settings, TrainerSettings):
        whole = sum(size for _, _, size in shapes) + beside
        return Stored(name, whole, whole)
    whole = sum(prod(shape) for _, shape, _ in shapes) * BYTES[settings.dtype] + beside
    if settings.checkpoint != "adapter":
        return Stored(name, whole, whole)
    sides = sum(
        sum(shape)
        for key, shape, _ in shapes
        if len(shape) == 2 and not any(part in key for part in OUTSIDE)
    )
    return Stored(name, settings.lora.r * sides * BYTES["float32"] + beside, whole)


def _shapes(base: Path) -> Iterator[tuple[str, list[int], int]]:
    """Name, shape and bytes of each weight."""
    for file in sorted(base.glob("*.safetensors")):
        for key, told in weights_in(file).items():
            begin, end = told["data_offsets"]
            yield key, told["shape"], end - begin


def weights_in(file: Path) -> dict[str, Any]:
    """What stands before the weights in a file of safetensors, by their names. Raises MeteorError
    where the file is cut off or damaged.
    """
    size = file.stat().st_size
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        try:
            head = json.loads(opened.read(min(length, size)))
            told = {key: value for key, value in head.items() if key != "__metadata__"}
            whole = (
                8 + length + max((value["data_offsets"][1] for value in told.values()), default=0)
            )
        except (ValueError, LookupError, TypeError, AttributeError):
            whole = -1
    if whole != size:
        raise MeteorError(f"{file}: is cut off or damaged; `dvc checkout` brings it back")
    return told


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def said(checkpoints: list[Stored]) -> str:
    """In words, for people."""
    size = sum(each.size for each in checkpoints) / 1e9
    whole = sum(each.whole for each in checkpoints) / 1e9
    text = f"{len(checkpoints)} checkpoints to come take {size:.2f} GB here, as much again in the "
    text += "DVC cache, and as much for `dvc push`"
    return text + (f" (merged: {whole:.2f} GB)" if size < whole else "")
