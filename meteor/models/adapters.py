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
ADAPTER_WEIGHTS = "adapter_model.safetensors"
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
    """The model with the adapter of `checkpoint` on it, to be learned on where it `learns`. Raises
    MeteorError where it cannot be loaded, or does not fit: PEFT would leave out what it lacks.
    """
    from peft import PeftModel
    from safetensors import SafetensorError

    file = checkpoint / ADAPTER_WEIGHTS
    if not file.is_file():
        raise MeteorError(f"{checkpoint}: an adapter without {file.name}; `dvc checkout` or pull")
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            laid = PeftModel.from_pretrained(model, checkpoint, is_trainable=learns)
        _require_fit(laid, file, [str(each.message) for each in told])
    except (SafetensorError, OSError, ValueError, RuntimeError, TypeError, LookupError) as error:
        lines = [line.strip() for line in str(error).strip().splitlines()[:2]]
        raise MeteorError(
            f"{checkpoint}: the adapter cannot be loaded: {' '.join(lines)}"
        ) from None
    return laid


def _require_fit(laid: Any, file: Path, told: list[str]) -> None:
    """Raise ValueError where a model and the weights in a file have not the same places."""
    from peft import get_peft_model_state_dict
    from safetensors import safe_open

    for warning in told:
        if "missing adapter keys" in warning:  # what PEFT says, which renames those of old versions
            raise ValueError(f"its weights lack some of what it is made of: {warning[:200]}")
    with safe_open(file, framework="pt") as weights:
        there = set(weights.keys())
    due = set(get_peft_model_state_dict(laid, save_embedding_layers=False))
    left = sorted(key for key in there - due if "lora_" in key)
    if due < there and left:
        raise ValueError(f"its settings have no place for {left[0]}, which its weights have")


def merged(laid: Any, checkpoint: Path) -> Any:
    """The model with the adapter of `checkpoint`, which lies `over` it, added to its weights.
    Raises MeteorError for a kind of adapter that cannot be added.
    """
    if not hasattr(laid, "merge_and_unload"):
        kind = str(laid.peft_config["default"].peft_type).rpartition(".")[2]
        raise MeteorError(
            f"{checkpoint}: an adapter of the kind {kind} cannot be merged; LoRA and its kin can"
        )
    model = laid.get_base_model()
    ends = [model.get_input_embeddings(), model.get_output_embeddings()]
    if model.config.get_text_config().tie_word_embeddings and any(map(_adapted, ends)):
        # Each of both has what was learned for it alone, and one weight for both would get it all.
        head = getattr(ends[1], "base_layer", ends[1])
        head.weight = type(head.weight)(head.weight.detach().clone(), requires_grad=False)
        model.config.tie_word_embeddings = model.config.get_text_config().tie_word_embeddings = (
            False
        )
    return laid.merge_and_unload()


def _adapted(layer: Any) -> bool:
    return hasattr(layer, "base_layer")


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
