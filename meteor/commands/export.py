"""`meteor export`: a checkpoint as one GGUF file, for llama.cpp and what is built on it, or as an
ordinary folder of whole weights. The converter to GGUF is llama.cpp's own, wherever that is
installed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from meteor.commands.ask import checkpoint_folder
from meteor.core.errors import MeteorError, SettingsError
from meteor.core.folders import open_to_umask
from meteor.core.params import load_params
from meteor.models.adapters import is_adapter
from meteor.models.model_card import CARD

CONVERTERS = ("convert_hf_to_gguf.py", "convert_hf_to_gguf")
CHECKOUT = "LLAMA_CPP"
TYPES = ("f16", "bf16", "f32", "q8_0")
DTYPES = ("bfloat16", "float16", "float32")
SHOWN = 15
"""Lines of a failed converter that are shown."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor export`."""
    parser.add_argument("model", help="checkpoint by name, or its folder")
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument("--gguf", type=Path, metavar="FILE", help="write one GGUF file")
    form.add_argument("--merge", type=Path, metavar="FOLDER", help="write whole weights")
    parser.add_argument("--outtype", choices=TYPES, default="f16", help="weights of a GGUF file")
    parser.add_argument("--dtype", choices=DTYPES, default="bfloat16", help="weights of a folder")
    parser.add_argument("--force", action="store_true", help="replace what is there")


def run(arguments: argparse.Namespace) -> None:
    """Convert; what is written is there once it is whole."""
    folder = checkpoint_folder(arguments.model, load_params())
    if arguments.merge:
        write_merged(folder, arguments.merge, arguments.dtype, arguments.force)
        return
    file = arguments.gguf
    _check_place(folder, file)
    if file.is_dir():
        raise SettingsError(f"{file}: is a folder; name a file")
    if file.exists() and not arguments.force:
        raise SettingsError(f"{file}: is there already; --force replaces it")
    command = converter()
    print(f"{folder} with {command[-1]}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="meteor-") as beside:
        if is_adapter(folder):  # the converter wants whole weights
            merged = Path(beside) / folder.name
            write_merged(folder, merged, "float32")
            folder = merged
        convert([*command, str(folder), "--outtype", arguments.outtype], file)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


def write_merged(folder: Path, out: Path, dtype: str, force: bool = False) -> None:
    """Write a checkpoint as an ordinary one of whole weights, its card with it."""
    from meteor.models.encoding import load_model, load_tokenizer, save_checkpoint

    _check_place(folder, out)
    if out.exists():
        _check_replaced(folder, out, force)
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        save_checkpoint(load_model(folder, dtype, "cpu"), load_tokenizer(folder), partial)
        for name in (CARD, "generation_config.json"):
            if (folder / name).is_file():
                shutil.copy(folder / name, partial / name)
        open_to_umask(partial)
        shutil.rmtree(out, ignore_errors=True)
        partial.replace(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"{out}: {size / 1e6:.1f} MB, {dtype}")


def _check_place(folder: Path, out: Path) -> None:
    """Raise SettingsError for a place within the checkpoint, which other stages depend on."""
    if out.resolve().is_relative_to(folder.resolve()):
        raise SettingsError(f"{out}: lies within the checkpoint {folder}; name another place")


def _check_replaced(folder: Path, out: Path, force: bool) -> None:
    """Raise SettingsError where what is there is not to be replaced, or more than a checkpoint."""
    if not force or out.is_file():
        raise SettingsError(f"{out}: is there already; --force replaces another folder")
    if folder.resolve().is_relative_to(out.resolve()):
        raise SettingsError(f"{out}: holds the checkpoint {folder} itself; name another folder")
    there = list(out.iterdir())
    if there and (not (out / "config.json").is_file() or any(each.is_dir() for each in there)):
        raise SettingsError(f"{out}: is no checkpoint, and --force replaces nothing else")


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
