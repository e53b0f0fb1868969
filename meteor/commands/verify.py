"""`meteor verify`: recompute the hashes behind a result, and say where the chain breaks."""

import argparse
from pathlib import Path

from meteor.core.errors import MeteorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor verify`."""
    parser.add_argument(
        "target",
        nargs="*",
        help="the path of an out, or a stage, as judge@t1; without: every stage",
    )


def run(arguments: argparse.Namespace) -> None:
    """Print each stage of the chain, then what differs; exit code 1 where something does."""
    from meteor.commands.chain import Chain

    chain = Chain(Path.cwd())
    for stage, links in chain.walk(arguments.target):
        print(f"{'DIFFERS' if links else 'ok':8} {stage}")
        for link in links:
            print(f"         {link}")
    size = chain.bytes / 1e9
    print(f"{len(chain.hashes)} files and folders with {size:.2f} GB were read and hashed anew.")
    if chain.broken:
        raise MeteorError(
            f"{chain.broken} links differ: `dvc checkout` brings back what dvc.lock records, "
            "`dvc repro` records what is here"
        )
    print("Every one is what dvc.lock records, from the raw data to the result.")
