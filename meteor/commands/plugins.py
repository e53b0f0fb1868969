"""`meteor plugins`: what can be chosen for each role, and the settings of each plugin."""

import argparse

from meteor.core.hookspecs import ROLES
from meteor.core.params import load_params
from meteor.core.roles import plugin_names, plugin_settings
from meteor.core.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor plugins`."""
    parser.add_argument("role", nargs="?", choices=list(ROLES))
    parser.add_argument("name", nargs="?")


def run(arguments: argparse.Namespace) -> None:
    """Run the command."""
    params = load_params()
    if arguments.role and arguments.name:
        _print_fields(plugin_settings(arguments.role, arguments.name))
        return
    for role in [arguments.role] if arguments.role else ROLES:
        for name in plugin_names(role):
            mark = "*" if getattr(params, role).plugin == name else " "
            print(f"{mark} {role:10} {name}")


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
