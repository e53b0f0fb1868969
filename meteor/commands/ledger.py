"""`meteor ledger`: what was paid, what a new run would reuse, export, and making it smaller."""

import argparse
import json
import sys

from meteor.core.errors import SettingsError
from meteor.core.params import load_params
from meteor.report.accounts import export, prune, totals, wasted
from meteor.transport.forgetting import forget
from meteor.transport.ledger import Ledger


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor ledger`."""
    parser.add_argument(
        "what",
        nargs="?",
        default="totals",
        choices=["totals", "reuse", "prune", "forget", "export"],
        help="totals by model, stage and day (default); what a new run would reuse; delete old "
        "replies; delete those that --stage, --model and --failed name, so that they are asked "
        "and paid anew; all replies as JSON Lines",
    )
    parser.add_argument("--days", type=float, help="prune: delete what is older")
    parser.add_argument("--megabytes", type=float, help="prune: delete the oldest above this size")
    parser.add_argument("--stage", help="forget: the replies of this stage, as judge or judge@sft")
    parser.add_argument("--model", help="forget: the replies of this model")
    parser.add_argument(
        "--failed",
        action="store_true",
        help="forget: the replies that fail their rows, being cut off, filtered or refused",
    )


def run(arguments: argparse.Namespace) -> None:
    """Run the command."""
    {
        "totals": _totals,
        "reuse": _reuse,
        "prune": _prune,
        "forget": _forget,
        "export": _export,
    }[arguments.what](arguments)


def _totals(_: argparse.Namespace) -> None:
    with Ledger() as ledger:
        rows, (calls, cost) = list(totals(ledger)), wasted(ledger)
        print(f"{ledger.path}: {ledger.path.stat().st_size / 1e6:.1f} MB")
    print(f"{'day':10} {'stage':16} {'model':24} {'calls':>7} {'prompt':>10} {'answer':>10} cost")
    for row in rows:
        unpriced = f" ({row.unpriced} calls without a price)" if row.unpriced else ""
        print(
            f"{row.day:10} {row.stage:16} {row.model:24.24} {row.calls:7} {row.prompt_tokens:10} "
            f"{row.completion_tokens:10} {row.cost:.4f}{unpriced}"
        )
    print(
        f"{'sum':10} {'':16} {'':24} {sum(row.calls for row in rows):7} "
        f"{sum(row.prompt_tokens for row in rows):10} "
        f"{sum(row.completion_tokens for row in rows):10} {sum(row.cost for row in rows):.4f}"
    )
    if calls:
        print(f"{calls} calls without an answer may have been billed, too: {cost:.4f} at most")


def _reuse(_: argparse.Namespace) -> None:
    from meteor.commands.estimate import estimate

    for line in estimate(load_params()):
        print(
            f"{line.stage:16} {line.model:24} {line.reused} calls in the ledger, {line.calls} not"
            + (f" (at most, {line.assumed} assumed)" if line.assumed else "")
        )


def _prune(arguments: argparse.Namespace) -> None:
    if arguments.days is None and arguments.megabytes is None:
        raise SettingsError("meteor ledger prune: say --days or --megabytes")
    for name in ("days", "megabytes"):
        if not (getattr(arguments, name) or 0) >= 0:  # NaN neither
            raise SettingsError(f"meteor ledger prune: --{name}: a number from 0 on")
    with Ledger() as ledger:
        print(f"{prune(ledger, arguments.days, arguments.megabytes)} replies deleted")


def _forget(arguments: argparse.Namespace) -> None:
    stage, model, failed = arguments.stage, arguments.model, arguments.failed
    if not (stage or model or failed):
        raise SettingsError("meteor ledger forget: say --stage, --model or --failed")
    with Ledger() as ledger:
        print(f"{forget(ledger, stage, model, failed)} replies forgotten")


def _export(_: argparse.Namespace) -> None:
    with Ledger() as ledger:
        for row in export(ledger):
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
