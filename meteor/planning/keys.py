"""Which keys of params.yaml dvc.yaml reads, and what to write where one is not there."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from meteor.core.errors import SettingsError
from meteor.core.hookspecs import ROLES
from meteor.core.params import PARAMS_FILE, Params
from meteor.core.parts import Role
from meteor.core.roles import plugin_names
from meteor.core.yaml12 import parse_yaml
from meteor.pipeline import PIPELINE, value_of, written_stages

_INTERPOLATED = re.compile(r"(?<!\\)\$\{\s*([^{}\s]+)\s*\}")
_SHIPPED = f" (the {PARAMS_FILE} that came with this version has one)"


@dataclass(frozen=True)
class Need:
    """A dotted key that a stage reads. `text`: it becomes part of a path or a command."""

    key: str
    stage: str
    text: bool = False


def check_keys(file: Path = PARAMS_FILE, pipeline: Path = PIPELINE) -> None:
    """Raise SettingsError that names every key which dvc.yaml reads and DVC would not find there.
    What is no mapping, or names no plugin, is left to those who validate the file.
    """
    try:
        params = parse_yaml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return
    if not isinstance(params, dict):
        return
    wrong: dict[str, str] = {}
    for need in needs(params, pipeline):
        key = missing_part(params, need.key)
        if key and (need.text or not _of_no_plugin(key)):
            wrong.setdefault(key, f"missing, and stage {need.stage} reads it")
        elif need.text and not key and not isinstance(value := value_of(params, need.key), str):
            said = f"{value!r} is no text, and stage {need.stage} reads the file of that name"
            wrong.setdefault(need.key, said)
    lines = [f"{key}: {what}; {_remedy(key)}" for key, what in wrong.items()]
    if len(lines) == 1:
        raise SettingsError(f"{file}: {lines[0]}")
    lines += [
        f"{key}: unknown key; take it out" for key in params if key not in Params.model_fields
    ]
    if wrong:
        raise SettingsError(
            f"{file}: {pipeline} reads {len(wrong)} keys that are not there or hold no text; is it "
            "a file of another version? What to write:" + "".join(f"\n  {line}" for line in lines)
        )


def needs(params: Mapping[str, Any], pipeline: Path = PIPELINE) -> Iterator[Need]:
    """What every stage reads, those of a `foreach` one by one, as `params` (the content of
    params.yaml) has them.
    """
    for name, stage in written_stages(pipeline).items():
        over = stage.get("foreach")
        if not isinstance(over, str):  # none, or names that stand in dvc.yaml itself
            yield from _of(stage.get("do", stage), name, params)
            continue
        section = over.strip("${} ")
        yield Need(section, name)
        values = value_of(params, section)
        for key in values if isinstance(values, dict) else ():
            yield from _of(_filled(stage["do"], str(key), section), f"{name}@{key}", params)


def missing_part(params: Any, key: str) -> str | None:
    """The shortest part of a dotted key that is not there; None where all of it is."""
    parts = key.split(".")
    for depth, part in enumerate(parts, start=1):
        if not isinstance(params, dict) or part not in params:
            return ".".join(parts[:depth])
        params = params[part]
    return None


def _of(stage: Mapping[str, Any], name: str, params: Mapping[str, Any]) -> Iterator[Need]:
    for text in _texts(stage):
        for key in _INTERPOLATED.findall(text):
            if key != "key" and not key.startswith("item"):
                yield Need(key, name, text=True)
    for written in stage.get("params", ()):
        if isinstance(written, str):
            key = _INTERPOLATED.sub(lambda found: str(value_of(params, found[1])), written)
            if not any(missing_part(params, part) for part in _INTERPOLATED.findall(written)):
                yield Need(key, name)


def _filled(stage: Any, key: str, section: str) -> Any:
    """The stage of a `foreach` for one of its keys, whose values are looked up in params.yaml."""
    if isinstance(stage, str):
        return stage.replace("${key}", key).replace("${item.", f"${{{section}.{key}.")
    if isinstance(stage, dict):
        return {
            _filled(name, key, section): _filled(value, key, section)
            for name, value in stage.items()
        }
    return [_filled(value, key, section) for value in stage] if isinstance(stage, list) else stage


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(name)
            yield from _texts(inner)
    elif isinstance(value, Iterable):
        for inner in value:
            yield from _texts(inner)


def _of_no_plugin(key: str) -> bool:
    """Whether a key is the settings of a plugin that is not there: `plugin` itself is wrong."""
    role, _, name = key.partition(".")
    return bool(name) and role in ROLES and not _field(key) and name not in plugin_names(role)


def _remedy(key: str) -> str:
    """What to write, with its default where there is one."""
    above, _, name = key.rpartition(".")
    where = f" below `{above}:`" if above else ""
    if above in ROLES and name in plugin_names(above):
        return f"write `{name}: {{}}`{where}"
    field = _field(key)
    if field is not None and not field.is_required():
        value = _plain(field.get_default(call_default_factory=True))
        text = yaml.safe_dump({name: value}, default_flow_style=True, width=10_000, sort_keys=False)
        return f"write `{text.strip()[1:-1]}`{where}"
    said = field and (field.description or str(field.annotation.__doc__).splitlines()[0])
    return f"write `{name}:`{where}" + (f", {said.rstrip('.')}" if said else "") + _SHIPPED


def _plain(value: Any) -> Any:
    """A default as it is written."""
    if isinstance(value, Role):
        return {**value.model_dump(mode="json", by_alias=True), value.plugin: {}}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    return str(value) if isinstance(value, Path) else value


def _field(key: str) -> Any:
    """The field of the settings at a dotted key; None where it is a name of the user's own."""
    kind: Any = Params
    found = None
    for part in key.split("."):
        fields = getattr(kind, "model_fields", {})
        by_alias = {field.alias or name: field for name, field in fields.items()}
        found = by_alias.get(part)
        kind = found.annotation if found else _of_names(kind)
    return found


def _of_names(kind: Any) -> Any:
    """The settings below a name, where names are the user's own."""
    return (getattr(kind, "__args__", None) or (None,))[-1]
