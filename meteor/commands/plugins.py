"""`meteor plugins`: what can be chosen for each role; show, pin and start plugins."""

import argparse
import ast
import difflib
import importlib
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from meteor.core.errors import SettingsError
from meteor.core.hookspecs import ROLES
from meteor.core.jsonl import replacing
from meteor.core.params import Params, load_params
from meteor.core.pins import Installed, Pin, difference, installed, module_file
from meteor.core.roles import PLUGINS, plugin_names, plugin_settings
from meteor.core.settings import Settings
from meteor.running.observers import OBSERVER

EVERY_ROLE = [*ROLES, OBSERVER]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor plugins`; without a sub-command it lists."""
    parser.set_defaults(what=_list)
    whats = parser.add_subparsers(metavar="{list,show,pin,new}")
    for name, run_it, text, second in (
        ("list", _list, "the plugins that can be chosen (default); * is chosen", None),
        ("show", _show, "the settings of one plugin", "name"),
        ("pin", _pin, "choose the plugins of an installed package", "distribution"),
        ("new", _new, "write a plugin to start from, and its test", "name"),
    ):
        sub = whats.add_parser(name, help=text, description=text)
        roles = list(ROLES) if name == "show" else EVERY_ROLE
        sub.add_argument("role", nargs="?" if name == "list" else None, choices=roles)
        if second:
            sub.add_argument(second)
        sub.set_defaults(what=run_it)


def run(arguments: argparse.Namespace) -> None:
    """Run the sub-command."""
    arguments.what(arguments)


def _list(arguments: argparse.Namespace) -> None:
    params = load_params()
    role = getattr(arguments, "role", None)
    rows = [line for line in catalogue(params) if role in (None, line.role)]
    table = [("", "role", "name", "origin", "version", "what it is")]
    for line in rows:
        what = f"! {line.wrong}" if line.wrong else line.what
        mark = "*" if line.chosen else ""
        table.append((mark, line.role, line.name, line.origin, line.version, what))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        print("  ".join([*cells, row[-1]]).rstrip())


def _show(arguments: argparse.Namespace) -> None:
    role, name, names = arguments.role, arguments.name, plugin_names(arguments.role)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        offered = [plugin for plugin in installed() if (plugin.role, plugin.name) == (role, name)]
        raise SettingsError(
            f"there is no {role} plugin {name!r}"
            + "".join(f" (did you mean {one!r}?)" for one in near)
            + "".join(
                f"; {plugin.distribution} has one: `meteor plugins pin {role} "
                f"{plugin.distribution}`"
                for plugin in offered
            )
            + f"; there are: {', '.join(names) or 'none'}"
        )
    _print_fields(plugin_settings(role, name))


def _pin(arguments: argparse.Namespace) -> None:
    for file in pin(arguments.role, arguments.distribution):
        if arguments.role == OBSERVER:
            print(f"{file} is written; choose it in params.yaml: `observers: [{file.stem}]`")
        else:
            print(f"{file} is written; choose it in params.yaml: {arguments.role}.plugin")
            print(f"  meteor plugins show {arguments.role} {file.stem}")


def _new(arguments: argparse.Namespace) -> None:
    plugin, test = start(arguments.role, arguments.name)
    print(f"{plugin} and its test {test} are written; both work as they are:")
    print(f"  python -m pytest {test}")


def _print_fields(kind: type[Settings], above: str = "") -> None:
    """Print each setting with its type, default and meaning."""
    for key, field in kind.model_fields.items():
        note = field.annotation
        if isinstance(note, type) and issubclass(note, Settings):
            print(f"{above}{key}: {field.description}")
            _print_fields(note, f"{above}{key}.")
            continue
        shown = note.__name__ if isinstance(note, type) else str(note).replace("typing.", "")
        default = "required" if field.is_required() else f"default {field.default!r}"
        print(f"{above}{key}: {shown}, {default}\n    {field.description}")


PIN_FILE = '''"""The {role} `{name}` of {distribution}, written by `meteor plugins pin`."""

from meteor.core.pins import Pin

PIN = Pin(
    distribution="{distribution}",
    version="{version}",
    module="{module}",
    source="{source}",
)
'''


@dataclass(frozen=True)
class Line:
    """One plugin: where it comes from, what it is, and what is wrong with its pin, if anything."""

    role: str
    name: str
    origin: str
    version: str
    what: str
    chosen: bool
    wrong: str | None = None


def catalogue(params: Params) -> Iterator[Line]:
    """All plugins by role: files of the project, pins, and what is installed and not pinned."""
    offered = installed()
    for role in [*ROLES, OBSERVER]:
        chosen = params.observers if role == OBSERVER else [getattr(params, role).plugin]
        names = plugin_names(role)
        for name in names:
            yield _line(role, name, name in chosen)
        for plugin in offered:
            if plugin.role == role and plugin.name not in names:
                wrong = f"not pinned: `meteor plugins pin {role} {plugin.distribution}`"
                yield Line(
                    *(role, plugin.name, plugin.distribution, plugin.version),
                    *(_sentence(module_file(plugin.module)), plugin.name in chosen, wrong),
                )


def _line(role: str, name: str, chosen: bool) -> Line:
    file = PLUGINS / role / f"{name}.py"
    pin = read_pin(role, name)
    if pin is None:
        return Line(role, name, "project", "", _sentence(file), chosen)
    wrong = difference(pin, role, name)
    what = "" if wrong else _sentence(module_file(pin.module))
    return Line(role, name, pin.distribution, pin.version, what, chosen, wrong)


def read_pin(role: str, name: str) -> Pin | None:
    """The pin that a file of the project is, or None where it is a plugin itself."""
    text = (PLUGINS / role / f"{name}.py").read_text(encoding="utf-8")
    if "\nPIN = Pin(" not in text:
        return None
    pin = importlib.import_module(f"plugins.{role}.{name}").PIN
    return pin if isinstance(pin, Pin) else None


def _sentence(file: Path | None) -> str:
    """How a module's docstring begins, up to the first stop or colon, without importing it."""
    if file is None:
        return ""
    try:
        text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    except (OSError, SyntaxError) as error:
        return f"! {error}"
    return re.split(r"[.:](?:\s|$)", " ".join(text.split()))[0]


def pin(role: str, distribution: str) -> list[Path]:
    """Write a pin for each plugin that a package has for a role; return the files.

    Raises SettingsError where the package has none, or where a name is taken already.
    """
    plugins = [p for p in installed() if p.role == role and _same(p.distribution, distribution)]
    if not plugins:
        others = sorted({p.distribution for p in installed() if p.role == role})
        raise SettingsError(
            f"no plugin of the role {role} is installed from {distribution!r} "
            f"(there are plugins from: {', '.join(others) or 'none'}); `pip install` it first"
        )
    return [_write_pin(plugin) for plugin in plugins]


def _same(one: str, other: str) -> bool:
    return one.lower().replace("_", "-") == other.lower().replace("_", "-")


def _write_pin(plugin: Installed) -> Path:
    file = PLUGINS / plugin.role / f"{plugin.name}.py"
    if file.exists():
        old = read_pin(plugin.role, plugin.name)
        if old is None or old.distribution != plugin.distribution:
            owner = f"the plugin of {old.distribution}" if old else "a plugin of this project"
            raise SettingsError(
                f"two {plugin.role} plugins have the name {plugin.name!r}: {file} is {owner}; "
                f"rename or remove it, then pin {plugin.distribution} again"
            )
    fields = {**plugin.pin().model_dump(), "role": plugin.role, "name": plugin.name}
    with replacing(file) as out:
        out.write(PIN_FILE.format(**fields))
    return file


def start(role: str, name: str) -> tuple[Path, Path]:
    """Write a working plugin and its test. Raises SettingsError for a name that will not do."""
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise SettingsError(f"{name!r} cannot be a plugin's name: letters, digits and _ alone")
    file = PLUGINS / role / f"{name}.py"
    test = Path("tests/plugins") / f"test_{role}_{name}.py"
    for path in (file, test):
        if path.exists():
            raise SettingsError(f"{path} is there already")
    with replacing(file) as out:
        out.write((files("meteor.commands.templates") / f"{role}.py").read_text(encoding="utf-8"))
    with replacing(test) as out:
        out.write(_test(role, name))
    return file, test


def _test(role: str, name: str) -> str:
    """The test of a starting file; some are given a folder, and a model or data in it."""
    needs, model = f"check_{role}", "tiny_checkpoint(tmp_path)"
    extra = {"base": f", checkpoint={model}", "source": ", tmp_path"}
    extra["verifier"] = ', ("It is there.", ["it", "is"])'
    asked = extra.get(role, f", {model}" if role in ("student", "sft", "pairwise") else "")
    lines = [f'"""What every {role} plugin holds: `meteor.testing` says what that is."""', ""]
    if "tmp_path" in asked:
        lines += ["from pathlib import Path", ""]
    lines.append(f"from meteor.testing import {needs}")
    if model in asked:
        lines.append("from meteor.models.tiny import tiny_checkpoint")
    given = "tmp_path: Path" if "tmp_path" in asked else ""
    lines += ["", "", f"def test_it_does_what_its_role_asks({given}) -> None:"]
    if role == "source":
        lines.append(
            '    (tmp_path / "ml.jsonl").write_text(\'{"id": 1, "title": "What is it?"}\\n\')'
        )
    lines.append(f'    {needs}("{name}"{asked})')
    return "\n".join(lines) + "\n"
