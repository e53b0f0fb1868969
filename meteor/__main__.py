"""The command `meteor`: what one wants to know before and beside `dvc repro`.

Nothing heavy is imported here: a command answers at once.
"""

import argparse
import sys

from meteor.core.errors import MeteorError
from meteor.core.hookspecs import ROLES
from meteor.core.params import load_params
from meteor.core.roles import check_roles, plugin_names, plugin_settings
from meteor.core.settings import Settings


def check(_: argparse.Namespace) -> None:
    """Validate all of params.yaml and load every chosen plugin."""
    params = load_params()
    check_roles(params)
    print("params.yaml is valid; the chosen plugins:")
    for role in ROLES:
        print(f"  {role:10} {getattr(params, role).plugin}")
    for name in params.evaluate:
        print(f"  checkpoint {' > '.join(params.lineage(name))}")


def plugins(arguments: argparse.Namespace) -> None:
    """List the plugins of each role; with a role and a name, the settings of one."""
    params = load_params()
    if arguments.role and arguments.name:
        _settings(arguments.role, arguments.name)
        return
    for role in [arguments.role] if arguments.role else ROLES:
        for name in plugin_names(role):
            mark = "*" if getattr(params, role).plugin == name else " "
            print(f"{mark} {role:10} {name}")


def _settings(role: str, name: str) -> None:
    """Print each setting of a plugin with its type, default and meaning."""
    _print_fields(plugin_settings(role, name))


def _print_fields(kind: type[Settings], above: str = "") -> None:
    for key, field in kind.model_fields.items():
        note = field.annotation
        if isinstance(note, type) and issubclass(note, Settings):
            print(f"{above}{key}: {field.description}")
            _print_fields(note, f"{above}{key}.")
            continue
        shown = note.__name__ if isinstance(note, type) else str(note).replace("typing.", "")
        default = "required" if field.is_required() else f"default {field.default!r}"
        print(f"{above}{key}: {shown}, {default}\n    {field.description}")


def estimate(_: argparse.Namespace) -> None:
    """Print calls, tokens, cost and time of the stages that ask an endpoint, and pay nothing."""
    from meteor.commands.estimate import show

    show(load_params())


def ledger(arguments: argparse.Namespace) -> None:
    """Show what was paid, what a new run would reuse; export or prune."""
    from meteor.commands import ledger

    ledger.run(arguments)


def main() -> None:
    """Parse the command line and run the command."""
    parser = argparse.ArgumentParser(
        prog="meteor",
        description="METEOR as a DVC pipeline. `dvc repro` runs it, `dvc metrics show` and "
        "`dvc plots show` show the result; the commands below help before and beside that.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (check, plugins, estimate, ledger):
        text = command.__doc__ or ""
        sub = commands.add_parser(command.__name__, help=text.lower().rstrip("."), description=text)
        sub.set_defaults(run=command)
        if command is plugins:
            sub.add_argument("role", nargs="?", choices=list(ROLES))
            sub.add_argument("name", nargs="?")
        if command is ledger:
            from meteor.commands.ledger import add_arguments

            add_arguments(sub)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except MeteorError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
