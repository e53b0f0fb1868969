"""`meteor preset`: settings that belong together, merged into params.yaml with its comments.

A preset gives single values: keys that it does not name stay as they are, at every depth.
`domain.categories`, `revisers`, `rounds`, `turns`, `evaluate`, `explore.strategies` and those of
`controls`, whose keys are names of the user's own, are replaced whole, and so are decodings and
schedules, which are one choice each.
The value `!default` takes a key out.
"""

import argparse
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from meteor.core.errors import SettingsError
from meteor.core.jsonl import replacing
from meteor.core.params import PARAMS_FILE, Params
from meteor.core.roles import check_roles
from meteor.core.settings import parse_settings
from meteor.core.yaml12 import no_yaml, parse_yaml

PRESETS = Path("configs/presets")
NAMES = {
    *("domain.categories", "revisers", "rounds", "turns", "controls.rounds", "controls.turns"),
    *("evaluate", "explore.strategies"),
}
"""Mappings whose keys are names of the user's own."""
ONE_CHOICE = {"decoding", "chosen", "rejected", "schedule"}
"""Keys whose values are one choice: a decoding without its penalty is another decoding."""
DEFAULT = "!default"
"""A preset's value for a key that is to go, so that its default holds."""
GONE = object()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor preset`."""
    parser.add_argument(
        "name", nargs="?", help="or a YAML file of your own; without it, the presets are listed"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the changes, write nothing")


def run(arguments: argparse.Namespace) -> None:
    """Run the command."""
    if arguments.name is None:
        for preset in sorted(PRESETS.glob("*.yaml"), key=lambda preset: preset.stem):
            first = preset.read_text(encoding="utf-8").partition("\n")[0]
            print(f"{preset.stem:20} {first.lstrip('# ')}".rstrip())
        return
    text, changes = merged(arguments.name)
    for change in changes:
        print(change)
    if not changes:
        print(f"{PARAMS_FILE} has all the settings of {arguments.name} already")
    elif arguments.dry_run:
        print(f"{len(changes)} changes, not written (--dry-run)")
    else:
        with replacing(PARAMS_FILE) as file:
            file.write(text)
        print(f"{len(changes)} changes written to {PARAMS_FILE}; `git diff` shows them")


def merged(name: str) -> tuple[str, list[str]]:
    """The text of params.yaml with a preset merged in, and its changes, one line each.

    Raises SettingsError for an unknown preset, and where the result would not be valid.
    """
    file = Path(name) if name.endswith((".yaml", ".yml")) else PRESETS / f"{name}.yaml"
    if not file.exists():
        known = ", ".join(sorted(file.stem for file in PRESETS.glob("*.yaml")))
        raise SettingsError(f"there is no preset {name!r} (there are: {known or 'none'})")
    editor = _editor()
    params, preset = (_sections(each, editor) for each in (PARAMS_FILE, file))
    changes: list[str] = []
    for section, values in preset.items():
        changes += _put(params, section, values, section)
    written = StringIO()
    editor.dump(params, written)
    check_roles(parse_settings(Params, parse_yaml(written.getvalue()), PARAMS_FILE))
    return written.getvalue(), changes


def _sections(file: Path, editor: Any) -> Any:
    """What a file holds, as the editor keeps it. Raises SettingsError where it is no mapping."""
    from ruamel.yaml.error import YAMLError

    try:
        content = editor.load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror})") from None
    except (YAMLError, ValueError, LookupError) as error:  # also the month 13
        raise SettingsError(no_yaml(file, error)) from None
    if not isinstance(content, dict):
        raise SettingsError(f"{file}: holds no sections, as `teacher: {{plugin: chat_api}}`")
    return content


def _put(inside: Any, key: str, value: Any, where: str) -> Iterator[str]:
    """Let `inside[key]` be `value`, key by key where both are mappings of settings."""
    before = inside.get(key, GONE)
    if str(getattr(value, "tag", None)) == DEFAULT:
        if before is not GONE:
            yield f"{where}: {_shown(before)} -> its default"
            _remove(inside, key)
        return
    both = isinstance(value, dict) and isinstance(before, dict) and before
    if both and where not in NAMES and key not in ONE_CHOICE:
        for name, inner in value.items():
            yield from _put(before, name, inner, f"{where}.{name}")
        return
    if before == value:
        return
    if where not in NAMES:
        yield f"{where}: {_shown(before)} -> {_shown(value)}"
    for name in dict.fromkeys([*before, *value]) if where in NAMES else ():
        one, other = before.get(name, GONE), value.get(name, GONE)
        if one != other:
            yield f"{where}.{name}: {_shown(one)} -> {_shown(other)}"
    _set(inside, key, _bare(value))


def _set(mapping: Any, key: str, value: Any) -> None:
    """Set a value. What stands below a mapping hangs on its last line for the editor, so a new key
    goes before the last one, and what hangs on a value that goes is hung on the new one.
    """
    if key not in mapping and mapping:
        mapping.insert(len(mapping) - 1, key, value)
        return
    owner, last = _last_line(mapping, key) if key in mapping else (mapping, key)
    hanging = owner.ca.items.pop(last, None)
    mapping[key] = value
    if hanging:
        owner, last = _last_line(mapping, key)
        owner.ca.items[last] = hanging


def _remove(mapping: Any, key: str) -> None:
    """Take a key out; what hangs on it stays below the mapping."""
    owner, last = _last_line(mapping, key)
    hanging = owner.ca.items.pop(last, None)
    if next(reversed(mapping)) == key and hanging and len(mapping) > 1:
        del mapping[key]
        owner, last = _last_line(mapping, next(reversed(mapping)))
        owner.ca.items[last] = hanging
    else:
        del mapping[key]


def _last_line(mapping: Any, key: str) -> tuple[Any, str]:
    """Where the last line of `mapping[key]` stands: the mapping and its key."""
    value = mapping[key]
    if not isinstance(value, dict) or not value or value.fa.flow_style():  # type: ignore[attr-defined]
        return mapping, key
    return _last_line(value, next(reversed(value)))


def _shown(value: Any) -> str:
    if value is GONE:
        return "nothing"
    text = yaml.safe_dump(_plain(value), default_flow_style=True, allow_unicode=True, width=10_000)
    return text.split("\n")[0]


def _bare(value: Any) -> Any:
    """The value as the preset writes it, without the preset's comments."""
    if isinstance(value, dict):
        for inner in value.values():
            _bare(inner)
        looks: Any = value
        looks.ca.items.clear()
    return value


def _plain(value: Any) -> Any:
    """The value without what the editor remembers of its looks."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    kinds = (bool, int, float, str)
    return next((kind(value) for kind in kinds if isinstance(value, kind)), value)


def _editor() -> Any:
    """A YAML editor that leaves alone what it does not change."""
    from ruamel.yaml import YAML

    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 4096
    editor.indent(mapping=2, sequence=4, offset=2)
    editor.representer.add_representer(
        type(None), lambda to, _: to.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    return editor
