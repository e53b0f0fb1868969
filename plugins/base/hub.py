"""A base model from the Hugging Face hub, or from a local folder in its format."""

from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.settings import Field, Settings
from meteor.models.adapting import BaseSettings, adapt
from meteor.models.encoding import require_whole, save_checkpoint
from meteor.models.model_card import CARD, read_front, write_base_card
from meteor.models.safety import check_source


class Hub(BaseSettings):
    """A checkpoint in safetensors format. A token for gated models comes from HF_TOKEN."""

    model: str = Field(description="hub id, or path of a local folder")
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
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    if Path(params.model).is_dir():
        check_source(Path(params.model))
    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            **_source(params),
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
            dtype=getattr(torch, params.dtype),
            use_safetensors=True,
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise _refusal(params, error) from None
    require_whole(params.model, info)
    save_checkpoint(model, base_tokenizer(params), out)
    local = Path(params.model)
    # A folder's place on this machine says nothing to the reader of a card.
    name = local.resolve().name if local.is_dir() else params.model
    write_base_card(out, name, _front(params))
    return True


@hookimpl
def base_tokenizer(params: Hub) -> Any:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(**_source(params))
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
    from transformers.utils import cached_file

    card = cached_file(
        params.model, CARD, revision=params.revision, _raise_exceptions_for_missing_entries=False
    )
    return read_front(Path(card)) if card else {}
