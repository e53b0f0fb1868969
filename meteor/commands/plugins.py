"""`meteor plugins`: what can be chosen for each role; show, pin and start plugins."""

import argparse

from meteor.core.hookspecs import ROLES
from meteor.core.params import load_params
from meteor.core.roles import plugin_settings
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
    from meteor.commands.catalogue import catalogue

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
    _print_fields(plugin_settings(arguments.role, arguments.name))


def _pin(arguments: argparse.Namespace) -> None:
    from meteor.commands.catalogue import pin

    for file in pin(arguments.role, arguments.distribution):
        if arguments.role == OBSERVER:
            print(f"{file} is written; choose it in params.yaml: `observers: [{file.stem}]`")
        else:
            print(f"{file} is written; choose it in params.yaml: {arguments.role}.plugin")
            print(f"  meteor plugins show {arguments.role} {file.stem}")


def _new(arguments: argparse.Namespace) -> None:
    from meteor.commands.catalogue import start

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
