"""`meteor export`: a checkpoint as one GGUF file, for llama.cpp and what is built on it. The
converter is llama.cpp's own, wherever that is installed.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from meteor.commands.ask import checkpoint_folder
from meteor.core.errors import MeteorError, SettingsError
from meteor.core.params import load_params

CONVERTERS = ("convert_hf_to_gguf.py", "convert_hf_to_gguf")
CHECKOUT = "LLAMA_CPP"
TYPES = ("f16", "bf16", "f32", "q8_0")
SHOWN = 15
"""Lines of a failed converter that are shown."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor export`."""
    parser.add_argument("model", help="checkpoint by name, or its folder")
    parser.add_argument("--gguf", type=Path, required=True, metavar="FILE", help="what to write")
    parser.add_argument("--outtype", choices=TYPES, default="f16", help="how weights are stored")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")


def run(arguments: argparse.Namespace) -> None:
    """Convert; the file is there once it is whole."""
    file = arguments.gguf
    folder = checkpoint_folder(arguments.model, load_params())
    if file.is_dir():
        raise SettingsError(f"{file}: is a folder; name a file")
    if file.exists() and not arguments.force:
        raise SettingsError(f"{file}: is there already; --force replaces it")
    command = converter()
    print(f"{folder} with {command[-1]}", file=sys.stderr)
    convert([*command, str(folder), "--outtype", arguments.outtype], file)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


def converter() -> list[str]:
    """The words that begin the converter's command: a checkout's script is run by this Python,
    what is on the PATH as it is. Raises MeteorError where there is none.
    """
    if checkout := os.environ.get(CHECKOUT):
        script = Path(checkout).expanduser() / CONVERTERS[0]
        if script.is_file():
            return [sys.executable, str(script)]
        raise MeteorError(f"{script}: is not there; {CHECKOUT} names the folder of llama.cpp")
    if found := next(filter(None, map(shutil.which, CONVERTERS)), None):
        return [found]
    raise MeteorError(
        f"meteor export: no {CONVERTERS[0]} on the PATH. It belongs to llama.cpp: install that, or "
        f"set {CHECKOUT} to the folder of its source (docs/report.md, 'Serving a checkpoint')"
    )


def convert(command: list[str], file: Path) -> None:
    """Run the converter on a file beside `file`, which takes its place when all went well. Raises
    MeteorError with the converter's last lines where it did not.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".partial")
    try:
        done = subprocess.run(
            [*command, "--outfile", str(partial)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        if done.returncode or not partial.is_file():
            last = "\n".join(f"  {line}" for line in done.stdout.splitlines()[-SHOWN:])
            raise MeteorError(f"the converter ended with {done.returncode}:\n{last}")
        partial.replace(file)
    except OSError as error:
        raise MeteorError(f"{file}: not written ({error.strerror or error})") from None
    finally:
        partial.unlink(missing_ok=True)
