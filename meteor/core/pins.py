"""Plugins from installed packages, and the pins through which a project chooses them.

A package offers plugins as entry points of the group `meteor.plugins`, each named `<role>.<name>`
and pointing at a module. A project chooses one through a pin, a small file
`plugins/<role>/<name>.py` that `meteor plugins pin` writes. The pin names the distribution, its
version and a hash of its source, so that a new version is a change that git shows and that re-runs
the stages that use it; where what is installed differs from the pin, no stage begins.
"""

import hashlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from meteor.core.errors import SettingsError
from meteor.core.settings import Field, Settings

GROUP = "meteor.plugins"


class Pin(Settings):
    """What a project has chosen of an installed package."""

    distribution: str = Field(description="the package's name, as pip knows it")
    version: str = Field(description="its version")
    module: str = Field(description="the plugin's module")
    source: str = Field(description="SHA-256 of all files of the module's top-level package")


@dataclass(frozen=True)
class Installed:
    """A plugin that an installed package offers."""

    role: str
    name: str
    distribution: str
    version: str
    module: str

    def pin(self) -> Pin:
        """The pin of what is installed now."""
        return Pin(
            distribution=self.distribution,
            version=self.version,
            module=self.module,
            source=source_hash(self.module),
        )


def installed() -> list[Installed]:
    """The plugins of all installed packages, by role and name; none is imported."""
    from importlib.metadata import entry_points

    found = set()
    for entry in entry_points(group=GROUP):
        role, _, name = entry.name.partition(".")
        if entry.dist is not None:
            found.add(
                Installed(role, name, entry.dist.name, entry.dist.version, entry.value.strip())
            )
    return sorted(found, key=lambda plugin: (plugin.role, plugin.name, plugin.distribution))


def load_pinned(pin: Pin, role: str, name: str) -> Any:
    """Import the module that a pin names. Raises SettingsError with the command to type where what
    is installed differs from the pin.
    """
    if wrong := difference(pin, role, name):
        raise SettingsError(f"{role} plugin {name!r}: {wrong}")
    return importlib.import_module(pin.module)


def difference(pin: Pin, role: str, name: str) -> str | None:
    """How what is installed differs from a pin, and what to do; None where it does not."""
    file = f"plugins/{role}/{name}.py"
    again = f"`meteor plugins pin {role} {pin.distribution}`"
    here = [
        plugin
        for plugin in installed()
        if (plugin.role, plugin.name, plugin.distribution) == (role, name, pin.distribution)
    ]
    if not here:
        return (
            f"{file} pins {pin.distribution} {pin.version}, which is not installed here: "
            f"`pip install {pin.distribution}=={pin.version}`"
        )
    version = here[0].version
    if version != pin.version:
        return (
            f"{file} pins {pin.distribution} {pin.version}, but {version} is installed: take it "
            f"with {again}, or go back with `pip install {pin.distribution}=={pin.version}`"
        )
    if here[0].module != pin.module or source_hash(pin.module) != pin.source:
        return (
            f"the source of {pin.distribution} {version} is not the one that {file} pins: "
            f"take it with {again}"
        )
    return None


def source_hash(module: str) -> str:
    """SHA-256 over names and contents of all files of the module's top-level package."""
    digest = hashlib.sha256()
    for name, file in _files(module):
        content = file.read_bytes()
        digest.update(f"{name}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def module_file(module: str) -> Path | None:
    """The file of a module, found without importing it; None where there is none."""
    top, depth = _top(module)
    parts = module.split(".")[depth:]
    if top is None or not parts:
        return top
    beside = top.parent.joinpath(*parts)
    found = [file for file in (beside.with_suffix(".py"), beside / "__init__.py") if file.is_file()]
    return found[0] if found else None


def _files(module: str) -> Iterator[tuple[str, Path]]:
    """The files of the module's top-level package with their names in it, without bytecode."""
    top, _ = _top(module)
    if top is None:
        raise SettingsError(f"the package of the plugin module {module!r} cannot be found")
    if top.name != "__init__.py":
        yield top.name, top
        return
    for file in sorted(top.parent.rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            yield file.relative_to(top.parent).as_posix(), file


def _top(module: str) -> tuple[Path | None, int]:
    """The file of the topmost part of a dotted name that is no namespace, in which other packages
    may live, and the number of parts until there.
    """
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        spec = find_spec(".".join(parts[:depth]))
        if spec is None:
            break
        if spec.origin is not None:
            return Path(spec.origin), depth
    return None, 0
