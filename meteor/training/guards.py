"""The guards on a new checkpoint: it learned something, finitely, all of it, and it is whole."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.training.jobs import Report


def check_training(report: Report, start: Path, checkpoint: Path, name: Path) -> None:
    """Raise MeteorError where no step was made, or fewer than were due, a weight is not finite,
    or no weight changed.
    """
    if not report.steps:
        raise MeteorError(f"{name}: the training made no step on {report.rows} rows")
    if len(report.steps) < report.due:
        raise MeteorError(
            f"{name}: the training made {len(report.steps)} steps where {report.due} were due on "
            f"{report.rows} rows in {report.epochs:g} epochs"
        )
    if not any(checkpoint.glob("*.safetensors")):
        raise MeteorError(f"{name}: the trainer wrote no safetensors weights")
    changed = False
    for key, after in _tensors(checkpoint):
        if not bool(after.isfinite().all()):
            raise MeteorError(f"{name}: the weights {key} are not finite")
        if not changed:
            changed = _changed(key, dict(_tensors(start, only=key)).get(key), after)
    if not changed:
        raise MeteorError(
            f"{name}: training changed no weight: the learning rate is too small for the precision"
        )


def _changed(key: str, before: Any | None, after: Any) -> bool:
    """Whether a weight is another than before the training. A new adapter begins with its second
    half (B) at zero, and as long as that is so it changes nothing.
    """
    if before is not None:
        return not bool((before.to(after.dtype) == after).all())
    return bool(after.any()) if ".lora_B." in key else ".lora_A." not in key


def _tensors(checkpoint: Path, only: str | None = None) -> Iterable[tuple[str, Any]]:
    from safetensors import safe_open

    for file in sorted(checkpoint.glob("*.safetensors")):
        with safe_open(file, framework="pt") as weights:
            for key in weights.keys():  # noqa: SIM118 (not iterable itself)
                if only in (None, key):
                    yield key, weights.get_tensor(key)


def check_vocabulary(checkpoint: Path, tokenizer: Any, model: Any) -> None:
    """Raise MeteorError where the tokenizer knows tokens that the model has no embedding for."""
    rows = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > rows:
        raise MeteorError(
            f"{checkpoint}: the tokenizer has {len(tokenizer)} tokens, the model embeds {rows}: "
            "they do not belong together, or the embedding was not resized after tokens were added"
        )
