"""A checkpoint's model without its weights: what its config alone tells of it."""

from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.models.adapters import folders_of


def load_skeleton(checkpoint: Path, trust_remote_code: bool = False) -> Any:
    """The model as transformers builds it, with no memory behind its weights: for what is counted
    (`shape_of`) and looked up, where another engine does the work. Raises MeteorError where
    transformers knows no such model.
    """
    import torch
    from transformers import AutoModelForCausalLM

    config = load_config(checkpoint, trust_remote_code)
    try:
        with torch.device("meta"):
            return AutoModelForCausalLM.from_config(config, trust_remote_code=trust_remote_code)
    except (ImportError, OSError, ValueError) as error:
        raise _unknown(checkpoint, error) from None


def load_config(checkpoint: Path, trust_remote_code: bool = False) -> Any:
    """What the checkpoint's model is like; an adapter's is its base's. Raises MeteorError where
    transformers knows no such model.
    """
    from transformers import AutoConfig

    folder = folders_of(checkpoint)[-1]
    try:
        return AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=trust_remote_code
        )
    except (ImportError, OSError, ValueError) as error:
        raise _unknown(checkpoint, error) from None


def _unknown(checkpoint: Path, error: Exception) -> MeteorError:
    reason = str(error).strip().partition("\n")[0]
    return MeteorError(f"{checkpoint}: no model can be made out of it: {reason}")


def window_of(config: Any, wanted: int | None) -> int:
    """How many tokens prompt and answer may have together, by a model's config: no more than
    `wanted`.
    """
    own = getattr(config.get_text_config(), "max_position_embeddings", None)
    own = own or wanted or 2048
    return min(own, wanted or own)
