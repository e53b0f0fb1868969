"""The command `meteor`: what one wants to know before and beside `dvc repro`.

Each command is a module of `meteor.commands` with `add_arguments(parser)` and `run(arguments)`.
Only the one that is called is imported, so that each answers at once.
"""

import argparse
import importlib
import os
import sys

from meteor.core.errors import MeteorError
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


def main() -> None:
    """Parse the command line and run the command."""
    parser = argparse.ArgumentParser(
        prog="meteor",
        description="METEOR as a DVC pipeline. `dvc repro` runs it, `dvc metrics show` and "
        "`dvc plots show` show the result; the commands below help before and beside that.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text)
        if name in sys.argv[1:2]:
            module = importlib.import_module(f"meteor.commands.{name.replace('-', '_')}")
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # `meteor … | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except MeteorError as error:
        print(f"error: {shown(str(error))}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
