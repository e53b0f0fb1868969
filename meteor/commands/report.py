"""`meteor report`: write the report now, from what there is, also while a run goes on."""

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

import yaml

from meteor.core.errors import SettingsError

STAGE = "report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor report`."""
    parser.add_argument("--open", action="store_true", help="open the page in the browser")


def run(arguments: argparse.Namespace) -> None:
    """Run the stage's own command, without what DVC does around it."""
    command = report_command(Path("dvc.yaml"))
    done = subprocess.run([sys.executable, *command[1:]], check=False)
    if done.returncode:
        sys.exit(done.returncode)
    page = Path(command[command.index("--out") + 1]).resolve()
    print(page.as_uri())
    if arguments.open:
        import webbrowser

        webbrowser.open(page.as_uri())


def report_command(file: Path) -> list[str]:
    """The words of the stage's command in dvc.yaml."""
    try:
        stages = yaml.safe_load(file.read_text(encoding="utf-8"))["stages"]
        return shlex.split(stages[STAGE]["cmd"])
    except (OSError, KeyError, TypeError, yaml.YAMLError):
        raise SettingsError(f"{file}: there is no stage {STAGE!r} here") from None
