"""`meteor preset`: settings that belong together, merged into params.yaml with its comments.

A preset gives whole values: what stands under `section.key` takes the place of what stood there,
and keys that it does not name stay as they are. `rounds`, `turns`, `evaluate` and
`explore.strategies`, whose keys are names of the user's own, are replaced whole.
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
from meteor.core.yaml12 import parse_yaml

PRESETS = Path("configs/presets")
NAMES = {"rounds", "turns", "evaluate"}
"""Sections whose keys are names of the user's own."""
GONE = object()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor preset`."""
    parser.add_argument("name", nargs="?", help="without it, the presets are listed")
    parser.add_argument("--dry-run", action="store_true", help="print the changes, write nothing")


def run(arguments: argparse.Namespace) -> None:
    """Run the command."""
    if arguments.name is None:
        for preset in sorted(PRESETS.glob("*.yaml")):
            first = preset.read_text(encoding="utf-8").splitlines()[0]
            print(f"{preset.stem:20} {first.lstrip('# ')}")
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
    file = PRESETS / f"{name}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(file.stem for file in PRESETS.glob("*.yaml")))
        raise SettingsError(f"there is no preset {name!r} (there are: {known or 'none'})")
    editor = _editor()
    try:
        params = editor.load(PARAMS_FILE.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{PARAMS_FILE}: cannot be read ({error.strerror})") from None
    changes: list[str] = []
    preset = editor.load(file.read_text(encoding="utf-8"))
    for section, values in preset.items():
        if isinstance(values, dict) and section in params:
            changes += _put(params[section], values, section, whole=section in NAMES)
        elif params.get(section) != values:
            changes.append(_told(section, params.get(section, GONE), values))
            params[section] = _bare(values)
    written = StringIO()
    editor.dump(params, written)
    check_roles(parse_settings(Params, parse_yaml(written.getvalue()), PARAMS_FILE))
    return written.getvalue(), changes


def _put(old: Any, new: Any, where: str, whole: bool) -> Iterator[str]:
    """Let the mapping `old` take the values of `new`; where `whole`, it loses its other keys."""
    below = _cut(old)
    for key in [key for key in old if whole and key not in new]:
        yield _told(f"{where}.{key}", old.pop(key), GONE)
    for key, value in new.items():
        before = old.get(key, GONE)
        if isinstance(value, dict) and isinstance(before, dict):
            yield from _put(before, value, f"{where}.{key}", whole=True)
            if not before:
                old[key] = _bare(value)  # `{}`: an emptied block keeps a comment in its midst
        elif before != value:
            yield _told(f"{where}.{key}", before, value)
            old[key] = _bare(value)
    _paste(old, below)


def _told(where: str, before: Any, after: Any) -> str:
    return f"{where}: {_shown(before)} -> {_shown(after)}"


def _shown(value: Any) -> str:
    if value is GONE:
        return "nothing"
    return yaml.safe_dump(_plain(value), default_flow_style=True, width=10_000).split("\n")[0]


def _plain(value: Any) -> Any:
    """The value without what the editor remembers of its looks."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    kinds = (bool, int, float, str)
    return next((kind(value) for kind in kinds if isinstance(value, kind)), value)


def _bare(value: Any) -> Any:
    """The value as the preset writes it, without the preset's comments."""
    if isinstance(value, dict):
        for inner in value.values():
            _bare(inner)
        looks: Any = value
        looks.ca.items.clear()
    return value


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


def _cut(mapping: Any) -> str:
    """Take away what stands below a mapping: the editor has it hang on the last key, and would
    lose it with the key.
    """
    if not mapping or mapping.fa.flow_style():
        return ""
    owner, key = _last(mapping)
    token = owner.ca.items.get(key, [None] * 4)[2]
    if token is None:
        return ""
    beside, _, below = token.value.partition("\n")
    token.value = f"{beside}\n"
    return str(below)


def _paste(mapping: Any, below: str) -> None:
    """Let it stand below the mapping again, whatever its last key is now."""
    from ruamel.yaml.error import CommentMark
    from ruamel.yaml.tokens import CommentToken

    if not below or not mapping:
        return
    owner, key = _last(mapping)
    hanging = owner.ca.items.setdefault(key, [None] * 4)
    if hanging[2] is None:
        hanging[2] = CommentToken("\n", CommentMark(0), None)
    hanging[2].value += below


def _last(mapping: Any) -> tuple[Any, Any]:
    """The last key in a mapping, or in the last mapping inside it, and where it stands."""
    key = next(reversed(mapping))
    value: Any = mapping[key]
    if not isinstance(mapping[key], dict) or not value or value.fa.flow_style():
        return mapping, key
    return _last(value)
