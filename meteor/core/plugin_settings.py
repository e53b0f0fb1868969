"""The class of a plugin's settings, as the plugin gives it, and the files that settings name."""

import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from meteor.core import hookspecs
from meteor.core.errors import SettingsError
from meteor.core.settings import Settings


def settings_class(role: str, name: str, hook: Any) -> type[Settings]:
    """What `plugin_params` gives; where it is left out, the annotation of the hooks' `params`.
    Raises SettingsError where neither tells.
    """
    if not hook.plugin_params.get_hookimpls():
        return _annotated(role, name, hook)
    try:
        kind = hook.plugin_params(role=role)
    except Exception as error:
        raise SettingsError(
            f"{role} plugin {name!r}: plugin_params raised {type(error).__name__}: {error}"
        ) from error
    if not (isinstance(kind, type) and issubclass(kind, Settings)):
        raise SettingsError(
            f"{role} plugin {name!r}: plugin_params gave {kind!r}, not a class of settings"
        )
    return kind


def _annotated(role: str, name: str, hook: Any) -> type[Settings]:
    found: set[Any] = set()
    for spec in (*hookspecs.ROLES[role], *hookspecs.EITHER.get(role, ())):
        for implementation in getattr(hook, spec).get_hookimpls():
            if "params" in implementation.argnames:
                found.add(typing.get_type_hints(implementation.function).get("params"))
    kinds = {kind for kind in found if isinstance(kind, type) and issubclass(kind, Settings)}
    if found != kinds or len(kinds) > 1:
        raise SettingsError(
            f"{role} plugin {name!r}: what are its settings? Annotate `params` of its hooks with "
            "one class of settings, or write the hook plugin_params"
        )
    return kinds.pop() if kinds else Settings


def files_in(settings: BaseModel, where: str) -> Iterator[tuple[str, Path]]:
    """Every path in settings, with its key below `where`."""
    for name in type(settings).model_fields:
        value: Any = getattr(settings, name)
        for inner in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(inner, Path):
                yield f"{where}.{name}", inner
            elif isinstance(inner, BaseModel):
                yield from files_in(inner, f"{where}.{name}")
