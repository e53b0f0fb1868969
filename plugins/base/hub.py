"""A base model from the Hugging Face hub, or from a local folder in its format. One that is an
adapter (PEFT) is merged into the model that it names.
"""

import json
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.settings import Field, Settings
from meteor.models.adapters import ADAPTER, ADAPTER_WEIGHTS, POINTER, merged, over
from meteor.models.adapting import BaseSettings, adapt
from meteor.models.encoding import load_model, require_whole, save_checkpoint
from meteor.models.model_card import CARD, read_front, write_base_card
from meteor.models.safety import check_source

WHOLE = ("model.safetensors", "model.safetensors.index.json")
"""Files that whole weights have; an adapter beside them is none of the model."""


class Hub(BaseSettings):
    """A checkpoint in safetensors format. A token for gated models comes from HF_TOKEN."""

    model: str = Field(description="hub id, or path of a local folder; an adapter's is merged")
    revision: str | None = Field(None, description="branch, tag or commit on the hub")
    trust_remote_code: bool = Field(False, description="run code that comes with the checkpoint")

    def model_here(self) -> Path | None:
        """The model, where it is a folder."""
        return Path(self.model) if Path(self.model).is_dir() else None


@hookimpl
def plugin_params() -> type[Settings]:
    return Hub


@hookimpl
def base_fetch(params: Hub, out: Path) -> bool:
    import torch

    over_what = _under(params)
    for each in filter(None, (params, over_what)):
        if Path(each.model).is_dir():
            check_source(Path(each.model))
    if over_what is None:
        model = _whole(params, params.dtype)
    elif (Path(params.model) / POINTER).is_file():  # one of this project's, beside its base
        model = load_model(Path(params.model), params.dtype, "cpu", params.trust_remote_code)
    else:
        under = _whole(over_what, "float32")
        folder = Path(_file(params, ADAPTER_WEIGHTS) or params.model).parent
        model = merged(over(under, folder), folder).to(getattr(torch, params.dtype))
    save_checkpoint(model, base_tokenizer(params), out)
    local = Path(params.model)
    # A folder's place on this machine says nothing to the reader of a card.
    name = local.resolve().name if local.is_dir() else params.model
    write_base_card(out, name, {**(_front(over_what) if over_what else {}), **_front(params)})
    return True


def _whole(params: Hub, dtype: str) -> Any:
    """Whole weights. Raises MeteorError where there are none, or not all."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            **_source(params),
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
            dtype=getattr(torch, dtype),
            use_safetensors=True,
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise _refusal(params, error) from None
    require_whole(params.model, info)
    return model


def _under(params: Hub) -> Hub | None:
    """The model that an adapter lies over; None where `model` is whole. Raises MeteorError where
    the adapter names none.
    """
    told = _file(params, ADAPTER)
    if told is None or any(_file(params, whole) for whole in WHOLE):
        return None
    try:
        said = json.loads(Path(told).read_text(encoding="utf-8"))
        name, revision = said["base_model_name_or_path"], said.get("revision")
    except (ValueError, LookupError, TypeError) as error:
        raise _refusal(params, error) from None
    if not name:
        raise MeteorError(
            f"base model {params.model!r}: is an adapter that names no model; write the model's "
            f"hub id or folder into {ADAPTER}, as base_model_name_or_path"
        )
    return params.model_copy(update={"model": name, "revision": revision})


def _file(params: Hub, name: str) -> str | None:
    """A file of the model, here or from the hub; None where it has none."""
    from transformers.utils import cached_file

    try:
        found: str | None = cached_file(
            params.model,
            name,
            revision=params.revision,
            _raise_exceptions_for_missing_entries=False,
        )
    except (OSError, ValueError) as error:
        raise _refusal(params, error) from None
    return found


@hookimpl
def base_tokenizer(params: Hub) -> Any:
    from transformers import AutoTokenizer

    whose = params
    if not _file(params, "tokenizer_config.json"):
        whose = _under(params) or params
    try:
        tokenizer = AutoTokenizer.from_pretrained(**_source(whose))
    except (OSError, ValueError) as error:
        raise _refusal(params, error) from None
    return adapt(tokenizer, params, "base.hub")


def _source(params: Hub) -> dict[str, Any]:
    return {
        "pretrained_model_name_or_path": params.model,
        "revision": params.revision,
        "trust_remote_code": params.trust_remote_code,
    }


def _refusal(params: Hub, error: Exception) -> MeteorError:
    reason = str(error).strip().splitlines()[0]
    return MeteorError(f"base model {params.model!r} cannot be loaded: {reason}")


def _front(params: Hub) -> dict[str, Any]:
    """The front matter of the model's own card, where it has one."""
    card = _file(params, CARD)
    return read_front(Path(card)) if card else {}
