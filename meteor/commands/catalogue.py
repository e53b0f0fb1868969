"""The plugins of the project and of installed packages; new files for them."""

import ast
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
from meteor.core.params import Params
from meteor.core.pins import Installed, Pin, difference, installed, module_file
from meteor.core.roles import PLUGINS, plugin_names
from meteor.running.observers import OBSERVER

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
    asked = extra.get(role, f", {model}" if role in ("student", "sft", "pairwise") else "")
    lines = [f'"""What every {role} plugin holds: `meteor.testing` says what that is."""', ""]
    if asked:
        lines += ["from pathlib import Path", ""]
    lines.append(f"from meteor.testing import {needs}")
    if model in asked:
        lines.append("from meteor.models.tiny import tiny_checkpoint")
    given = "tmp_path: Path" if asked else ""
    lines += ["", "", f"def test_it_does_what_its_role_asks({given}) -> None:"]
    if role == "source":
        lines.append(
            '    (tmp_path / "ml.jsonl").write_text(\'{"id": 1, "title": "What is it?"}\\n\')'
        )
    lines.append(f'    {needs}("{name}"{asked})')
    return "\n".join(lines) + "\n"
