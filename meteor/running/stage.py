"""The contract of a stage: its command line, its name and settings, its errors."""

import errno
import inspect
import logging
import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass

from meteor.compute.spreading import Place, check_engine, check_room, computing, make_room
from meteor.core.errors import MeteorError
from meteor.core.fingerprint import fingerprint
from meteor.core.params import Params, load_params
from meteor.core.roles import Plugin, check_roles, load_role
from meteor.core.shown import shown
from meteor.pipeline import shaped_by
from meteor.prompts.kinds import check_prompts, files_of
from meteor.running.lock import locked
from meteor.running.observers import observing, tell_workers
from meteor.running.processes import stop_cleanly
from meteor.running.processor import give_memory_back, keep_memory, wait_patiently
from meteor.running.resumed_rows import resuming
from meteor.running.tally import Tally
from meteor.running.warm import keep_warm

log = logging.getLogger("meteor")
DISK = frozenset(
    {
        *(errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM, errno.EDQUOT, errno.EIO),
        errno.EFBIG,  # of a limit on files, as batch systems set one
    }
)
"""What a disk says that takes nothing more: the user's to mend, and no fault of the program."""


@dataclass(frozen=True)
class Stage:
    """A stage that runs: its name as in dvc.yaml (`iterate@r1`), and the user's settings."""

    name: str
    params: Params

    def load(self, role: str) -> Plugin:
        """The plugin that params.yaml chooses for a role. Raises SettingsError as `load_role`, and
        where `compute` asks for more than its cluster has, before anything is paid or trained.
        """
        plugin = load_role(role, self.params)
        if plugin.params.spreads:
            check_room(self.params.compute)
        return plugin

    def verifier(self) -> Plugin:
        """The verifier, for a stage that asks it only where its settings say so: it depends on a
        mark that the stage `verifier` writes, and not on the verifier itself.
        """
        return load_role("verifier", self.params)

    def tally(self, rows_in: int) -> Tally:
        """Start the accounting of `rows_in` rows."""
        return Tally(self.name, self.params.max_failed_fraction, rows_in)


class Shown(logging.Formatter):
    """What is logged, with the control characters of other people's texts made visible."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return shown(super().format(record))


def run_stage(stage: Callable[..., None]) -> None:
    """Run a stage as a command: its arguments after the first are paths and names, given as
    `--name VALUE`. Errors end in one message on stderr and the exit code of their kind.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Shown("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("httpx").setLevel(logging.WARNING)
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_DISABLE", "1")  # bars of libraries do not belong in a log
    wait_patiently()
    keep_memory()
    parser = ArgumentParser(description=inspect.getdoc(sys.modules[stage.__module__]))
    for argument in list(inspect.signature(stage).parameters.values())[1:]:
        parser.add_argument(f"--{argument.name}", type=argument.annotation, required=True)
    arguments = vars(parser.parse_args())
    try:
        params = load_params()
        check_roles(params)
        check_engine(params.compute)
        check_prompts(params.domain)
        stop_cleanly()
        kind = stage.__name__
        name = "@".join([kind, *filter(None, [arguments.get("name")])])
        words = [fingerprint(file) for file in files_of(params.domain)]
        code = "\n".join((shaped_by(kind), *words))
        place = Place(params.compute, tell_workers)
        keep_warm(make_room)
        keep_warm(give_memory_back)
        with locked(name, arguments), resuming(name, code), observing(params), computing(place):
            stage(Stage(name, params), **arguments)
    except MeteorError as error:
        log.error("error: %s", error)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in DISK:
            raise
        what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        log.error("error: %s; mend that and run `dvc repro` again", what)
        sys.exit(1)
    except KeyboardInterrupt:
        log.error("stopped; `dvc repro` goes on from the last finished stage")
        sys.exit(130)
