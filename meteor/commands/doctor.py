"""`meteor doctor`: whether a run can go well here, and what to do where it cannot."""

import argparse
import sys

from meteor.core.errors import MeteorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor doctor`: it has no arguments."""


def run(arguments: argparse.Namespace) -> None:
    """Print one line a finding, with what to do below it; exit code 1 where something is wrong."""
    from meteor.commands.examinations import examine

    wrong = 0
    for finding in examine():
        print(f"{finding.mark:5} {finding.what}")
        if finding.remedy:
            print(f"      do: {finding.remedy}")
        wrong += finding.mark == "WRONG"
        sys.stdout.flush()
    if wrong:
        raise MeteorError(f"{wrong} of these would harm a run")
