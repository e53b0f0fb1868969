"""The contract of a stage: its command line, its accounting, its errors.

Rows in = rows out + rows rejected + rows failed, always; the sum is printed and written, and a
stage with too many failed rows ends with exit code 1.
"""

import inspect
import logging
import os
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from meteor.core.errors import MeteorError
from meteor.core.jsonl import write_json
from meteor.core.params import Params, load_params
from meteor.core.records import Failed
from meteor.core.roles import HasId, Plugin, check_roles
from meteor.running.lock import alone
from meteor.running.observers import observing, summarised, track
from meteor.running.processes import stop_cleanly
from meteor.running.resumed_rows import keeping

log = logging.getLogger("meteor")
In = TypeVar("In", bound=HasId)
Out = TypeVar("Out", bound=HasId)


@dataclass
class Tally:
    """What became of the rows of one stage."""

    stage: str
    allowed: float
    rows_in: int = 0
    rows_out: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    failed: list[Failed] = field(default_factory=list)

    def reject(self, row: str, reason: str) -> None:
        """Count a row that is left out on purpose."""
        self.rejected[reason] += 1
        log.info("rejected %s: %s", row, reason)

    def drop(self, reason: str, rows: int) -> None:
        """Count rows that somebody else left out on purpose."""
        if rows:
            self.rejected[reason] += rows
            log.info("%s: rejected %d rows: %s", self.stage, rows, reason)

    def fail(self, failure: Failed) -> None:
        """Count a row that could not be done."""
        self.failed.append(failure)
        log.warning("failed %s: %s", failure.id, failure.error)

    def keep(self, results: Iterable[tuple[In, Out | Failed]]) -> Iterator[tuple[In, Out]]:
        """Yield what succeeded and count what failed."""
        for row, result in results:
            if isinstance(result, Failed):
                self.fail(result)
            else:
                yield row, result

    def ask(
        self, plugin: Plugin, hook: str, rows: list[In], kind: type[Out], **arguments: Any
    ) -> Iterator[tuple[In, Out]]:
        """Ask a plugin about rows and tell the observers of each; yield what succeeded, count what
        failed.
        """

        def watch(results: Iterator[Any]) -> Iterator[Any]:
            return track(results, hook, len(rows))

        yield from self.keep(plugin.rows(hook, rows, kind, watch, **arguments))

    def check(self) -> None:
        """Raise MeteorError where rows are unaccounted for or too many failed."""
        rejected, failed = sum(self.rejected.values()), len(self.failed)
        accounted = self.rows_out + rejected + failed
        if accounted != self.rows_in:
            raise MeteorError(f"{self.stage}: {self.rows_in} rows in, {accounted} accounted for")
        if self.rows_in and failed / self.rows_in > self.allowed:
            shown = "".join(f"\n  {f.id}: {f.error}" for f in self.failed[:5])
            raise MeteorError(
                f"{self.stage}: {failed} of {self.rows_in} rows failed, more than "
                f"max_failed_fraction ({self.allowed:g}) allows:{shown}"
                + (f"\n  and {failed - 5} more" if failed > 5 else "")
            )

    def sums(self) -> dict[str, int]:
        """Rows in, out, rejected and failed."""
        return {
            "in": self.rows_in,
            "out": self.rows_out,
            "rejected": sum(self.rejected.values()),
            "failed": len(self.failed),
        }

    def close(self, summary: Path, **extra: Any) -> None:
        """Check the accounting and write it to `summary`."""
        self.check()
        rows = self.sums()
        log.info("%s: %d rows in = %d out + %d rejected + %d failed", self.stage, *rows.values())
        account = {
            "rows": rows,
            "rejected": dict(sorted(self.rejected.items())),
            "failed": [failure.model_dump() for failure in self.failed],
            **extra,
        }
        write_json(summary, account)
        summarised(account)


def run_stage(stage: Callable[..., None]) -> None:
    """Run a stage as a command: its arguments after `params` are paths and names, given as
    `--name VALUE`. Errors end in one message on stderr and the exit code of
    their kind.
    """
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_DISABLE", "1")  # bars of libraries do not belong in a log
    # Threads that spin while they wait collapse beside any other busy process.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    parser = ArgumentParser(description=inspect.getdoc(sys.modules[stage.__module__]))
    for argument in list(inspect.signature(stage).parameters.values())[1:]:
        parser.add_argument(f"--{argument.name}", type=argument.annotation, required=True)
    arguments = vars(parser.parse_args())
    try:
        params = load_params()
        check_roles(params)
        stop_cleanly()
        name = "@".join([stage.__name__, *filter(None, [arguments.get("name")])])
        with alone(name, arguments), observing(params, name), keeping(name):
            stage(params, **arguments)
    except MeteorError as error:
        log.error("error: %s", error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        log.error("stopped; `dvc repro` goes on from the last finished stage")
        sys.exit(130)


def tally(params: Params, stage: str, rows_in: int) -> Tally:
    """Start the accounting of a stage that has `rows_in` rows to do, and let everybody in this
    process (the ledger, for one) know its name.
    """
    os.environ["METEOR_STAGE"] = stage
    return Tally(stage, params.max_failed_fraction, rows_in)
