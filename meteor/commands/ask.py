"""`meteor ask`: chat with a checkpoint, or with two beside each other, as the answer is written."""

import argparse
import os
import sys
from pathlib import Path

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.params import Params, load_params
from meteor.core.records import Question

YOU = "you> "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor ask`."""
    parser.add_argument("question", nargs="?", help="one question; without it: a pipe, or a chat")
    parser.add_argument("--model", help="checkpoint by name, or its folder; default: the last one")
    parser.add_argument("--against", help="a second checkpoint, asked the same beside it")
    parser.add_argument(
        "--plain",
        action="store_true",
        help="send the words as they are, not as the held-out questions are asked",
    )
    parser.add_argument("--sample", action="store_true", help="sample instead of greedy decoding")


def run(arguments: argparse.Namespace) -> None:
    """Answer one question, or chat until the end of input. Ctrl-C stops an answer, and ends the
    chat where none is being written (exit code 130 for one question).
    """
    # Threads that spin while they wait collapse beside any other busy process.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from meteor.commands.talking import Talker, show

    params = load_params()
    names = [arguments.model or list(params.evaluate)[-1], arguments.against]
    folders = {name: checkpoint_folder(name, params) for name in names if name}
    if len(folders) < sum(name is not None for name in names):
        raise SettingsError("meteor ask: --model and --against name the same checkpoint")
    asked = arguments.question or (None if sys.stdin.isatty() else sys.stdin.read().strip())
    if asked == "":
        raise SettingsError("meteor ask: there is no question on standard input")
    decoding = params.answer.decoding.model_copy(
        update={"strategy": "sample" if arguments.sample else "greedy"}
    )
    talkers = [Talker(name, folder, decoding) for name, folder in folders.items()]
    if asked is not None:
        if not show(talkers, first_turn(asked, arguments.plain)):
            sys.exit(130)
        return
    print("Ctrl-C stops an answer, Ctrl-D ends.", file=sys.stderr)
    while (text := _read()) is not None:
        if text:
            show(talkers, text if talkers[0].turns else first_turn(text, arguments.plain))


def first_turn(text: str, plain: bool) -> str:
    """The words that open a chat: as the held-out questions are asked, or as they are."""
    from meteor import prompts

    if plain:
        return text
    return prompts.answer(Question(id="asked", title=text)).messages[0].content.strip()


def checkpoint_folder(name: str, params: Params) -> Path:
    """The folder of a checkpoint: dvc.yaml says where, or `name` is a folder itself."""
    import yaml

    if (Path(name) / "config.json").exists():
        return Path(name)
    known = ["base", *params.before]
    if name not in known:
        raise SettingsError(f"there is no checkpoint {name!r} ({', '.join(known)})")
    words = yaml.safe_load(Path("dvc.yaml").read_text(encoding="utf-8"))
    command = words["stages"]["answer"]["do"]["cmd"].split()
    folder = Path(command[command.index("--checkpoint") + 1].replace("${key}", name))
    if not (folder / "config.json").exists():
        raise MeteorError(
            f"{folder}: the checkpoint is not there yet; run `dvc repro` or `dvc pull`"
        )
    return folder


def _read() -> str | None:
    """The next line; None at the end."""
    import readline  # noqa: F401 (arrow keys in `input`)

    try:
        return input(YOU).strip()
    except (EOFError, KeyboardInterrupt):
        print()
        return None
