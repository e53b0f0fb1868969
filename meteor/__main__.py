"""The command `meteor`: what one wants to know before and beside `dvc repro`.

Each command is a module of `meteor.commands` with `add_arguments(parser)` and `run(arguments)`.
Only the one that is called is imported, so that each answers at once.
"""

import argparse
import importlib
import io
import os
import platform
import sys
from pathlib import Path
from typing import NoReturn

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.shown import shown

COMMANDS = {
    "check": "validate all of params.yaml, load every chosen plugin, try every template",
    "prompts": "what each model is asked about a question, word for word, with its tokens",
    "plugins": "list the plugins of each role; show, pin and start plugins",
    "preset": "settings that belong together, merged into params.yaml; without a name, a list",
    "doctor": "look at Python, DVC, disk, remote, keys and pins, and say what to do",
    "verify": "recompute the hashes behind a result, back to the raw data",
    "estimate": "calls, tokens, cost and time of what asks an endpoint; disk; pays nothing",
    "table": "mean scores and preferences of all checkpoints, as Markdown",
    "judge-check": "how far a judge agrees with the votes of people in a file",
    "benchmark": "run tasks of lm-eval on checkpoints, and put the results beside the others",
    "import-run": "take up a run of the scripts of METEOR's authors",
    "look": "what a raw file holds, how its rows would be read, and the `source:` block for it",
    "show": "look at a file of records, with filters",
    "ledger": "what was paid, what a new run would reuse; export, prune or forget",
    "report": "write the report from what there is now, also while a run goes on",
    "plots": "let `dvc plots show` work without a network, in this clone",
    "ask": "chat with a checkpoint, or ask it one question through a pipe",
    "export": "write a checkpoint as a GGUF file for llama.cpp, or as whole weights",
    "publish": "put a checkpoint with its card on the Hugging Face hub",
    "trace": "where one question's answers and verdicts come from",
    "status": "stages done, running and to come; cost so far; last errors",
}
ANYWHERE = {"judge-check", "ledger", "plots", "show"}
"""Commands that need no project, or say themselves what they miss."""
ROOT = ("params.yaml", "dvc.yaml")
"""What lies in a project's root."""


def main() -> None:
    """Run the command that the command line names. What goes wrong is told in a line, with an exit
    code: 130 for Ctrl-C.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may lack signs that data have
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _run()
        sys.stdout.flush()
    except BrokenPipeError:  # `meteor … | head` has read enough
        _drop_the_rest()
    except KeyboardInterrupt:
        _end("stopped", 130)
    except MeteorError as error:
        _end(f"error: {error}", error.exit_code)
    except OSError as error:  # no right to a file or folder, no room for it
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        _end(f"error: {what}", MeteorError.exit_code)


def _run() -> None:
    """Parse the command line and run the command."""
    parser = argparse.ArgumentParser(
        prog="meteor",
        description="METEOR as a DVC pipeline. `dvc repro` runs it, `dvc metrics show` and "
        "`dvc plots show` show the result; the commands below help before and beside that.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print versions and end")
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    for name, text in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text)
        if name in sys.argv[1:2]:
            module = importlib.import_module(f"meteor.commands.{name.replace('-', '_')}")
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    arguments = parser.parse_args()
    if arguments.command not in ANYWHERE:
        _require_project(Path.cwd())
    arguments.run(arguments)


class _Version(argparse.Action):
    """Print the versions that a report of a fault wants; nothing is imported for that."""

    def __call__(self, *_: object) -> NoReturn:
        others = [f"{name} {_version(name)}" for name in ("dvc", "torch", "transformers")]
        python = platform.python_version()
        print(f"meteor {_version('meteor-pipeline')}, Python {python}, {', '.join(others)}")
        sys.exit(0)


def _version(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return "(not installed)"


def _require_project(here: Path) -> None:
    """Raise SettingsError outside of a project's root, naming the root where one lies above."""
    if any((here / name).exists() for name in ROOT):
        return
    above = next((folder for folder in here.parents if (folder / ROOT[0]).exists()), None)
    where = f"in the project's root, {above}" if above else "where they lie, in a project's root"
    raise SettingsError(f"{here} has no {' and no '.join(ROOT)}: run this {where}")


def _end(said: str, code: int) -> NoReturn:
    """Say why the command ends, below what it has printed."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_the_rest()
    print(shown(said), file=sys.stderr)
    sys.exit(code)


def _drop_the_rest() -> None:
    """Let what is still to be printed go nowhere, since nobody reads it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
