"""The page docs/settings.md: every key, every plugin's settings, every command, from the code.

`make docs` writes it anew.
"""

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from meteor.__main__ import COMMANDS
from meteor.core.hookspecs import ROLES
from meteor.core.params import Params
from meteor.core.parts import Role
from meteor.core.pins import Pin
from meteor.core.roles import find_plugin, plugin_names, plugin_settings
from meteor.core.sections import Sections

HEAD = """# Settings and commands

Written from the code by `make docs`; a test holds that it is up to date.

## `params.yaml`

A role (`source`, `base`, `student`, …) has the key `plugin`, and under each plugin's name its
settings, which stand further below.
"""
TABLE = "\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n"


def page() -> str:
    """The whole page."""
    parts = [HEAD, TABLE, *_rows(Params, "")]
    for role in ROLES:
        for name in plugin_names(role):
            if isinstance(getattr(find_plugin(role, name), "PIN", None), Pin):
                continue
            settings = plugin_settings(role, name)
            parts.append(f"\n## {role}: `{name}`\n\n{_first(settings)}\n")
            if settings.model_fields:
                parts += [TABLE, *_rows(settings, "")]
    parts.append("\n## Commands\n\n| command | what it does |\n| --- | --- |\n")
    parts += [f"| `meteor {name}` | {text} |\n" for name, text in COMMANDS.items()]
    return "".join(parts)


def _first(kind: type[BaseModel]) -> str:
    return " ".join((kind.__doc__ or "").split())


def _rows(kind: type[BaseModel], above: str) -> Iterator[str]:
    general = kind.model_fields.keys() - Sections.model_fields if kind is Params else ()
    for name, field in sorted(kind.model_fields.items(), key=lambda pair: pair[0] not in general):
        key = f"{above}{field.alias or name}"
        inner = _settings_in(field.annotation)
        meaning = field.description or (_first(inner) if inner else "")
        if inner:
            step = ".<name>" if get_origin(field.annotation) is dict else ""
            if issubclass(inner, Role):
                meaning = _first(inner) if inner is not Role else "a role: see above"
            yield f"| `{key}{step}` | | | {_cell(meaning)} |\n"
            yield from _rows(inner, f"{key}{step}.")
        else:
            default = "required" if field.is_required() else f"`{_value(field.get_default())}`"
            yield f"| `{key}` | {_cell(_type(field.annotation))} | {default} | {_cell(meaning)} |\n"


def _settings_in(annotation: Any) -> type[BaseModel] | None:
    """The settings inside settings: themselves, or the values of a mapping."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _type(annotation: Any) -> str:
    origin, inside = get_origin(annotation), get_args(annotation)
    if annotation is type(None):
        return "null"
    if origin is Annotated:
        return _type(inside[0])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in inside)
    if origin in (Union, types.UnionType):
        return " or ".join(map(_type, inside))
    if origin is not None:
        return f"{origin.__name__} of {' to '.join(_type(i) for i in inside if i is not ...)}"
    name = str(annotation.__name__)
    return {"Path": "path", "str": "text", "JsonValue": "any JSON"}.get(name, name)


def _value(value: Any) -> str:
    if value is PydanticUndefined or value is None:
        return "null"
    if isinstance(value, BaseModel):
        return "its own"
    return str(value).replace("|", "\\|") if value != "" else '""'


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    Path("docs/settings.md").write_text(page(), encoding="utf-8")
