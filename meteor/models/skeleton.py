"""A checkpoint's model without its weights: what its config alone tells of it."""

from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError


def load_skeleton(checkpoint: Path, trust_remote_code: bool = False) -> Any:
    """The model as transformers builds it, with no memory behind its weights: for what is counted
    (`shape_of`) and looked up, where another engine does the work. Raises MeteorError where
    transformers knows no such model.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        config = AutoConfig.from_pretrained(
            checkpoint, local_files_only=True, trust_remote_code=trust_remote_code
        )
        with torch.device("meta"):
            return AutoModelForCausalLM.from_config(config, trust_remote_code=trust_remote_code)
    except (ImportError, OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise MeteorError(f"{checkpoint}: no model can be made out of it: {reason}") from None


def window_of(model: Any, wanted: int | None) -> int:
    """How many tokens prompt and answer may have together, by a model's config: no more than
    `wanted`.
    """
    own = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    own = own or wanted or 2048
    return min(own, wanted or own)
