"""`meteor report`: write the report now, from what there is, also while a run goes on."""

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

from meteor.pipeline import written_stage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor report`."""
    parser.add_argument("--open", action="store_true", help="open the page in the browser")


def run(arguments: argparse.Namespace) -> None:
    """Run the stage's own command, without what DVC does around it."""
    command = shlex.split(written_stage("report")["cmd"])
    done = subprocess.run([sys.executable, *command[1:]], check=False)
    if done.returncode:
        sys.exit(done.returncode)
    page = Path(command[command.index("--out") + 1]).resolve()
    print(page.as_uri())
    if arguments.open:
        import webbrowser

        webbrowser.open(page.as_uri())
