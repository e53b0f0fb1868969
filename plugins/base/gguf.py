"""A base model from a GGUF file, or from one inside an installed package."""

import struct
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.hookspecs import hookimpl
from meteor.core.settings import Field, Settings
from meteor.models.adapting import BaseSettings, adapt
from meteor.models.encoding import require_whole, save_checkpoint
from meteor.models.model_card import write_base_card

UNREADABLE = (OSError, ValueError, struct.error, KeyError, NotImplementedError)
"""What a file raises that is no GGUF file, only the beginning of one, or of a form that
transformers cannot read."""
LICENCE = ("license", "license.name", "license.link")
"""The metadata of a GGUF file about its licence, below `general`."""


class Gguf(BaseSettings):
    """A GGUF file; its quantised weights are unpacked to `dtype`."""

    file: str = Field(description="path of the file, inside `package` if one is given")
    package: str | None = Field(None, description="installed Python package that carries the file")
    model: str | None = Field(
        None, description="hub id of the model that the file was made from, for the model cards"
    )

    def model_here(self) -> Path | None:
        """The file, where it is in no package."""
        return None if self.package else Path(self.file)


@hookimpl
def plugin_params() -> type[Settings]:
    return Gguf


@hookimpl
def base_fetch(params: Gguf, out: Path) -> bool:
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    file = _locate(params)
    try:
        unpacked, info = AutoModelForCausalLM.from_pretrained(
            **_source(file),
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
            dtype=torch.float32,
        )
    except UNREADABLE as error:
        raise _refusal(file, error) from None
    require_whole(file, info)
    # save_pretrained refuses a model that remembers its quantisation: give its weights to one
    # built from a config that does not.
    config = type(unpacked.config)(**unpacked.config.to_dict())
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    model = AutoModelForCausalLM.from_config(config)
    model.load_state_dict(unpacked.state_dict())
    model.to(getattr(torch, params.dtype))
    save_checkpoint(model, base_tokenizer(params), out)
    write_base_card(out, params.model or file.stem, _licence(file))
    return True


@hookimpl
def base_tokenizer(params: Gguf) -> Any:
    from transformers import AutoTokenizer

    file = _locate(params)
    try:
        tokenizer = AutoTokenizer.from_pretrained(**_source(file))
    except UNREADABLE as error:
        raise _refusal(file, error) from None
    return adapt(tokenizer, params, "base.gguf")


def _source(file: Path) -> dict[str, Any]:
    return {"pretrained_model_name_or_path": file.parent, "gguf_file": file.name}


def _refusal(file: Path, error: Exception) -> MeteorError:
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    if "architecture" in reason:
        return MeteorError(f"{file}: {reason} (transformers reads: {', '.join(_readable())})")
    return MeteorError(f"{file}: not a GGUF file that can be read: {reason}")


def _readable() -> list[str]:
    """The architectures that transformers reads from GGUF files."""
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    return sorted(GGUF_SUPPORTED_ARCHITECTURES)


def _licence(file: Path) -> dict[str, str]:
    """What the file's metadata tell of the licence, by the names that model cards use."""
    from gguf import GGUFReader

    fields = GGUFReader(file).fields
    known = {name.replace(".", "_"): fields.get(f"general.{name}") for name in LICENCE}
    return {name: str(value.contents()) for name, value in known.items() if value}


def _locate(params: Gguf) -> Path:
    folder = Path()
    if params.package is not None:
        # find_spec does not import the package, whose own dependencies are not needed here.
        spec = find_spec(params.package)
        if spec is None or not spec.submodule_search_locations:
            raise SettingsError(
                f"params.yaml: base.gguf.package: {params.package!r} is not installed"
            )
        folder = Path(next(iter(spec.submodule_search_locations)))
    file = folder / params.file
    if not file.is_file():
        raise SettingsError(f"params.yaml: base.gguf.file: there is no file {file}")
    return file
