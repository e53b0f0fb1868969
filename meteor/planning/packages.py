"""What the chosen plugins need and is not installed, and what does not go together."""

from collections.abc import Iterator
from importlib.util import find_spec

from meteor.core import hookspecs
from meteor.core.errors import SettingsError
from meteor.core.params import Params
from meteor.core.roles import load_role
from meteor.core.settings import Settings
from meteor.training.settings import TrainerSettings


def missing_packages(params: Params) -> Iterator[str]:
    """What chosen plugins need and is not installed, with what to do, a sentence each."""
    for role in hookspecs.ROLES:
        plugin = load_role(role, params)
        needed = plugin.params.needs
        if needed and find_spec(needed) is None:
            yield (
                f"{role} plugin {plugin.name!r} needs the package {needed!r}, which is not "
                f"installed: `pip install 'meteor-pipeline[{needed}]'`"
            )
        for key, package, remedy in _of_trainer(plugin.params):
            if find_spec(package) is None:
                yield (
                    f"params.yaml: {role}.{plugin.name}.{key} needs the package {package!r}, which "
                    f"is not installed: `pip install {remedy}`"
                )


def _of_trainer(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """What a trainer's single settings need: their key, the module, and what to install."""
    if not isinstance(settings, TrainerSettings):
        return
    gpu = "'meteor-pipeline[gpu]'"
    if settings.method == "lora" and settings.lora.base == "nf4":
        yield "lora.base: nf4", "bitsandbytes", gpu
    if settings.liger:
        yield "liger: true", "liger_kernel", gpu
    if settings.attention == "flash_attention_2":
        yield "attention: flash_attention_2", "flash_attn", "flash-attn"


def check_adapters(params: Params) -> None:
    """Raise SettingsError where phase 3 could not go on with the adapter of phases 1 and 2."""
    one, other = (load_role(role, params).params for role in ("sft", "pairwise"))
    if not (isinstance(one, TrainerSettings) and isinstance(other, TrainerSettings)):
        return
    if not params.turns or {one.checkpoint, other.checkpoint} != {"adapter"}:
        return
    mine, theirs = ((each.lora.r, each.lora.alpha) for each in (one, other))
    if mine != theirs:
        raise SettingsError(
            f"params.yaml: pairwise.{params.pairwise.plugin}.lora: r {theirs[0]} and alpha "
            f"{theirs[1]}, and sft.{params.sft.plugin}.lora has r {mine[0]} and alpha {mine[1]}: "
            "with checkpoint: adapter each training goes on with the same one; make them the same"
        )
