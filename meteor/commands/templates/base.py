"""A base model from a local folder, taken as it is."""

import shutil
from pathlib import Path
from typing import Any

from meteor.plugin import Field, Settings, SettingsError, hookimpl


class Folder(Settings):
    """Which folder."""

    checkpoint: Path = Field(description="a Hugging Face checkpoint: safetensors and tokenizer")


@hookimpl
def base_fetch(params: Folder, out: Path) -> bool:
    if not any(params.checkpoint.glob("*.safetensors")):
        raise SettingsError(f"{params.checkpoint}: there are no safetensors weights")
    shutil.copytree(params.checkpoint, out, dirs_exist_ok=True)
    return True


@hookimpl
def base_tokenizer(params: Folder) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(params.checkpoint)
