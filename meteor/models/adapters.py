"""Checkpoints that are adapters (LoRA): what was learned, beside a pointer to the whole checkpoint
that it belongs to.

The pointer names the folder beside the adapter's own and a hash of its weights, so that an adapter
never lies over other weights than those that it was learned on.
"""

import shutil
import warnings
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from meteor.core.errors import MeteorError
from meteor.core.fingerprint import fingerprint
from meteor.core.jsonl import explain, write_json
from meteor.core.records import Record
from meteor.models.model_card import CARD, read_front

ADAPTER, POINTER = "adapter_config.json", "base.json"
WEIGHTS = "*.safetensors"
SHARED = ("config.json", "generation_config.json")
"""Files of the whole checkpoint that an adapter's has too: they say what a model is."""


class Pointer(Record):
    """The checkpoint under an adapter: its folder's name, and SHA-256 over its weights."""

    checkpoint: str
    sha256: str


def is_adapter(checkpoint: Path) -> bool:
    """Whether a checkpoint holds an adapter alone."""
    return (checkpoint / ADAPTER).is_file()


def base_of(checkpoint: Path) -> Path:
    """The whole checkpoint that an adapter lies over. Raises MeteorError where it is not there, or
    has other weights than those that the adapter was learned on.
    """
    file = checkpoint / POINTER
    if not file.is_file():
        raise MeteorError(f"{checkpoint}: an adapter without {POINTER}, which names its base")
    try:
        pointer = Pointer.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise MeteorError(f"{file}: {explain(error)}") from None
    base = checkpoint.parent / pointer.checkpoint
    if not any(base.glob(WEIGHTS)):
        raise MeteorError(
            f"{checkpoint}: is an adapter over {base}, which is not here; `dvc pull {base}`"
        )
    if fingerprint(base, WEIGHTS) != pointer.sha256:
        raise MeteorError(
            f"{checkpoint}: is an adapter over other weights than those of {base}; run `dvc repro` "
            "or `dvc checkout`"
        )
    return base


def folders_of(checkpoint: Path) -> list[Path]:
    """The folders that loading a checkpoint reads: its own, and its base's where it is an adapter.
    Raises MeteorError as `base_of`.
    """
    return [checkpoint, base_of(checkpoint)] if is_adapter(checkpoint) else [checkpoint]


def over(model: Any, checkpoint: Path, learns: bool = False) -> Any:
    """The model with the adapter of `checkpoint` on it, to be learned on where it `learns`."""
    from peft import PeftModel

    try:
        with warnings.catch_warnings():
            # PEFT asks transformers by a name that is going.
            warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
            return PeftModel.from_pretrained(model, checkpoint, is_trainable=learns)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise MeteorError(f"{checkpoint}: the adapter cannot be loaded: {reason}") from None


def write_adapter(
    model: Any, start: Path, out: Path, learned: dict[str, Any] | None = None
) -> None:
    """Write the adapter of a model that was trained from `start`, and what it belongs to. `learned`
    are its weights where those in the model are spread over processes.
    """
    base = base_of(start) if is_adapter(start) else start
    model.peft_config["default"].base_model_name_or_path = _public_name(base)
    # Embeddings are never trained here; PEFT would look for their size on the hub.
    model.save_pretrained(
        out, selected_adapters=["default"], save_embedding_layers=False, state_dict=learned
    )
    (out / CARD).unlink(missing_ok=True)  # one of a fixed text
    for name in SHARED:
        if (base / name).is_file():
            shutil.copy(base / name, out / name)
    pointer = Pointer(checkpoint=base.name, sha256=fingerprint(base, WEIGHTS))
    write_json(out / POINTER, pointer.model_dump())


def _public_name(base: Path) -> str:
    """Under which others find the weights: the base model's on the hub, if it has one there."""
    front = read_front(base / CARD)
    name = str(front.get("base_model", ""))
    return name if "/" in name and "meteor" not in front else base.name
